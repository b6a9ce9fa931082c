import Architecture
import Symbolic

extension MixtureOfExperts {
  /// The gate for every token, *K* experts for each, and the shared experts.
  ///
  /// It counts mixtures whose lowering is not written yet. `filling` says how many places of
  /// experts are filled, where the data decide.
  func work(over stream: Stream, filling: Filling) -> [Work] {
    let rows = stream.rows
    let routing = Routing(
      router: router, experts: experts, scored: scored, chosen: chosen, capacity: capacity,
      runsEvery: runsEveryExpert)
    let slots = routing.slots(stream, filling, active: active)
    let width = expert.output.output
    var work = router.gates.work(.router, rows: rows)
    work.append(Work("router", Elementwise(.routing, routing.counts(stream))))
    let runs = stream.runs * experts
    work += expert.work(.routedExperts, rows: slots, runs: runs).map { $0.within(path) }
    let weighed = weighing == .innerNumbers ? slots * expert.width : slots * width
    let sum = OperationCounts([
      .multiply: routing.weighsAlike ? 0 : weighed, .add: slots * width,
    ])
    work.append(Work("combine", Elementwise(.routing, sum)))
    if addsBias { work.append(Work("bias", Elementwise(.bias, [.add: rows * width]))) }
    work += latent.map { [$0.down, $0.up].work(.mixer, rows: rows) } ?? []
    if let shared {
      work += shared.work(.sharedExperts, rows: rows, runs: stream.runs)
        .map { $0.within(sharedPath) }
      work.append(Work(sharedPath, Elementwise(.routing, sharing(rows * width, rows))))
    }
    return work
  }

  /// How many places of experts are taken to be filled, where the data decide.
  enum Filling {
    /// Every place of a kernel of fixed shape, which is as many as can be.
    case all
    /// As few as can be.
    case least
    /// Those expected if tokens choose evenly among the experts and those that do nothing; of a
    /// limited capacity all.
    case even
    /// As many as one pass has met.
    case met(Formula)
  }

  /// Whether the data decide how many places are filled.
  var dependsOnData: Bool {
    router.rule != .expertChoice && !runsEveryExpert && (!idle.isZero || capacity != nil)
  }

  /// The shared answer, under a gate where it has one, added to that of the layer.
  private func sharing(_ numbers: Formula, _ rows: Formula) -> OperationCounts {
    let sum = OperationCounts([.add: numbers])
    guard router.gates.count > 1 else { return sum }
    return sum + rows * ReferenceAlgorithms.sigmoid + OperationCounts([.multiply: numbers])
  }
}
