package import Architecture
package import Symbolic

/// What the data have decided in one layer of one pass, and no description says.
package struct DecidedLayer: Sendable {
  /// The new tokens of a sequence that entered, those that had entered in earlier passes, and the
  /// positions of the new ones.
  package typealias Entered = (tokens: Int128, past: Int128, positions: [Int128])
  /// By the path of the router, of each sequence the tokens that entered, those that had entered
  /// before, and where the tokens stand among those of the pass, from zero.
  package var entered: [String: [Entered]] = [:]
  /// The slots of experts that were filled, by the path of the branch inside the layer.
  package var filled: [String: Int128] = [:]
  /// The pairs of a token and an expert that returned it, by the same path.
  package var returned: [String: Int128] = [:]

  package init() {}
}

extension OperationLedger {
  /// What the layers execute in which the data decide something, with what they have decided.
  ///
  /// - `reaching`: how many tokens came to each exit of the model and to its end, if it has some.
  /// - Throws: `DescriptionError.arithmetic`, also for a size that was left free.
  package func places(
    reaching: [Int128]? = nil, decided: (_ index: Int, _ layer: Layer) -> DecidedLayer
  ) throws(DescriptionError) -> [Place: Rational] {
    var counts: [Place: Rational] = [:]
    if let reaching {
      for (work, _) in model.exitWork(model.stream(workload), assumption, reaching: reaching) {
        try add(work, under: work.name, to: &counts)
      }
    }
    for group in model.groups where group.layer.dependsOnData(workload) {
      let program = group.layer.program
      for index in try layers(of: group) {
        try add(
          group.layer, program, index, decided(index, group.layer), to: &counts)
      }
    }
    return counts
  }

  private func add(
    _ layer: Layer, _ program: Program, _ index: Int, _ decided: DecidedLayer,
    to counts: inout [Place: Rational]
  ) throws(DescriptionError) {
    let pass = ProgramWork(model.stream(workload), decided: decided) { path in
      decided.filled[path].map {
        .met(Formula($0), returned: Formula(decided.returned[path] ?? 0))
      } ?? .all
    }
    for (work, _) in layer.work(program, pass) {
      try add(work, under: "\(model.layersPath).\(index).\(work.name)", to: &counts)
    }
  }

  private func add(
    _ work: Work, under path: String, to counts: inout [Place: Rational]
  ) throws(DescriptionError) {
    for operation in ScalarOperation.allCases {
      let count = try number(work.count(of: operation), path)
      guard count != .zero else { continue }
      let place = Place(path: path, operation: operation)
      do {
        counts[place] = try counts[place, default: .zero].adding(count)
      } catch {
        throw .arithmetic(error, what: path)
      }
    }
  }
}

extension Layer {
  /// Whether the data decide how many tokens enter some block.
  ///
  /// Where they see the keys of all tokens, the data also decide how many keys a mask leaves them.
  func letsDataDecide(_ workload: Workload) -> Bool {
    conditions.contains { condition in
      condition.router.dependsOnData(workload)
        || workload.mask == .causal && !condition.router.admitsAll
          && seesEveryToken(in: condition.blocks)
    }
  }

  private func seesEveryToken(in range: Range<Int>) -> Bool {
    (repeats + blocks)[range].contains { block in
      block.branches.contains { branch in
        if case .selfAttention(let attention) = branch.module {
          attention.seesEveryToken
        } else {
          false
        }
      }
    }
  }

  /// Whether the data decide how much the layer executes.
  func dependsOnData(_ workload: Workload) -> Bool {
    letsDataDecide(workload) || runBranches.contains { $0.branch.module.dependsOnData }
  }
}

extension Module {
  /// Whether the data decide how many places of experts are filled.
  var dependsOnData: Bool {
    if case .mixtureOfExperts(let mixture) = self { mixture.dependsOnData } else { false }
  }
}
