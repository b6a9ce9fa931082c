import Architecture
import JSON
import Symbolic

/// How a gated feed-forward layer names its maps.
struct GatedNames {
  var gate = "gate_proj"
  var up = "up_proj"
  var down = "down_proj"

  static let llama = GatedNames()
  static let numbered = GatedNames(gate: "w1", up: "w3", down: "w2")
}

extension Keys {
  /// The inner width most families read.
  func feedForwardWidth() throws -> Formula { try size(.intermediate) }

  /// A gated feed-forward layer of three matrices.
  ///
  /// The class of some families has a `fixed` activation, which no key names.
  func gated(
    _ width: Formula? = nil, names: GatedNames = .llama, bias: Bool = false, fixed: String? = nil
  ) throws -> FeedForward {
    let d = try size(.hidden)
    let f = try width ?? feedForwardWidth()
    return FeedForward(
      width: f, isGated: true,
      inputs: [Linear(names.gate, d, f, bias: bias), Linear(names.up, d, f, bias: bias)],
      output: Linear(names.down, f, d, bias: bias), activation: try fixed ?? activation())
  }

  /// A gated feed-forward layer whose gate and up maps are one matrix.
  func fusedGated(
    _ width: Formula? = nil, _ input: String = "gate_up_proj", _ output: String = "down_proj",
    bias: Bool = false
  ) throws -> FeedForward {
    let d = try size(.hidden)
    let f = try width ?? feedForwardWidth()
    return FeedForward(
      width: f, isGated: true, inputs: [Linear(input, d, 2 * f, bias: bias)],
      output: Linear(output, f, d, bias: bias), activation: try activation())
  }

  /// A plain feed-forward layer of two matrices.
  ///
  /// The class of some families has a `fixed` activation, which no key names.
  func plain(
    _ width: Formula? = nil, _ input: String, _ output: String, bias: Bool = true,
    transposed: Bool = false, fixed: String? = nil
  ) throws -> FeedForward {
    let d = try size(.hidden)
    let f = try width ?? feedForwardWidth()
    return FeedForward(
      width: f, isGated: false,
      inputs: [Linear(input, d, f, bias: bias, transposed: transposed)],
      output: Linear(output, f, d, bias: bias, transposed: transposed),
      activation: try fixed ?? activation())
  }

  /// An inner width of four times the model's, for families in which null means that.
  func quadrupleWidth(_ key: String = "intermediate_size") throws -> Formula {
    let d = try size(.hidden)
    return try size(.intermediate, key, else: 4 * d, "4 · \(spelled("hidden_size"))")
  }

  func activation() throws -> String {
    try text("hidden_act") ?? "silu"
  }

  /// The number of routed experts and of those active for one token.
  func expertCounts(
    _ key: String = "num_experts", active: String = "num_experts_per_tok"
  ) throws -> (all: Formula, active: Formula) {
    let all = try size(.experts, key)
    let some = try size(.activeExperts, active)
    guard !isGiven(active) else {
      try require(some, active, atMost: all, key)
      return (all, some)
    }
    // A family's default may be more than a small model has experts.
    guard let count = number(some), let limit = number(all) else {
      return (all, .minimum(some, all))
    }
    return (all, count > limit ? all : some)
  }

  /// A mixture of separate experts with a linear gate.
  func experts(
    _ counts: (all: Formula, active: Formula), _ expert: FeedForward, gate: String = "gate",
    gateBias: Bool = false, correction: Weight? = nil, shared: FeedForward? = nil,
    sharedPath: String = "shared_experts", sharedGate: String? = nil, path: String = "experts.#",
    scoring: Router.Scoring? = nil, normalizes: Bool = false
  ) throws -> Module {
    let d = try size(.hidden)
    var gates = [Linear(gate, d, counts.all, bias: gateBias)]
    if let sharedGate { gates.append(Linear(sharedGate, d, 1)) }
    var router = Router(gates, correction: correction)
    // Families that balance by a corrected score take the logistic function of it.
    router.scoring = scoring ?? (correction == nil ? .softmax : .sigmoid)
    return try .mixtureOfExperts(
      MixtureOfExperts(
        router: routed(router, normalizes: normalizes), experts: counts.all,
        active: counts.active, expert: expert, path: path, shared: shared,
        sharedPath: sharedPath))
  }

  /// The score-correction bias that balances experts without a loss; stored, but not trained.
  func scoreCorrection(
    _ experts: Formula, _ name: String = "gate.e_score_correction_bias", isBuffer: Bool = true
  ) -> Weight {
    Weight(name, [experts], .router, isBuffer: isBuffer)
  }
}
