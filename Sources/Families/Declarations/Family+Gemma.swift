import Architecture
import JSON
import Symbolic

/// Google's Gemma up to the third, VaultGemma, and RecurrentGemma (Griffin).
extension Family {
  static let ofGemma: [Family] = [gemma, gemma2, gemma3, vaultGemma, recurrentGemma]

  static let gemma = Family(
    "gemma",
    fixed: "norms_add_one=true",
    defaults: """
      vocab_size=256000 intermediate_size=24576 num_attention_heads=16 num_key_value_heads=16
      head_dim=256 attention_bias=false hidden_act="gelu_pytorch_tanh" tie_word_embeddings=true
      """
  ) { keys in
    try keys.noteMaskOfFusedAttention()
    // Files of the first release say "gelu" and mean its approximation.
    let feedForward = try keys.gated().reading("gelu", as: "gelu_pytorch_tanh")
    return try keys.decoder(
      keys.uniform(
        keys.layer(keys.attention(bias: keys.biases(.all)), .feedForward(feedForward))),
      scaled: true)
  }

  static let gemma2 = Family(
    "gemma2", spelling: "hidden_act:hidden_activation",
    fixed: "norms_add_one=true",
    defaults: """
      vocab_size=256000 intermediate_size=9216 num_attention_heads=8 num_key_value_heads=4
      head_dim=256 attention_bias=false sliding_window=4096 layer_types=null
      hidden_activation="gelu_pytorch_tanh" tie_word_embeddings=true
      attn_logit_softcapping=50.0 final_logit_softcapping=30.0
      """
  ) { keys in
    try keys.requireEqualHeads()
    try keys.noteMaskOfFusedAttention()
    return try keys.decoder(
      keys.windowedLayers(keys.window(), full: { $0 % 2 == 1 }) { window in
        try keys.sandwichLayer(
          keys.attention(bias: keys.biases(.all), reach: window), .feedForward(keys.gated()))
      }, scaled: true)
  }

  static let gemma3 = Family(
    "gemma3_text", spelling: "hidden_act:hidden_activation",
    fixed: "norms_add_one=true",
    defaults: """
      vocab_size=262208 intermediate_size=9216 num_attention_heads=8 num_key_value_heads=4
      head_dim=256 attention_bias=false sliding_window=4096 sliding_window_pattern=6
      layer_types=null hidden_activation="gelu_pytorch_tanh" tie_word_embeddings=true
      use_bidirectional_attention=false final_logit_softcapping=null
      """
  ) { keys in
    try keys.requireEqualHeads()
    let period = try keys.integer("sliding_window_pattern", least: 1) ?? 6
    let seesAhead = try keys.seesAhead()
    return try keys.decoder(
      keys.windowedLayers(keys.window(seesAhead: seesAhead), full: { ($0 + 1) % period == 0 }) {
        window in
        let isFull = window == .all
        return try keys.sandwichLayer(
          keys.attention(
            bias: keys.biases(.all), norm: .eachHead, reach: window, seesAhead: seesAhead,
            position: keys.rotary(
              keys.size(.headSize), table: isFull ? "" : "local",
              of: isFull ? "full_attention" : "sliding_attention")),
          .feedForward(keys.gated()))
      }, scaled: true)
  }

  static let vaultGemma = Family(
    "vaultgemma", spelling: gemma2.spelling, fixed: "norms_add_one=true",
    defaults: gemma2.defaults
  ) { keys in
    try keys.requireEqualHeads()
    return try keys.decoder(
      keys.windowedLayers(keys.window(), full: { $0 % 2 == 1 }) { window in
        try keys.layer(
          keys.attention(bias: keys.biases(.all), reach: window), .feedForward(keys.gated()),
          norms: ("input_layernorm", "pre_feedforward_layernorm"))
      }, scaled: true)
  }

  static let recurrentGemma = Family(
    "recurrent_gemma",
    spelling: "sliding_window=attention_window_size",
    fixed: "norms_add_one=true",
    defaults: """
      vocab_size=256000 intermediate_size=7680 num_attention_heads=10 num_key_value_heads=null
      lru_width=null conv1d_width=4 block_types=["recurrent","recurrent","attention"]
      attention_bias=false hidden_activation="gelu_pytorch_tanh" attention_window_size=2048
      tie_word_embeddings=true logits_soft_cap=30.0
      partial_rotary_factor=0.5
      """
  ) { keys in
    let pattern = try keys.recurrentPattern()
    let attention = try keys.griffinAttention()
    let recurrence = try keys.gatedRecurrence()
    var feedForward = try keys.gated(.floor(keys.size(.intermediate) / 2), bias: true)
    feedForward.activation = try keys.text("hidden_activation") ?? "gelu_pytorch_tanh"
    let groups = try keys.layers(kind: { pattern[$0 % pattern.count] }) { type in
      try keys.layer(
        type == "recurrent" ? recurrence : attention, .feedForward(feedForward),
        norms: ("temporal_pre_norm", "channel_pre_norm"), paths: ("temporal_block", "mlp_block"))
    }
    var model = try keys.decoder(groups, FrameNames(norm: "model.final_norm"))
    model.scaleTokens(by: .brain(.root(try keys.size(.hidden))))
    model.logits.cap = try keys.setting("logits_soft_cap")
    return model
  }
}

extension Keys {
  /// Gemma's width must be a multiple of its heads even though they have a size of their own.
  func requireEqualHeads() throws {
    try require(
      size(.hidden), "hidden_size", multipleOf: size(.heads), "num_attention_heads")
  }

  fileprivate func recurrentPattern() throws -> [String] {
    let pattern = try list("block_types") ?? []
    let known = ["recurrent", "attention"]
    let types = pattern.compactMap(\.string).filter(known.contains)
    guard !types.isEmpty, types.count == pattern.count else {
      throw DescriptionError.unsupported(
        key: "block_types", found: "something else", supported: known.joined(separator: ", "))
    }
    return types
  }

  fileprivate func griffinAttention() throws -> Module {
    let bias: Biases = try flag("attention_bias") ? .all : .output
    return try attention(bias: bias, reach: window())
  }

  /// A real-gated linear recurrent unit between two branches of the stream.
  fileprivate func gatedRecurrence() throws -> Module {
    let (d, h) = (try size(.hidden), try size(.heads))
    let width = try size(.innerSize, "lru_width", else: d, "hidden_size")
    try require(width, "lru_width", multipleOf: h, "num_attention_heads")
    let block = width / h
    func gate(_ name: String) -> HeadwiseLinear {
      HeadwiseLinear(
        "rg_lru.\(name)", heads: h, block, block,
        tensors: ("rg_lru.\(name)_weight", "rg_lru.\(name)_bias"), .mixer, transposed: true)
    }
    var convolution = try convolution(
      width, "conv1d_width", name: "conv_1d", bias: true)
    convolution.forgetsPast = true
    return .recurrent(
      .gatedUnit(
        GatedRecurrentUnit(
          gate: Linear("linear_y", d, width, bias: true),
          input: Linear("linear_x", d, width, bias: true), convolution: convolution,
          inputGate: gate("input_gate"), recurrentGate: gate("recurrent_gate"),
          scan: Scan.GatedUnit(
            width: width, rates: Weight("rg_lru.recurrent_param", [width], .mixer)),
          output: Linear("linear_out", width, d, bias: true),
          activation: try text("hidden_activation") ?? "gelu_pytorch_tanh")))
  }
}
