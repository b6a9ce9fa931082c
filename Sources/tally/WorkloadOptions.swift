import Accounting
import Architecture
import Arguments
import Wording

/// The options that describe one pass.
enum WorkloadOptions {
  static let batch = Parameter<Int128?>.whole(
    "batch", "B", least: 1, default: 1, help: "Sequences."
  ).known(as: "batch-size", "bs", "micro-batch-size", "sequences", "num-sequences")
  static let tokens = Parameter<[Int128]>.wholes(
    "tokens", "T", least: 1,
    help: "New tokens of each sequence: 2048, and 1 in decode; 512,1024 packs several in a row."
  ).known(
    as: "seq-len", "seqlen", "seq-length", "sequence-length", "seq", "max-seq-len", "prompt-len",
    "input-len", "n-tokens", "num-tokens", "prompt", "max-length", "max-tokens")
  static let past = Parameter<Int128?>.whole(
    "past", "P", least: 0, default: 0, help: "Tokens of each sequence already in the cache."
  ).known(
    as: "context", "context-length", "ctx", "ctx-size", "cache-len", "kv-len", "n-ctx", "cached")
  static let generated = Parameter<Int128?>.whole(
    "generate", "O", least: 1, help: "Tokens after the prompt, each in a decode pass of its own."
  ).known(
    as: "output-len", "max-new-tokens", "output-tokens", "new-tokens", "gen-len", "decode-tokens")
  static let phase = Parameter<Workload.Phase>.choice(
    "phase", "PHASE", of: Workload.Phase.allCases, default: .prefill,
    help: "A prompt, one token after it, or a training step."
  ).known(as: "mode", "stage")
  static let mask = Parameter<Workload.Mask>.choice(
    "mask", "MASK", of: Workload.Mask.allCases, default: .full,
    help: "Every position a dense kernel computes, or exactly those kept.")
  static let logits = Parameter<Workload.Logits>.choice(
    "logits", "WHICH", of: Workload.Logits.allCases, default: .all,
    help: "Score the vocabulary for all positions or the last.")
  static let latent = Parameter<Workload.LatentForm>.choice(
    "mla", "FORM", of: Workload.LatentForm.allCases, default: .reexpanded,
    help: "What latent attention caches, and where it multiplies.")
  static let recompute = Parameter<Workload.Recompute>.choice(
    "recompute", "WHAT", of: Workload.Recompute.allCases, default: .none,
    help: "What a training step computes again in the backward pass.")

  static let cacheFormat = Parameter<NumberFormat>.choice(
    "kv-dtype", "FORMAT", of: NumberFormat.allCases, default: .bf16,
    help: "How keys, values and recurrent states are stored."
  ).known(as: "kv-cache-dtype", "cache-type-k", "cache-dtype")
  static let weightFormat = Parameter<String?>.text(
    "weight-dtype", "FORMAT",
    help: "How weights are stored: bf16, or as the configuration says; q4_k_m, awq-g128, 4.5bpw …",
    complaint: { word in
      guard WeightFormatRequest(word) == nil else { return nil }
      let near = nearestWord(to: word.lowercased(), among: WeightFormat.listed)
      return near.map { "a format, such as \($0)" } ?? "one of \(WeightFormat.words)"
    }
  ).known(as: "dtype", "precision", "weights-dtype", "torch-dtype", "quantization")

  /// The format of a model's weights: what is requested, else what its configuration says.
  ///
  /// - Throws: `Failure` where the configuration is to decide and says nothing.
  static func storedFormat(_ arguments: Arguments, of model: Model) throws -> WeightFormat {
    let request = WeightFormatRequest(arguments[weightFormat]) ?? .usual
    guard let format = request.format(of: model) else {
      throw Failure.noStoredFormat(source: model.name)
    }
    return format
  }

  static let declarations = [
    batch.declaration, tokens.declaration, past.declaration, generated.declaration,
    phase.declaration,
    mask.declaration, logits.declaration, latent.declaration, recompute.declaration,
    cacheFormat.declaration, weightFormat.declaration,
  ]

  /// Refuses an option of a pass where none is counted.
  ///
  /// - Throws: `UsageError.contradiction`.
  static func refuse(_ arguments: Arguments, without flag: String) throws {
    guard let given = declarations.first(where: { arguments.has($0) }) else { return }
    throw UsageError.contradiction(
      given.label, "no \(flag)", advice: "Only a pass has it; add \(flag).")
  }

  /// The pass that a command line describes.
  ///
  /// - Throws: `UsageError` for options that contradict each other.
  static func workload(_ arguments: Arguments) throws -> Workload {
    if arguments.has(MachineOptions.trainTokens.declaration), arguments.has(phase.declaration),
      arguments[phase] != .train
    {
      throw UsageError.contradiction(
        "--train-tokens", "--phase \(arguments[phase].rawValue)",
        advice: "A training run has training steps; leave --phase out.")
    }
    return try workload(request(arguments))
  }

  /// The pass that is requested.
  ///
  /// - Throws: `UsageError` for wishes that contradict each other.
  static func workload(_ request: WorkloadRequest) throws -> Workload {
    do throws(WorkloadConflict) {
      return try request.workload()
    } catch {
      let (one, other, advice) = error.sides
      throw UsageError.contradiction(one, other, advice: advice)
    }
  }

  /// The same, before it is known to fit together.
  static func request(_ arguments: Arguments) -> WorkloadRequest {
    var request = WorkloadRequest()
    // Whoever trains on tokens means a training step.
    let isTraining =
      arguments.has(MachineOptions.trainTokens.declaration) && !arguments.has(phase.declaration)
    request.phase = isTraining ? .train : arguments[phase]
    request.batch = arguments[batch] ?? 1
    let lengths = arguments[tokens]
    if lengths.count > 1 { request.packed = lengths } else { request.tokens = lengths.first }
    request.past = arguments[past] ?? 0
    request.generated = arguments[generated] ?? 0
    request.mask = arguments[mask]
    request.logits = arguments[logits]
    request.latentForm = arguments[latent]
    request.recompute = arguments[recompute]
    return request
  }
}
