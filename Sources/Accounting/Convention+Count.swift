package import Architecture
package import Symbolic

extension Convention {
  /// The FLOPs of a pass under this convention, as a formula in the symbols of a ledger.
  package func flops(of ledger: OperationLedger) -> Formula {
    switch method {
    case .ledger(.everything): ledger.total
    case .ledger(.products): ledger.matrixProducts
    case .ledger(.multiplyAdds): ledger.matrixProducts / 2
    case .terms(let terms): terms.flops(Basis(ledger))
    }
  }

  /// The same with every size replaced by its value.
  ///
  /// - Throws: `DescriptionError.arithmetic` if the value needs more than 128 bits.
  package func value(of ledger: OperationLedger) throws(DescriptionError) -> Formula {
    try ledger.value(flops(of: ledger), "The FLOPs of convention \(name)")
  }
}

/// What the conventions are made of: forward products of a pass in which every query sees all.
private struct Basis {
  let model: Model
  let workload: Workload
  /// A forward pass over the same tokens, with full squares and no windows.
  let square: OperationLedger

  init(_ ledger: OperationLedger) {
    var workload = ledger.workload
    if workload.phase == .train { workload.phase = .prefill }
    workload.mask = .full
    workload.logits = .all
    self.workload = ledger.workload
    square = OperationLedger(ledger.model.withoutWindows, workload)
    model = ledger.model
  }

  var tokens: Formula { Formula(Workload.batch) * Formula(Workload.tokens) }
  var vocabularyProduct: Formula { square.flops(of: .head) }
  var core: Formula { products(.attentionCore) }

  /// The products of a part, over full squares.
  func products(_ part: Product.Part) -> Formula {
    square.flops(of: part).spellingOut(square.layerCounts)
  }

  /// Half of the square of the new tokens, and all of what came before them.
  var halfCore: Formula {
    var alone = square.workload
    alone.past = 0
    let ledger = OperationLedger(square.model, alone)
    let new = ledger.flops(of: .attentionCore).spellingOut(ledger.layerCounts)
      .substituting([Workload.past: 0])
    return core - new / 2
  }

  /// The core with exactly the positions that the mask keeps.
  var keptCore: Formula {
    var kept = square.workload
    kept.mask = .causal
    let ledger = OperationLedger(model, kept)
    return ledger.flops(of: .attentionCore).spellingOut(ledger.layerCounts)
  }

  /// The number of scores, one for each head, query and key.
  var scores: Formula {
    square.rows.filter { $0.path.hasSuffix(".scores") }.compactMap { row -> Formula? in
      guard let product = row.work.product else { return nil }
      return (row.layers.map { Formula($0) } ?? 1) * product.copies * product.rows
        * product.columns
    }.sum().spellingOut(square.layerCounts)
  }
}

extension Convention.Terms {
  fileprivate func flops(_ basis: Basis) -> Formula {
    let d = Formula(Size.hidden.symbol)
    var forward = projected(basis) + attended(basis) + softmax * (softmax.isZero ? 0 : basis.scores)
    var once = hasHead ? basis.vocabularyProduct : 0
    switch table {
    case .none: break
    case .product: forward += 2 * basis.tokens * Formula(Size.vocabulary.symbol) * d
    case .fourWidths: once += 4 * basis.tokens * d
    }
    guard basis.workload.phase == .train else { return forward + once }
    return training * forward + headTraining * once
  }

  private func projected(_ basis: Basis) -> Formula {
    let layers = basis.model.layerCount
    let d = Formula(Size.hidden.symbol)
    switch projections {
    case .products(let parts): return parts.map { basis.products($0) }.sum()
    case .parameters(let includesTables):
      let ledger = ParameterLedger(basis.model)
      let counted = ledger.active(includesTables ? .all : .withoutInputEmbedding)
      return 2 * basis.tokens
        * (counted - ledger.count(of: .norms)).spellingOut(ledger.layerCounts)
    case .squares(let isDense):
      let factor = isDense ? 8 : basis.model.standardWidths
      return 2 * (4 + factor) * layers * d * d * basis.tokens
    }
  }

  private func attended(_ basis: Basis) -> Formula {
    switch attention {
    case .none: return 0
    case .full: return basis.core
    case .half: return basis.halfCore
    case .kept: return basis.keptCore
    case .modelWidth:
      let keys = Formula(Workload.past) + Formula(Workload.tokens)
      return 4 * basis.model.layerCount * Formula(Size.hidden.symbol) * keys * basis.tokens
    }
  }
}

extension Model {
  /// The same model in which every query sees every key before it.
  fileprivate var withoutWindows: Model {
    var copy = self
    for group in groups.indices {
      for block in groups[group].layer.blocks.indices {
        for branch in groups[group].layer.blocks[block].branches.indices {
          copy.groups[group].layer.blocks[block].branches[branch].module.seeAll()
        }
      }
    }
    return copy
  }

  /// *c*: three matrices of each feed-forward layer that a token meets, in units of *d²*.
  ///
  /// A width of the paper's standard, 8d/3, makes 8; an expert that is published as a share of the
  /// standard counts that share, any other its own width.
  fileprivate var standardWidths: Formula {
    let mixtures = groups.flatMap(\.layer.branches).compactMap { branch -> MixtureOfExperts? in
      if case .mixtureOfExperts(let mixture) = branch.module { mixture } else { nil }
    }
    guard let mixture = mixtures.first else { return 8 * (relativeExpertSize ?? 1) }
    let shared = mixture.shared.map(\.width) ?? 0
    let width = mixture.expert.width
    guard let relativeExpertSize else {
      return 3 * (mixture.active * width + shared) / Formula(Size.hidden.symbol)
    }
    return 8 * relativeExpertSize * (mixture.active + shared / width)
  }
}

extension Module {
  fileprivate mutating func seeAll() {
    switch self {
    case .selfAttention(var module):
      module.reach = .all
      self = .selfAttention(module)
    case .latentAttention(var module):
      module.reach = .all
      self = .latentAttention(module)
    default: break
    }
  }
}
