/// The activation functions in use.
package enum Activation: Hashable, Sendable {
  /// `x·σ(x)`.
  case silu
  case sigmoid
  /// `½·x·(1 + erf(x/√2))`.
  case gelu
  /// `½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))`.
  case tanhGelu
  /// `x·σ(1.702·x)`.
  case quickGelu
  case relu
  case squaredRelu
  /// `min(g, c)·σ(α·min(g, c))`, and of what it is multiplied with `max(−c, min(u, c)) + 1`.
  ///
  /// - Source: OpenAI 2025 (gpt-oss), where *c* is 7 and *α* is 1.702.
  case boundedGate(slope: Constant, limit: Constant)
  case tanh
  /// `√(max(|x|, least))`, with the sign of *x*.
  case signedRoot(least: Constant)
  case identity
  /// xIELU, with two learned slopes.
  ///
  /// - Source: Huang and Schlag 2024, <https://arxiv.org/abs/2411.13010>.
  case expandedIntegral

  /// One that is not described: it counts as nothing, and no pass runs it.
  case unknown(String)

  /// The function under a name that `config.json` has for it, known or not.
  package init(named name: String) { self = Activation(name) ?? .unknown(name) }

  /// The function under a name that `config.json` has for it.
  package init?(_ name: String) {
    switch name {
    case "silu", "swish": self = .silu
    case "sigmoid": self = .sigmoid
    case "gelu", "gelu_python": self = .gelu
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate", "gelu_python_tanh":
      self = .tanhGelu
    case "quick_gelu": self = .quickGelu
    case "relu": self = .relu
    case "relu2", "laplace_relu2": self = .squaredRelu
    case "swigluoai": self = .boundedGate(slope: "1.702", limit: "7")
    case "tanh": self = .tanh
    case "linear", "identity": self = .identity
    case "xielu": self = .expandedIntegral
    default: return nil
    }
  }
}
