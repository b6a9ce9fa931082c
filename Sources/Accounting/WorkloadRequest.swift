/// What is asked of a pass, before it is known to fit together.
package struct WorkloadRequest: Hashable, Sendable {
  package var phase = Workload.Phase.prefill
  package var batch: Int128 = 1
  /// New tokens of each sequence; nil means 2048, and 1 in decode.
  package var tokens: Int128?
  package var past: Int128 = 0
  package var mask = Workload.Mask.full
  package var logits = Workload.Logits.all
  package var latentForm = Workload.LatentForm.reexpanded
  package var recompute = Workload.Recompute.none

  package init() {}

  /// The pass.
  ///
  /// - Throws: `WorkloadConflict` where two of the wishes contradict each other.
  package func workload() throws(WorkloadConflict) -> Workload {
    if phase == .decode, let tokens, tokens != 1 { throw .decodeOfSeveral(tokens: tokens) }
    if phase == .train, past > 0 { throw .trainingWithPast(past) }
    if recompute != .none, phase != .train { throw .recomputation(recompute, phase) }
    var workload = Workload()
    workload.phase = phase
    workload.batch = batch
    workload.tokens = tokens ?? (phase == .decode ? 1 : workload.tokens)
    workload.past = past
    workload.mask = mask
    workload.logits = logits
    workload.latentForm = latentForm
    workload.recompute = recompute
    return workload
  }
}

/// Two wishes about a pass that contradict each other.
package enum WorkloadConflict: Error, Hashable, Sendable {
  case decodeOfSeveral(tokens: Int128)
  case trainingWithPast(Int128)
  case recomputation(Workload.Recompute, Workload.Phase)

  /// The two, as options, and what to do.
  package var sides: (one: String, other: String, advice: String) {
    switch self {
    case .decodeOfSeveral(let tokens):
      (
        "--phase decode", "--tokens \(tokens)",
        "Decode is one token; leave --tokens out, or use --phase prefill with --past."
      )
    case .trainingWithPast(let past):
      ("--phase train", "--past \(past)", "Training has no cache; leave --past out.")
    case .recomputation(let what, let phase):
      (
        "--recompute \(what.rawValue)", "--phase \(phase.rawValue)",
        "Only a training step computes anything again; add --phase train."
      )
    }
  }
}
