import Symbolic

/// Activation functions with parameters of their own.
///
/// A dense feed-forward layer has one such function. Which parts of other models share one, or have
/// one more, differs from class to class.
package enum LearnedActivation: String {
  /// Two learned slopes; its two constants are stored as buffers.
  ///
  /// - Source: Huang and Schlag 2024, <https://arxiv.org/abs/2411.13010>.
  case xielu
  /// One learned slope for numbers below zero.
  ///
  /// - Source: He et al. 2015, <https://arxiv.org/abs/1502.01852>.
  case prelu

  /// What the function of one layer is stored as.
  fileprivate var weights: [Weight] {
    switch self {
    case .xielu:
      ["alpha_n", "alpha_p"].map { Weight("act_fn.\($0)", [1], .denseFeedForward) }
        + ["beta", "eps"].map { Weight("act_fn.\($0)", [], .denseFeedForward, isBuffer: true) }
    case .prelu: [Weight("act_fn.weight", [1], .denseFeedForward)]
    }
  }
}

extension Model {
  /// The function with parameters of its own that some layer applies.
  package var learnedActivation: LearnedActivation? {
    branches.lazy.compactMap { LearnedActivation(rawValue: $0.module.activation ?? "") }.first
  }

  /// Whether some layer has a mixer that is no attention.
  package var hasMixers: Bool {
    branches.contains { $0.module.isMixer }
  }

  /// Gives every dense feed-forward layer the parameters of its activation.
  ///
  /// - Returns: Whether the model is made of nothing but such layers and attention.
  package mutating func addActivationParameters() -> Bool {
    // The layers of a second stack are listed by themselves.
    guard cycles == nil else { return false }
    var copy = self
    for group in groups.indices {
      let layer = groups[group].layer
      guard layer.repeats.isEmpty, layer.idle.isEmpty, layer.streams == .one,
        layer.outputScale == nil
      else { return false }
      for block in groups[group].layer.blocks.indices {
        for branch in groups[group].layer.blocks[block].branches.indices {
          let path = \Model.groups[group].layer.blocks[block].branches[branch].module
          switch self[keyPath: path] {
          case .selfAttention, .latentAttention, .compressedAttention: break
          case .feedForward(var layer):
            layer.vectors += LearnedActivation(rawValue: layer.activation)?.weights ?? []
            copy[keyPath: path] = .feedForward(layer)
          case .embedding, .normalization, .linear, .head, .mixtureOfExperts, .depthRouter,
            .idle, .recurrent, .stream:
            return false
          }
        }
      }
    }
    self = copy
    return true
  }

  private var branches: [Branch] {
    groups.map(\.layer).flatMap { ($0.repeats + $0.blocks).flatMap(\.branches) }
  }
}

extension Module {
  fileprivate var activation: String? {
    switch self {
    case .feedForward(let layer): layer.activation
    case .mixtureOfExperts(let mixture): mixture.expert.activation
    case .recurrent(let mixer): mixer.activation
    case .embedding, .normalization, .linear, .head, .selfAttention, .latentAttention,
      .compressedAttention, .depthRouter, .idle,
      .stream:
      nil
    }
  }
}
