package import Symbolic

/// Softmax attention over keys and values of the same sequence.
///
/// Queries have `heads` heads of `headSize`; keys and values have `keyValueHeads`, each shared by
/// a group of query heads. The projections are separate maps or one fused map; either way the
/// extents follow from the heads.
///
/// - Source: Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>; Ainslie et al. 2023 (GQA),
///   <https://arxiv.org/abs/2305.13245>.
package struct SelfAttention: Hashable, Sendable {
  /// Query heads, *h*.
  package var heads: Formula
  /// Key-value heads, *g*; each serves *h/g* query heads.
  package var keyValueHeads: Formula
  /// The width of one query or key head, *d_h*.
  package var headSize: Formula
  /// The width of one head's values, where it is not that of its queries and keys.
  package var valueSize: Formula?
  /// The maps from the residual stream to queries, keys and values (and an output gate).
  package var inputs: [Linear]
  /// Which of the maps gives what.
  package var layout: InputLayout
  /// From the outputs of all heads, `[T, h·d_v]`, back to the residual stream.
  package var output: Linear
  /// What is added to what the maps of these give, where several layers share them.
  package var adapters: [InputPiece: Adapters] = [:]
  /// Norms of queries, keys, values or the output, inside the module.
  package var norms: [Normalization]
  /// Vectors beside the projections: attention sinks, scales.
  package var vectors: [Weight]
  /// How far back a query sees.
  package var reach: Reach
  /// How far a query sees back and, among the tokens of its own pass, as far ahead.
  ///
  /// It is nil where nothing ahead is seen; `reach` says what is cached in either case.
  package var ahead: Reach?
  /// How a score learns of the distance between query and key.
  package var position: PositionScheme
  /// *c*, if scores are bounded by `c·tanh(s/c)` before the softmax.
  package var scoreCap: Constant?
  /// What scores are multiplied by, if anything: mostly `1/√d_h`.
  package var scale: Constant?
  /// One more, learned, score for each head that no value answers to; it is among the vectors.
  package var sinks: Weight?
  /// Whether the sinks are no scores: the outputs of each head are multiplied by `σ(ln Σeˢ − sink)`, which
  /// comes to the same numbers by another way.
  package var sinksGateOutputs = false
  /// What values are multiplied by, if anything.
  package var valueScale: Constant?
  /// A bias of the output that is stored beside its map, and is among the vectors.
  package var outputBias: Weight?
  /// Biases of the pieces of a fused map that are stored by themselves; they are among the vectors.
  package var pieceBiases: [InputPiece: Weight] = [:]
  /// What keys are multiplied by before all else, if anything.
  package var keyScale: Constant?
  /// What queries are multiplied by after their norm, if anything.
  package var queryScale: Constant?
  /// *c*, if queries, keys and values are kept between −c and c, after their norms.
  package var clip: Constant?
  /// Whether queries and keys are normalized after their rotation, and not before.
  package var normsFollowRotation = false
  /// Whether what the distance adds to a score is scaled with it, and not added after.
  package var scalesLinearBias = false
  /// Whose keys and values it attends to.
  package var source = CacheSource.own
  /// Whether the keys that it borrows are of all tokens, even where only some tokens reach it.
  package var seesEveryToken = false
  /// Whether it leaves to the next layer what each token has received of its weights.
  package var leavesReceived = false
  /// What is multiplied with the output before its projection, if anything.
  package var gate: OutputGate?
  /// What is applied to the gate before it multiplies the output.
  package var gateFunction = GateFunction.logistic
  /// What is added to the gates of each head before their function; it is among the vectors.
  package var gateBias: Weight?
  /// By what queries are multiplied at each position, if at all.
  package var positionScale: PositionScale?
  /// What chooses blocks of keys, if attention is sparse.
  package var blockIndexer: BlockIndexer?
  /// Greatest lengths of queries and keys; what they are multiplied with is among the vectors.
  package var lengthBounds: [InputPiece: LengthBound] = [:]
  /// Convolutions of keys and values, before all else.
  package var skipConvolutions: [InputPiece: SkipConvolution] = [:]
  /// How the second half of the heads is subtracted from the first, if it is; then all heads
  /// attend twice, to each half of the heads of values with the same scores.
  package var difference: HeadDifference?
  /// The maps of queries, where a router chooses some for each token; then `output` is one of as
  /// many maps of outputs.
  package var routedQueries: RoutedQueries?
  /// What convolves queries and keys, if anything; its maps are the inputs, and its vectors among
  /// those of the module.
  package var convolution: ConvolvedHeads?
  /// How the values of every key bias its scores, if they do.
  package var valueBias: ValueBias?
  /// What chooses the keys, if attention is sparse.
  package var indexer: Indexer?

  package init(
    heads: Formula, keyValueHeads: Formula, headSize: Formula, valueSize: Formula? = nil,
    inputs: [Linear], layout: InputLayout = .separate, output: Linear,
    norms: [Normalization] = [], vectors: [Weight] = [], reach: Reach = .all,
    position: PositionScheme = .none
  ) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    self.valueSize = valueSize
    self.inputs = inputs
    self.layout = layout
    self.output = output
    self.norms = norms
    self.vectors = vectors
    self.reach = reach
    self.position = position
    scale = .inverseRoot(headSize)
  }

  /// The tensors: maps, adapters, convolutions, norms, indexers, the table of relative scores,
  /// vectors.
  package var weights: [Weight] {
    var maps = inputs + [routedQueries?.router, valueBias?.map].compactMap(\.self)
    if routedQueries == nil { maps.append(output) }
    var all = maps.weights(.attention)
    for piece in [InputPiece.queries, .keys, .values] {
      all += adapters[piece]?.weights(.attention) ?? []
      all += skipConvolutions[piece]?.weights(.attention) ?? []
    }
    all += (indexer?.weights ?? []) + norms.flatMap { $0.weights(.attention) }
    all += (blockIndexer?.weights ?? []) + (position.relativeScores?.table.weights ?? [])
    return all + vectors
  }
}

/// Whose keys and values attention attends to.
package enum CacheSource: Hashable, Sendable {
  /// Those of its own maps.
  case own
  /// The same, which it leaves to later layers of a kind; of several layers the last counts.
  case lent(String)
  /// Those that a layer before it has left to its kind.
  case borrowed(String)

  /// Whether keys and values are those of an earlier layer, so that this layer caches none.
  package var isBorrowed: Bool {
    if case .borrowed = self { true } else { false }
  }
}

/// The weight *λ* of what is subtracted: `e^(q₁·k₁) − e^(q₂·k₂) + λ₀`, once for all tokens.
///
/// Its vectors are among those of their module. What the heads leave is normalized, and multiplied
/// by 1 − *λ*₀.
///
/// - Source: Ye et al. 2024, §2.1, <https://arxiv.org/abs/2410.05258>; two calls in transformers
///   5.23.
package struct HeadDifference: Hashable, Sendable {
  /// *q*₁ and *k*₁, whose product raises the weight.
  package var raising: [Weight]
  /// *q*₂ and *k*₂, whose product lowers it.
  package var lowering: [Weight]
  /// *λ*₀.
  package var start: Constant
  /// 1 − *λ*₀.
  package var rest: Constant

  package init(raising: [Weight], lowering: [Weight], start: Constant, rest: Constant) {
    self.raising = raising
    self.lowering = lowering
    self.start = start
    self.rest = rest
  }

  /// The four vectors.
  package var weights: [Weight] { raising + lowering }
}

/// A bias of the scores of each key and key-value head: `e^(a·softplus(w·v))` from the values *v* of
/// all its heads, in each pass for every key that is kept.
///
/// If there are more keys than this, a query sees those with the greatest biases.
///
/// - Source: Shi et al. 2024, <https://arxiv.org/abs/2412.11834>; `DogeAttention` of transformers.
package struct ValueBias: Hashable, Sendable {
  /// *w*, to a number for each key-value head.
  package var map: Linear
  /// *a*, among the vectors of its module.
  package var slopes: Weight
  /// How many keys a query sees at most.
  package var kept: Formula

  package init(map: Linear, slopes: Weight, kept: Formula) {
    self.map = map
    self.slopes = slopes
    self.kept = kept
  }
}

/// Experts of attention: pairs of a map of queries and one of outputs, of which a router chooses.
///
/// Their tensors are stacked, and among the vectors of their module.
///
/// - Source: Shen et al. 2024 (JetMoE), §2.2, <https://arxiv.org/abs/2404.07413>.
package struct RoutedQueries: Hashable, Sendable {
  /// From `[T, d]` to one score for each expert.
  package var router: Linear
  /// How many experts one token meets.
  package var active: Formula
  /// One expert's map of queries; that of outputs is the module's.
  package var map: Linear
  /// The maps of queries of all experts, `[E, output, input]`, and those of outputs.
  package var maps: Weight
  /// The maps of outputs of all experts, `[E, d, output]`.
  package var outputs: Weight
  /// What is added to the sum of the outputs.
  package var bias: Weight

  package init(
    router: Linear, active: Formula, map: Linear, maps: Weight, outputs: Weight, bias: Weight
  ) {
    self.router = router
    self.active = active
    self.map = map
    self.maps = maps
    self.outputs = outputs
    self.bias = bias
  }

  /// The number of experts, *E*.
  package var experts: Formula { router.output }

  /// The stacked maps of queries and outputs, and the bias.
  package var vectors: [Weight] { [maps, outputs, bias] }
}

extension Model {
  /// Lets every query see the tokens of its pass that come after it: all of them, or those within
  /// a window, its end included, to both sides.
  ///
  /// - Returns: Whether that could be said of all layers with attention; where it could not, nothing
  ///   is changed.
  package mutating func seeAhead() -> Bool {
    var copy = self
    for group in groups.indices {
      let layer = groups[group].layer
      if !layer.repeats.isEmpty || !layer.idle.isEmpty { return false }
      for block in layer.blocks.indices {
        for branch in layer.blocks[block].branches.indices {
          let path = \Model.groups[group].layer.blocks[block].branches[branch].module
          switch self[keyPath: path] {
          case .selfAttention(var attention):
            guard attention.seeAhead() else { return false }
            copy[keyPath: path] = .selfAttention(attention)
          case .latentAttention, .compressedAttention: return false
          case .embedding, .normalization, .linear, .head, .feedForward, .mixtureOfExperts,
            .depthRouter, .idle, .recurrent, .stream:
            break
          }
        }
      }
    }
    self = copy
    return true
  }

  /// Whether queries attend to keys in some layer.
  package var hasAttention: Bool {
    groups.flatMap(\.layer.branches).contains { branch in
      switch branch.module {
      case .selfAttention, .latentAttention, .compressedAttention: true
      case .embedding, .normalization, .linear, .head, .feedForward, .mixtureOfExperts,
        .depthRouter, .idle, .recurrent, .stream:
        false
      }
    }
  }
}

extension SelfAttention {
  /// - Returns: Whether it is known what the mask keeps then.
  fileprivate mutating func seeAhead() -> Bool {
    guard blockIndexer == nil, indexer == nil else { return false }
    switch reach {
    case .all: ahead = .all
    case .window(let size, let keepsCache): ahead = .window(size + 1, keepsCache: keepsCache)
    // A chunk is as causal as before.
    case .chunk: break
    case .windowBehindPrompt, .chosen, .blocks, .bestBlocks: return false
    }
    return true
  }
}
