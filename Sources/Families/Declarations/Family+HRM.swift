import Architecture
import JSON
import Symbolic

/// Hierarchical reasoning models: two stacks that are run in turn.
extension Family {
  static let ofHRM: [Family] = [hrm]

  /// Two stacks of layers that run in turn, several times over.
  ///
  /// - Source: Wang et al. 2025, <https://arxiv.org/abs/2506.21734>.
  static let hrm = Family(
    "hrm_text",
    defaults: """
      vocab_size=151808 intermediate_size=4096 num_attention_heads=12 head_dim=128
      attention_bias=false mlp_bias=false num_layers_per_stack=null tie_word_embeddings=false
      H_cycles=2 L_cycles=3 L_bp_cycles=[2]
      """
  ) { keys in
    let d = try keys.size(.hidden)
    var layer = try keys.hrmLayer()
    let cycles = try keys.hrmCycles()
    // Without a number for one stack, the number of layers is that; with it, it is of no effect.
    let count = try keys.optional(.stackLayers) ?? keys.size(.layers)
    let listed = try keys.fixed(count, "num_hidden_layers", "the second stack is listed")
    guard listed <= 10_000 else {
      throw DescriptionError.tooManyLayers(key: "num_hidden_layers", count: listed, limit: 10_000)
    }
    let stack = (0..<listed).flatMap { index in
      layer.branches.map { branch in
        var branch = branch.within("model.L_module.layers.\(index)")
        branch.isOfLayer = true
        branch.runs = cycles.slow * cycles.fast
        return branch
      }
    }
    let start = Weight("z_L_init", [d], .mixer)
    let fastLayer = layer
    layer.runs = cycles.slow
    var model = try keys.decoder(
      [LayerGroup(layer, .range(0, count))],
      FrameNames(layers: "model.H_module.layers", norm: nil),
      after: stack + [Branch("model", .stream(.start(start)))])
    model.cycles = StackCycles(
      slowPath: "model.H_module", fastPath: "model.L_module", layer: fastLayer,
      count: Int(listed), slowRuns: cycles.slow, fastRuns: cycles.fast,
      learningRuns: cycles.learning, norm: try keys.norm("final_norm", .bareRootMeanSquare),
      start: start, startPath: "model")
    model.head[0].module = try model.head[0].module.scaled(by: keys.constant("embedding_scale"))
    return model
  }
}

extension Size {
  fileprivate static let stackLayers = Size("L_s", "num_layers_per_stack", "layers of one stack")
  fileprivate static let slowCycles = Size("c_H", "H_cycles", "runs of the slow stack")
  fileprivate static let fastCycles = Size(
    "c_L", "L_cycles", "runs of the fast stack before each of those")
}

extension Keys {
  /// How often a pass runs each stack, and in how many runs the fast one learns.
  ///
  /// `L_bp_cycles` has a number of learning runs for each run of the slow stack; before the first
  /// of them stand ones.
  fileprivate func hrmCycles() throws -> (slow: Formula, fast: Formula, learning: Formula) {
    let (slow, fast) = (try size(.slowCycles), try size(.fastCycles))
    let list = try (list("L_bp_cycles") ?? [.integer(2)]).map { entry in
      guard let count = entry.integer, count >= 0 else {
        throw DescriptionError.notASize(key: "L_bp_cycles", found: entry.kind, least: 0)
      }
      return Formula.minimum(fast, Formula(count))
    }
    let count = try fixed(slow, "H_cycles", "each of them has a number of steps that learn")
    let given = Array(list.prefix(Int(clamping: count)))
    let learning = slow - Formula(Int128(given.count)) + given.sum()
    return (slow, fast, learning)
  }

  /// Its norms have no weights, and the checkpoint joins maps but not their biases.
  fileprivate func hrmLayer() throws -> Layer {
    let d = try size(.hidden)
    let heads = try heads(grouped: false)
    let width = heads.query * heads.size
    let hasBias = try flag("attention_bias")
    var biases: [InputPiece: Weight] = [:]
    let pieces: [(InputPiece, String)] = [
      (.gate, "gate_proj"), (.queries, "q_proj"), (.keys, "k_proj"), (.values, "v_proj"),
    ]
    for (piece, name) in pieces where hasBias {
      biases[piece] = Weight("self_attn.\(name).bias", [width], .attention)
    }
    var attention = SelfAttention(
      heads: heads.query, keyValueHeads: heads.query, headSize: heads.size,
      inputs: [Linear("attn.gqkv_proj", d, 4 * width)],
      layout: InputLayout([pieces.map(\.0)]),
      output: Linear("attn.o_proj", width, d, bias: hasBias),
      vectors: pieces.compactMap { biases[$0.0] },
      position: try rotary(heads.size))
    attention.gate = .elements
    attention.pieceBiases = biases
    let f = try feedForwardWidth()
    var feedForward = try fusedGated()
    if try flag("mlp_bias") {
      feedForward.output.hasBias = true
      feedForward.innerBiases = FeedForward.InnerBiases(
        gate: Weight("gate_proj.bias", [f], .denseFeedForward),
        factor: Weight("up_proj.bias", [f], .denseFeedForward))
    }
    return Layer([
      Block(
        [try norm("input_layernorm", .bareRootMeanSquare)], [Branch("", .selfAttention(attention))]),
      Block(
        [try norm("post_attention_layernorm", .bareRootMeanSquare)],
        [Branch("mlp", .feedForward(feedForward))]),
    ])
  }
}

extension Module {
  /// A table whose numbers are multiplied by a constant.
  fileprivate func scaled(by scale: Constant?) -> Module {
    guard case .embedding(var table) = self else { return self }
    table.scale = scale
    return .embedding(table)
  }
}
