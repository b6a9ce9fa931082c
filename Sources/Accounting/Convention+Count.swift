package import Architecture
package import Symbolic

extension Convention {
  /// The FLOPs of a pass under this convention, as a formula in the symbols of a ledger.
  package func flops(of ledger: OperationLedger) -> Formula {
    switch method {
    case .ledger(.everything): return ledger.total
    case .ledger(.products): return ledger.matrixProducts
    case .ledger(.multiplyAdds): return ledger.matrixProducts / 2
    case .terms(let terms):
      guard !ledger.workload.hasParts else {
        return ledger.total { terms.flops(Basis($0)) }
      }
      return terms.flops(Basis(ledger))
    }
  }

  /// The same with every size replaced by its value.
  ///
  /// - Throws: `DescriptionError.arithmetic` if the value needs more than 128 bits.
  package func value(of ledger: OperationLedger) throws(DescriptionError) -> Evaluated {
    try ledger.value(flops(of: ledger), "The FLOPs of convention \(name)")
  }

  /// The FLOPs that are done: with what a backward pass computes again, which the formulas that are
  /// in print leave out.
  ///
  /// - Throws: `DescriptionError.arithmetic` if the value needs more than 128 bits.
  func hardwareValue(of ledger: OperationLedger) throws(DescriptionError) -> Evaluated {
    var done = flops(of: ledger)
    // The rows of a ledger have the recomputation among them.
    if case .terms(let terms) = method {
      done = done + ledger.total { terms.recomputed(Basis($0)) }
    }
    return try ledger.value(done, "The FLOPs done under convention \(name)")
  }
}

/// What the conventions are made of: forward products of a pass in which every query sees all.
private struct Basis {
  let model: Model
  let workload: Workload
  /// A forward pass over the same tokens.
  private let forward: Workload
  private let assumption: DepthRouter.Assumption
  /// The forward pass with full squares and no windows.
  private let square: OperationLedger

  init(_ ledger: OperationLedger) {
    var forward = ledger.workload
    if forward.phase == .train { forward.phase = .prefill }
    forward.logits = .all
    self.forward = forward
    workload = ledger.workload
    assumption = ledger.assumption
    model = ledger.model.meetingChosenExperts
    square = OperationLedger(
      model, model.stream(forward, .square(isCropped: false)), assuming: assumption)
  }

  var tokens: Formula { Formula(Workload.batch) * Formula(Workload.tokens) }
  var vocabularyProduct: Formula { square.flops(of: .head) }

  /// The products of a part.
  func products(_ part: Product.Part) -> Formula {
    square.flops(of: part).spellingOut(square.layerCounts)
  }

  /// The products of attention that have no weight, with these pairs of query and key.
  func core(_ pairing: Pairing) -> Formula {
    let ledger = OperationLedger(model, model.stream(forward, pairing), assuming: assumption)
    return ledger.flops(of: .attentionCore).spellingOut(ledger.layerCounts)
  }

  /// The products of queries and keys alone.
  func scoreProducts(_ pairing: Pairing) -> Formula {
    let ledger = OperationLedger(model, model.stream(forward, pairing), assuming: assumption)
    return ledger.rows(.scores).map(\.flops).sum().spellingOut(ledger.layerCounts)
  }

  /// The number of scores, one for each head, query and key.
  var scores: Formula {
    square.rows(.scores).map { row in
      (row.layers.map { Formula($0) } ?? 1) * (row.work.product?.results ?? 0)
    }.sum().spellingOut(square.layerCounts)
  }

  /// Two operations for each number of the state of each delta rule, so often for each token.
  func states(_ products: Convention.StateProducts) -> Formula {
    model.groups.map { group in
      let numbers = group.layer.branches.map { branch -> Formula in
        guard case .recurrent(let mixer) = branch.module else { return 0 }
        switch mixer {
        case .gatedDelta(let delta): return branch.runs * products.delta * delta.rule.stateSize
        case .channelDelta(let delta):
          return branch.runs * products.channelDelta * delta.rule.stateSize
        case .shortConvolution, .selective, .duality, .gatedUnit, .lightning, .matrixMemory,
          .receptance:
          return 0
        }
      }
      return group.indices.count * group.layer.runs * numbers.sum()
    }.sum() * 2 * tokens
  }
}

extension OperationLedger {
  /// The rows of the products of a role.
  fileprivate func rows(_ role: Product.Role) -> [Row] {
    rows.filter { $0.work.product?.role == role }
  }
}

extension Product {
  /// The elements of the results.
  fileprivate var results: Formula { copies * rows * columns }
}

extension Convention.Terms {
  fileprivate func flops(_ basis: Basis) -> Formula {
    let d = Formula(Size.hidden.symbol)
    var forward =
      projected(basis) + attended(basis) + (softmax.isZero ? 0 : softmax * basis.scores)
      + (states.map { basis.states($0) } ?? 0)
    var once = hasHead ? basis.vocabularyProduct : 0
    switch table {
    case .none: break
    case .product: forward += 2 * basis.tokens * Formula(Size.vocabulary.symbol) * d
    case .fourWidths: once += 4 * basis.tokens * d
    }
    guard basis.workload.phase == .train else { return forward + once }
    return training * forward + headTraining * once
  }

  /// What a training step computes again of the layers; nothing where the formula has a fourth pass.
  fileprivate func recomputed(_ basis: Basis) -> Formula {
    guard basis.workload.phase == .train, training == 3 else { return 0 }
    let scores = attended(basis) + (softmax.isZero ? 0 : softmax * basis.scores)
    return switch basis.workload.recompute {
    case .none: 0
    case .selective: scores
    case .full:
      projected(basis, isOfLayers: true) + scores + (states.map { basis.states($0) } ?? 0)
    }
  }

  /// What is multiplied with every token; `isOfLayers` leaves tables and head out.
  private func projected(_ basis: Basis, isOfLayers: Bool = false) -> Formula {
    let layers = basis.model.layerCount
    let d = Formula(Size.hidden.symbol)
    switch projections {
    case .products(let parts): return parts.map { basis.products($0) }.sum()
    case .parameters(let includesTables, let norms):
      let ledger = ParameterLedger(basis.model)
      var counted = ledger.active(
        isOfLayers ? .withoutEmbeddings : includesTables ? .all : .withoutInputEmbedding)
      switch norms {
      case .none: counted = counted - ledger.count(of: .norms)
      case .last: counted = counted - ledger.count(of: .norms) + basis.model.lastNorm
      case .all: break
      }
      return 2 * basis.tokens * counted.spellingOut(ledger.layerCounts)
    case .squares(let isDense):
      let factor = isDense ? 8 : basis.model.standardWidths
      return 2 * (4 + factor) * layers * d * d * basis.tokens
    }
  }

  private func attended(_ basis: Basis) -> Formula {
    switch attention {
    case .none: return 0
    case .full(let windows):
      return basis.core(.square(isCropped: windows.include(basis.model)))
    case .fullScores(let windows):
      return 2 * basis.scoreProducts(.square(isCropped: windows.include(basis.model)))
    case .half(let windows):
      return basis.core(.half(isCropped: windows.include(basis.model)))
    case .area(let windows):
      return basis.core(windows.include(basis.model) ? .area : .half(isCropped: false))
    case .kept: return basis.core(.kept)
    case .modelWidth:
      let keys = Formula(Workload.past) + Formula(Workload.tokens)
      return 4 * basis.model.layerCount * Formula(Size.hidden.symbol) * keys * basis.tokens
    }
  }
}

extension Convention.Windows {
  fileprivate func include(_ model: Model) -> Bool {
    switch self {
    case .none: false
    case .all: true
    case .ofTypes(let types): types.contains(model.modelType)
    }
  }
}

extension Model {
  /// The model in which a token passes the experts that it chose, whatever the library runs.
  fileprivate var meetingChosenExperts: Model {
    var copy = self
    for group in groups.indices {
      for block in groups[group].layer.blocks.indices {
        for branch in groups[group].layer.blocks[block].branches.indices {
          copy.groups[group].layer.blocks[block].branches[branch].module.meetChosenExperts()
        }
      }
    }
    return copy
  }

  /// The parameters of the norm before the head.
  fileprivate var lastNorm: Formula {
    tail.map { branch in
      if case .normalization = branch.module { branch.weights.map(\.count).sum() } else { 0 }
    }.sum()
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
  fileprivate mutating func meetChosenExperts() {
    guard case .mixtureOfExperts(var mixture) = self, mixture.runsEveryExpert else { return }
    mixture.runsEveryExpert = false
    self = .mixtureOfExperts(mixture)
  }
}
