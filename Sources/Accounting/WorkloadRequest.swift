/// What is asked of a pass, before it is known to fit together.
package struct WorkloadRequest: Hashable, Sendable {
  /// The kind of pass.
  package var phase = Workload.Phase.prefill
  /// Sequences, *B*.
  package var batch: Int128 = 1
  /// New tokens of each sequence; nil means 2048, and 1 in decode.
  package var tokens: Int128?
  /// The lengths of packed sequences, instead of tokens.
  package var packed: [Int128] = []
  /// Tokens of each sequence that are already cached, *P*.
  package var past: Int128 = 0
  /// Tokens that follow, each in a pass of its own.
  package var generated: Int128 = 0
  /// Which positions of attention are counted.
  package var mask = Workload.Mask.full
  /// For which positions the vocabulary is scored.
  package var logits = Workload.Logits.all
  /// What latent attention caches.
  package var latentForm = Workload.LatentForm.reexpanded
  /// What a training step computes again.
  package var recompute = Workload.Recompute.none

  package init() {}

  /// The pass.
  ///
  /// - Throws: `WorkloadConflict` where two of the wishes contradict each other.
  package func workload() throws(WorkloadConflict) -> Workload {
    if phase == .decode, let tokens, tokens != 1 { throw .decodeOfSeveral(tokens: tokens) }
    if phase == .train, past > 0 { throw .trainingWithPast(past) }
    if !packed.isEmpty {
      if phase == .decode { throw .packed("--phase decode") }
      if past > 0 { throw .packed("--past \(past)") }
      if generated > 0 { throw .packed("--generate \(generated)") }
      if packed.contains(1) { throw .packedToken }
    }
    if generated > 0, phase != .prefill { throw .generation(generated, phase) }
    if recompute != .none, phase != .train { throw .recomputation(recompute, phase) }
    var workload = Workload()
    workload.phase = phase
    workload.batch = batch
    workload.tokens = tokens ?? (phase == .decode ? 1 : workload.tokens)
    if !packed.isEmpty {
      workload.packed = packed
      workload.tokens = packed.reduce(0) { sum, length in
        let (next, isTooLarge) = sum.addingReportingOverflow(length)
        return isTooLarge ? .max : next
      }
    }
    workload.past = past
    workload.generated = generated
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
  case packed(String)
  case packedToken
  case generation(Int128, Workload.Phase)
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
    case .packed(let other):
      (
        "--tokens with several lengths", other,
        "Packed sequences are one pass without a cache; give one number of tokens."
      )
    case .packedToken:
      (
        "--tokens with several lengths", "a length of 1",
        "A packed sequence has two tokens at least."
      )
    case .generation(let count, let phase):
      (
        "--generate \(count)", "--phase \(phase.rawValue)",
        "It is a prompt and the tokens after it; leave --phase out."
      )
    case .recomputation(let what, let phase):
      (
        "--recompute \(what.rawValue)", "--phase \(phase.rawValue)",
        "Only a training step computes anything again; add --phase train."
      )
    }
  }
}
