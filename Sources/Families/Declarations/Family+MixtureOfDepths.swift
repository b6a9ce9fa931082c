import Architecture
import JSON
import Symbolic

/// Mixture-of-Depths and its union with experts: our own configuration, see
/// `docs/mixture-of-depths.md`, because nothing has been published.
///
/// - Source: Raposo et al. 2024, <https://arxiv.org/abs/2404.02258>.
extension Family {
  static let mixtureOfDepths: [Family] = [modLlama]

  static let modLlama = Family(
    "mod_llama",
    defaults: """
      \(llama.defaults) mlp_gated=true mod_every=2 mod_offset=null mod_routing="expert_choice"
      mod_predictor="none"
      """
  ) { keys in
    let mode = try keys.choice("mod_mode", of: DepthMode.self)
    let bias = try keys.biases(.all)
    let attention = try keys.attention(bias: bias)
    let plain = try keys.layer(attention, .feedForward(keys.backboneFeedForward()))
    let routed = try keys.routedLayer(mode, attention, plain)
    guard mode != .none else { return try keys.decoder(keys.uniform(plain)) }
    let every = try keys.integer("mod_every", least: 1) ?? 2
    let offset = try keys.integer("mod_offset") ?? min(1, every - 1)
    guard offset < every else {
      throw DescriptionError.exceeds(
        key: "mod_offset", value: Int128(offset), limit: "mod_every - 1",
        limitValue: Int128(every - 1))
    }
    if let layers = keys.number(try keys.size(.layers)), layers <= offset {
      keys.note(
        "No block is routed: the first would be block \(offset), and the last is \(layers - 1).")
    }
    guard every > 1 else { return try keys.decoder(keys.uniform(routed)) }
    return try keys.decoder(
      keys.layers {
        $0 % every == offset
      } _: {
        $0 ? routed : plain
      })
  }
}

extension Family {
  /// The values of the keys whose words decide which other keys the family reads.
  var choices: [(key: String, values: [String])] {
    guard modelType == Self.modLlama.modelType else { return [] }
    return [
      ("mod_mode", DepthMode.allCases.map(\.rawValue)),
      ("mod_predictor", DepthPredictor.allCases.map(\.rawValue)),
    ]
  }
}

/// What a routed block of a Mixture-of-Depths model does.
private enum DepthMode: String, CaseIterable {
  /// Every token passes every block: the baseline.
  case none
  /// The tokens that a router chooses pass the block.
  case mod
  /// The same, and the feed-forward layer inside is a mixture of experts.
  case staged
  /// Every token passes; one router chooses among experts and experts that do nothing.
  case integrated
}

private enum DepthPredictor: String, CaseIterable {
  case none
  case router
  case mlp
}

extension Keys {
  /// A key with one of a few values, which must be there.
  fileprivate func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, of type: Choice.Type
  ) throws -> Choice where Choice.RawValue == String {
    guard let text = try text(key) else {
      throw DescriptionError.missing(key: key, letter: "", modelType: modelType)
    }
    guard let choice = Choice(rawValue: text) else {
      throw DescriptionError.unsupported(
        key: key, found: "\"\(text)\"",
        supported: Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  /// Llama's gated feed-forward layer, or the plain one of the paper's time.
  fileprivate func backboneFeedForward(_ width: Formula? = nil) throws -> FeedForward {
    let bias = try flag("mlp_bias")
    return try flag("mlp_gated")
      ? gated(width, bias: bias) : plain(width, "up_proj", "down_proj", bias: bias)
  }

  fileprivate func routedLayer(
    _ mode: DepthMode, _ attention: Module, _ plain: Layer
  ) throws -> Layer {
    switch mode {
    case .none: return plain
    case .mod: return Layer(plain.blocks, router: try depthRouter())
    case .staged:
      let experts = try experts(expertCounts(), backboneFeedForward(size(.expertSize)))
      return Layer(try layer(attention, experts).blocks, router: try depthRouter())
    case .integrated:
      let real = try size(.experts)
      let active = try size(.activeExperts)
      let idle = try size(.idleExperts, least: 0)
      try require(active, "num_experts_per_tok", atMost: real + idle, "num_experts")
      var mixture = MixtureOfExperts(
        router: Router([Linear("gate", try size(.hidden), real + idle)]), experts: real,
        active: .minimum(active, real), expert: try backboneFeedForward(size(.expertSize)))
      if number(idle) != 0 { mixture.idle = idle }
      mixture.choices = active
      return try layer(attention, .mixtureOfExperts(mixture))
    }
  }

  private func depthRouter() throws -> DepthRouter {
    let predictor = try choice("mod_predictor", of: DepthPredictor.self)
    var router = DepthRouter(
      width: try size(.hidden), capacity: try share(.capacity),
      choice: try choice("mod_routing", of: DepthRouter.Choice.self),
      predictor: predictor == .mlp ? try size(.predictorSize) : nil)
    router.isTrainedToDecide = predictor == .router
    return router
  }
}
