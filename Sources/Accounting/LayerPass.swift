package import Architecture
package import Symbolic

/// The tokens that pass the blocks of one layer, and what their data decide there.
struct LayerPass {
  /// All of them together.
  let stream: Stream
  /// The same sequence by sequence, where each may have another number of them.
  private let sequences: [Stream]?
  /// How many places of the experts of a branch are filled.
  private let filling: (Branch) -> MixtureOfExperts.Filling

  /// The pass of a layer, taking for granted what depends on the data.
  init(
    _ layer: Layer, _ stream: Stream, _ assumption: DepthRouter.Assumption,
    _ filling: MixtureOfExperts.Filling
  ) {
    self.stream = layer.router?.inner(stream, assumption) ?? stream
    sequences = nil
    self.filling = { _ in filling }
  }

  /// The pass of a layer in which the data have decided.
  init(_ layer: Layer, _ workload: Workload, _ decided: DecidedLayer) {
    filling = { branch in decided.filled[branch.path].map { .met(Formula($0)) } ?? .all }
    let whole = Stream(workload)
    guard layer.router != nil else {
      (stream, sequences) = (whole, nil)
      return
    }
    let streams = decided.entered.map { sequence in
      var stream = whole
      stream.sequences = 1
      stream.tokens = Formula(sequence.tokens)
      stream.past = Formula(sequence.past)
      stream.entering = .decidedByData
      return stream
    }
    var all = whole
    all.sequences = 1
    all.tokens = streams.map(\.tokens).sum()
    all.entering = .decidedByData
    (stream, sequences) = (all, streams.filter { !$0.tokens.isZero })
  }

  /// What a branch executes; attention does it for every sequence by itself.
  func work(of branch: Branch) -> [Work] {
    let streams =
      switch branch.module {
      case .selfAttention, .latentAttention: sequences ?? [stream]
      default: [stream]
      }
    return streams.flatMap { branch.work(over: $0, filling: filling(branch)) }
  }
}

/// What the data have decided in one layer of one pass, and no description says.
package struct DecidedLayer: Sendable {
  /// Of each sequence, the tokens that entered the layer, and those that had entered before.
  package var entered: [(tokens: Int128, past: Int128)] = []
  /// The places of experts that were filled, by the path of the branch inside the layer.
  package var filled: [String: Int128] = [:]

  package init() {}
}

extension OperationLedger {
  /// What the layers execute in which the data decide something, with what they have decided.
  ///
  /// - Throws: `DescriptionError.arithmetic`, also for a size that was left free.
  package func places(
    decided: (_ layer: Int, _ branches: [Branch]) -> DecidedLayer
  ) throws(DescriptionError) -> [Place: Rational] {
    var counts: [Place: Rational] = [:]
    for group in model.groups where group.layer.dependsOnData(workload) {
      for index in try layers(of: group) {
        let pass = LayerPass(group.layer, workload, decided(index, group.layer.branches))
        try add(group.layer, index, pass, to: &counts)
      }
    }
    return counts
  }

  private func add(
    _ layer: Layer, _ index: Int, _ pass: LayerPass, to counts: inout [Place: Rational]
  ) throws(DescriptionError) {
    for (work, _) in layer.work(over: Stream(workload), pass) {
      let path = "\(model.layersPath).\(index).\(work.name)"
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
}

extension Layer {
  /// Whether the data decide how much the layer executes.
  func dependsOnData(_ workload: Workload) -> Bool {
    router?.dependsOnData(workload) ?? false || branches.contains { $0.module.dependsOnData }
  }
}

extension Module {
  /// Whether the data decide how many places of experts are filled.
  var dependsOnData: Bool {
    if case .mixtureOfExperts(let mixture) = self { mixture.dependsOnData } else { false }
  }
}
