package import Symbolic

/// What a program does in one step.
///
/// The list is closed on purpose: whoever reads programs has one `switch` without a default, so
/// that the compiler names every reader that a new operation concerns.
package indirect enum Operation: Sendable {
  /// The rows of a table that tokens or positions select.
  case lookUp(Embedding)
  /// The rows of a table that hashes of the last tokens select, side by side.
  case lookUpNgrams(NgramTable)
  /// The product with a learned matrix: `x·wᵀ`.
  ///
  /// A tied head has the elements of the token table.
  case product(Value, Linear, isTied: Bool = false)
  /// The product of the elements of each head with a learned matrix of its own.
  case productOfHeads(Value, HeadwiseLinear)
  /// The sum with the bias of a map.
  case addBias(Value, Linear)
  /// The sum with a learned vector, each number of which may be for several side by side.
  case addVector(Value, Weight)
  /// The product with a learned vector, each number of which may be for several side by side.
  case multiplyVector(Value, Weight)
  case normalize(Value, Normalization)
  /// What a map has given, over the root mean square of what it was given.
  case divide(Value, byMagnitudeOf: Value, Normalization)
  /// Each piece of a row times a factor of its own, plus a vector.
  case affine(Value, scales: Weight, shift: Weight, [Formula])
  /// Some of the elements of each row; nothing is computed.
  case slice(Value, Slice)
  /// The elements of two values side by side; nothing is computed.
  case join(Value, Value)
  /// The elements of a row repeated, one copy after the other; nothing is computed.
  case `repeat`(Value, times: Formula)
  /// Of streams side by side others: each is a sum of all, with coefficients of the token.
  case mixStreams(Value, by: Value, StreamMixing)
  /// The sum of the streams that stand side by side.
  case sumParts(Value, Formula)
  /// A matrix whose columns and rows sum to one, nearly.
  case balance(Value, Balance)
  /// The root of the mean square of each row.
  case magnitude(Value)
  /// Every row in the magnitude of another value; its own mean square is `least` at least.
  case rescale(Value, to: Value, least: Constant)
  /// What of each number lies above the mean of its row plus a number of deviations, or zero.
  case exceed(Value, deviations: Constant)
  case rotate(Value, Rotation)
  /// Appends keys and values to those of earlier passes, and drops what nobody will see.
  case keep(keys: Value, values: Value, Reach)
  /// Appends latents to those of earlier passes, in the form in which the pass caches them.
  ///
  /// Of latents that are lent it keeps nothing but the keys and values that rise from them, where those
  /// are cached.
  case keepLatents(Value, lent: Value?, LatentHeads)
  /// Appends the keys of an indexer to those of earlier passes.
  case keepIndex(Value)
  /// The keys that each query sees: those with the best scores under small heads of their own,
  /// perhaps added up under weights of the heads.
  case index(Value, kept: Value, weights: Value?, IndexHeads)
  /// Scores, softmax and weighted values, head by head: one algorithm.
  case attend(AttentionOperands, AttentionHeads)
  /// Softmax attention of learned queries, in each token, over as many streams as there are values.
  case attendDepth([Value], DepthReading)
  /// The same over latents, in the form of the pass.
  case attendLatents(Value, kept: Value, chosen: Value?, LatentHeads)
  /// For every block of tokens that is complete the mean of its keys, its norm and its rotation;
  /// those of earlier passes are kept, and the keys that wait for the next.
  case meanBlocks(Value, BlockIndexer)
  /// The keys that each query sees: those of the best blocks under the sum of small heads, and of
  /// the unfinished block.
  case indexBlocks(Value, kept: Value, BlockIndexer)
  /// For every window of tokens that is complete an entry: a weighted mean of their values, its
  /// norm and its rotation; those of earlier passes are kept, and what waits for the next.
  case compress(Value, weights: Value, KeyCompression)
  /// The entries that each query sees: those with the best scores under small heads.
  case indexEntries(Value, kept: Value, weights: Value, EntryIndexHeads)
  /// Attention to kept keys and, beside them, to entries: those chosen, or all that end before the
  /// query.
  case attendEntries(Value, kept: Value, entries: Value, chosen: Value?, EntryHeads)
  /// The product of each group of elements with maps of its own, which are rows of one matrix.
  case groupedProduct(Value, Linear, groups: Formula)
  /// A function of each number, and the product with another value where there is one.
  ///
  /// A function with slopes of its own has them as tensors.
  case activate(Value, Activation, slopes: [Weight], times: Value?)
  /// The product with a function of gates: one for each number, or for each head.
  case gate(Value, by: Value, GateFunction)
  case add(Value, Value)
  /// The sum of the products of two values, in each of some parts of a row.
  case dot(Value, Value, parts: Formula)
  /// The first value less the second, or less *λ* times the second.
  case subtract(Value, Value, times: HeadDifference?)
  /// The sum of each number with a constant.
  case shift(Value, by: Constant)
  case scale(Value, by: Constant)
  /// A number of the position of each row, or one for each head: `[T, 1]`, `[T, h]`.
  case positionFactor(PositionScale)
  /// The numbers of a tensor, `[rows, n]`: the same for all tokens.
  case elements(Weight)
  /// *e* to the power of each number of a tensor, `[1, n]`.
  case exponentials(Weight)
  /// The vectors of each row, no longer than a bound.
  case shorten(Value, LengthBound)
  /// `c·tanh(x/c)`.
  case bound(Value, by: Constant)
  /// Every number below −c is −c, unless only those above are meant, and every one above c is c.
  case clip(Value, to: Constant, isAboveOnly: Bool = false)
  /// From the scores of experts to a choice of them and their weights, for each row.
  case route(Value?, Routing)
  /// The sum of what the chosen experts answer, each times its weight.
  case experts(Value, choice: Value, Experts)
  /// Each row through the maps of its chosen experts: side by side, or a weighed sum of what each
  /// makes of its part of the row.
  case mapChosen(Value, choice: Value, ChosenMaps)
  /// Queries and keys `[T, h·d_h + g·d_h]` convolved channel by channel and head by head, with the
  /// means of the unconvolved ones added, and every head brought to the length `√d_h`.
  case convolveHeads(Value, ConvolvedHeads)
  /// The row of the token before; before the first of a sequence stands what the map gives of nothing.
  case delay(Value, Linear)
  /// From two scores for each of *n* keys the sums of all pairs, `[T, n²]`.
  ///
  /// The class takes the elements of all rows for those of two tables `[T, n]`, the first half for one
  /// and the second for the other, so that with several rows a row has scores of others.
  case pairScores(Value)
  /// The product of every row with the weight with which it is in this program: that of the expert,
  /// or the score with which a router has let it in.
  case weigh(Value)
  /// What the key of each row has received of the weights of the attention that gave a value, as the
  /// mean over heads and the queries of the pass, `[T, 1]`.
  case received(Value, AttentionHeads)
  /// `ln Σ eˢ` of the scores of the attention that gave a value, less a learned number of each head,
  /// `[T, h]`.
  case scoresAboveSinks(Value, AttentionHeads, sinks: Weight)
  /// From the scores of each row for some recursions to their weights; each row is assigned to the
  /// number of recursions at whose place its greatest stands.
  case assign(Value, RecursionAssignment)
  /// The rows that a router lets in go through a program of their own, and come back to their positions.
  ///
  /// Without scores these are the rows that the last router has let in.
  case enter(Value, scores: Value?, Entrance)
  /// The scores of the vocabulary as they are: a row leaves the model if the difference between the
  /// two greatest numbers of their softmax is above a threshold.
  case confide(Value, Constant)
  /// The sum of each channel's last inputs, each times a weight, and perhaps a bias; the inputs of
  /// earlier passes are carried.
  case convolve(Value, CausalConvolution)
  /// The same with kernels of each token, to which those of all tokens are added.
  case convolveByToken(Value, kernels: Value, DynamicConvolution)
  /// Of each token the elements of the one before it, zeros before the first; those of the last token
  /// are carried.
  case previous(Value)
  /// The quotient by a constant, perhaps in every pass but those of training.
  case quotient(Value, by: Division)
  /// `μ·x + (1 − μ)·y` with a learned *μ* for each number of a row.
  case interpolate(Value, Value, Weight)
  /// A state that goes from token to token, by an algorithm that is one thing.
  case scan([Value], Scan)
  /// *α₁·x + α₂·v* of each row, `[α₁, α₂]` the softmax of two numbers of the row.
  case blend(Value, by: Value, Weight)
  /// The last row of each sequence, where no more are scored; else all, but those of a prompt before the
  /// first token of a sequence.
  case last(Value, always: Bool, behind: Formula? = nil)
  /// Leaves a value to the programs after this one; nothing is computed.
  case leave(Value, Legacy)
  /// What a program before this one has left.
  case take(Legacy)
}

/// How a matrix of each token becomes one whose rows and columns sum to one: the softmax of each row
/// plus ε; then columns, and rows and columns in turn, over their sum plus ε.
///
/// - Source: Sinkhorn and Knopp 1967; Xie et al. 2026 (mHC), §4.
package struct Balance: Hashable, Sendable {
  /// The rows, and the columns, of the matrix.
  package var size: Formula
  /// How often the columns are scaled.
  package var iterations: Formula
  /// *ε*, which is added to every sum before it divides.
  package var epsilon: Constant
}

/// Which elements of a row are taken: a range along one axis, all along the others.
package struct Slice: Hashable, Sendable {
  /// The extents whose product is the width of the row.
  package var axes: [Formula]
  /// The axis that is cut, an index into `axes`.
  package var axis: Int
  /// The first index that is taken along it.
  package var first: Formula
  /// How many are taken.
  package var count: Formula

  /// A range of a row that is not cut any further.
  package init(_ width: Formula, first: Formula, count: Formula) {
    self.init(axes: [width], axis: 0, first: first, count: count)
  }

  package init(axes: [Formula], axis: Int, first: Formula, count: Formula) {
    self.axes = axes
    self.axis = axis
    self.first = first
    self.count = count
  }

  /// The elements that are left of a row.
  package var width: Formula {
    var extents = axes
    extents[axis] = count
    return extents.product()
  }
}

/// How many streams of a width there are, and how many are made of them.
package struct StreamMixing: Hashable, Sendable {
  /// The streams that are read.
  package var streams: Formula
  /// The streams that are made of them.
  package var results: Formula
  /// The width of one stream.
  package var width: Formula
  /// Whether the coefficients of one stream stand side by side, and not those of one result.
  package var isByStream = false

  package init(streams: Formula, results: Formula, width: Formula) {
    self.streams = streams
    self.results = results
    self.width = width
  }
}

/// A rotation of elements of each head by angles of the position.
package struct Rotation: Hashable, Sendable {
  /// The heads of the row.
  package var heads: Formula
  /// The width of one head, and its first number that is rotated.
  package var width: Formula
  /// The first element of a head that is rotated.
  package var offset: Formula = 0
  /// The angles, and how many elements they rotate.
  package var angles: RotaryAngles
  /// Whether pairs are turned by the negative angle.
  package var isBackwards = false

  package init(heads: Formula, width: Formula, angles: RotaryAngles) {
    self.heads = heads
    self.width = width
    self.angles = angles
  }
}

/// What attention reads.
package struct AttentionOperands: Hashable, Sendable {
  /// The queries, `[T, h·scoreSize]`.
  package var queries: Value
  /// Keys and values.
  package var kept: Value
  /// The keys that each query sees, if they are chosen.
  package var chosen: Value?
  /// For each head of queries a score for each distance from zero on, if there are.
  package var distances: Value?
  /// What these scores are multiplied with, one number for each query, if with anything.
  package var distanceFactors: Value?
  /// For each head of queries a score to which no value answers.
  package var sinks: Value?
  /// The scores of buckets of distances, if there are.
  package var bucketScores: Value?

  package init(_ queries: Value, _ kept: Value, chosen: Value? = nil) {
    self.queries = queries
    self.kept = kept
    self.chosen = chosen
  }

  /// Every value that is read.
  package var all: [Value] {
    [queries, kept]
      + [chosen, distances, distanceFactors, sinks, bucketScores].compactMap(\.self)
  }
}

/// Heads of queries over heads of keys and values, and what happens to their scores.
package struct AttentionHeads: Hashable, Sendable {
  /// Query heads, *h*.
  package var heads: Formula
  /// Heads of keys and values, *g*.
  package var keyValueHeads: Formula
  /// The width of a query or key head.
  package var scoreSize: Formula
  /// The width of a value head.
  package var valueSize: Formula
  /// How far back a query sees, and what the cache keeps.
  package var reach: Reach
  /// How far a query sees back and ahead, if it sees ahead.
  package var ahead: Reach?
  /// The factor of the scores, if any.
  package var scale: Constant?
  /// *c*, if scores are bounded by `c·tanh(s/c)`.
  package var cap: Constant?
  /// Whether the distance times a slope of the head is added.
  package var hasLinearBias = false
  /// Whether that is added before the scale.
  package var scalesLinearBias = false
  /// In which bucket a distance is, where buckets have scores.
  package var buckets: PositionBuckets?
  /// One more score for each head, to which no value answers.
  package var sinks: Weight?
  /// Whether the keys are of all tokens, even where only some tokens run the program.
  package var seesEveryToken = false
  /// Whether it is added up what each key receives of the weights.
  package var leavesReceived = false
  /// Whether the sums of the softmax are kept for the operation behind it.
  package var leavesSums = false
  /// Which head of keys and values a head of queries meets.
  package enum Order: Hashable, Sendable {
    /// As many neighbours one as others the next.
    case grouped
    /// Head *h* of queries meets head *h* mod *g*.
    case inTurn
  }

  /// Which key-value head a query head meets.
  package var order = Order.grouped
  /// How values bias the scores of their keys.
  package var valueBias: ValueBias?
  /// Whether every head attends twice: to the first half of the heads of values, as if it were all,
  /// and to the second; its outputs stand side by side.
  package var seesHalves = false

  package init(
    heads: Formula, keyValueHeads: Formula, scoreSize: Formula, valueSize: Formula, reach: Reach
  ) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.scoreSize = scoreSize
    self.valueSize = valueSize
    self.reach = reach
  }

  /// The width of what one head returns.
  package var outputSize: Formula { seesHalves ? 2 * valueSize : valueSize }
}

/// Heads of queries over kept keys and compressed entries of several tokens each, which are also their values.
package struct EntryHeads: Hashable, Sendable {
  /// The heads over single keys and over entries.
  package var heads: AttentionHeads
  /// The tokens of one entry.
  package var rate: Formula
  /// How many entries a query sees at most, if they are chosen.
  package var limit: Formula?
}

/// Small heads that score entries, of which a query sees the best: `Σ w·s_w · relu(q·k)·s`.
package struct EntryIndexHeads: Hashable, Sendable {
  /// The heads of the indexer.
  package var heads: Formula
  /// The width of one of them.
  package var headSize: Formula
  /// The tokens of one entry.
  package var rate: Formula
  /// The entries that a query keeps.
  package var kept: Formula
  /// The factor of each score.
  package var scale: Constant
  /// The factor of each head's weight.
  package var weightScale: Constant

  init(_ indexer: CompressedIndexer) {
    heads = indexer.heads
    headSize = indexer.headSize
    rate = indexer.keys.rate
    kept = indexer.kept
    scale = .inverseRoot(headSize)
    weightScale = .inverseRoot(heads)
  }
}

/// Small heads that score keys, and what is chosen by their scores.
package struct IndexHeads: Hashable, Sendable {
  /// The heads of the indexer.
  package var heads: Formula
  /// The width of one of them.
  package var headSize: Formula
  /// What the scores are multiplied by, if anything, where the heads have weights.
  package var scale: Constant?
  /// What these weights are multiplied by, one after the other.
  package var weightScales: [Constant]
  /// Which keys are kept by their scores.
  package var choice: KeyChoice

  init(_ indexer: Indexer) {
    heads = indexer.heads
    headSize = indexer.headSize
    scale = indexer.scalesWeights ? nil : .inverseRoot(headSize)
    weightScales = [.inverseRoot(heads)] + (indexer.scalesWeights ? [.inverseRoot(headSize)] : [])
    choice = indexer.choice
  }
}

/// Maps of which each row meets those of its chosen experts.
package struct ChosenMaps: Hashable, Sendable {
  /// What the maps read, and what becomes of their results.
  package enum Use: Hashable, Sendable {
    /// From a row to what each chosen map gives, side by side.
    case spread
    /// From what stands side by side to the sum of what the maps give, each times its weight.
    case gather
  }

  /// What the maps read, and what becomes of their results.
  package var use: Use
  /// The extents of one map, and the name under which it is shown.
  package var map: Linear
  /// The weights of all, `[E, output, input]`.
  package var stack: Weight
  /// The number of experts, *E*.
  package var experts: Formula
  /// How many of them one row meets.
  package var active: Formula

  package init(
    _ use: Use, map: Linear, stack: Weight, experts: Formula, active: Formula
  ) {
    self.use = use
    self.map = map
    self.stack = stack
    self.experts = experts
    self.active = active
  }
}

/// How scores become a choice of experts.
package struct Routing: Hashable, Sendable {
  /// The router: its rule, its scoring, and its groups.
  package var router: Router
  /// The bias that is added for the choice only.
  package var correction: Weight?
  /// A learned factor of the weight of each expert.
  package var expertScale: Weight?
  /// The experts that compute something, and all that are scored.
  package var experts: Formula
  /// All experts that the router scores, no-op experts included.
  package var scored: Formula
  /// How many of them are chosen for a token.
  package var chosen: Formula
  /// How many tokens an expert takes, if that is limited.
  package var capacity: ExpertSlots?
  /// Whether every expert computes every token.
  package var runsEvery = false
  /// The number of no-op experts that return their input.
  package var returning: Formula = 0
  /// Whether all that compute nothing do.
  package var allReturn = false
  /// The number of experts behind these that return a mean of their input and a vector.
  package var constants: Formula = 0
  /// Whether the experts are those that return such means.
  package var isOfConstants = false
  /// A learned factor of all weights.
  package var factor: Weight?
  /// The experts behind the others that are scored and that every token meets.
  package var always: Formula = 0
  /// Whether these are they, with the weights that such a routing has given them.
  package var isOfAlways = false

  package init(
    router: Router, experts: Formula, scored: Formula, chosen: Formula, capacity: ExpertSlots?,
    runsEvery: Bool
  ) {
    self.router = router
    self.experts = experts
    self.scored = scored
    self.chosen = chosen
    self.capacity = capacity
    self.runsEvery = runsEvery
  }
}

/// The experts of a mixture: one program, run by each of them on the rows that chose it.
package struct Experts: Sendable {
  /// How the experts are chosen.
  package var routing: Routing
  /// How many of the chosen compute something for a token, if the data do not decide.
  package var active: Formula
  /// The name of one expert, with `#` for its number.
  package var path: String
  /// What one expert does with its rows.
  package var body: Program
  /// Whether an answer is weighed behind its expert, and not inside.
  package var weighsAnswer: Bool
}

/// How tokens enter blocks that some of them pass.
package struct Entrance: Sendable {
  /// The router that lets tokens in.
  package var router: DepthRouter
  /// The decision while the future is unknown, where it is not the score that decides.
  package var predictor: Program?
  /// What is done with the tokens that enter.
  package var body: Program
  /// What is done with the tokens that do not enter, if anything; the stream of them stays as it is.
  package var otherwise: Program?
}

extension Operation {
  /// The values that an operation reads.
  package var operands: [Value] {
    switch self {
    case .lookUp, .route(nil, _), .take, .positionFactor, .elements, .exponentials, .lookUpNgrams:
      []
    case .product(let x, _, _), .productOfHeads(let x, _), .addBias(let x, _), .addVector(let x, _),
      .multiplyVector(let x, _),
      .normalize(let x, _), .leave(let x, _), .shift(let x, _), .repeat(let x, _),
      .magnitude(let x), .exceed(let x, _), .pairScores(let x), .convolveHeads(let x, _),
      .delay(let x, _),
      .slice(let x, _), .rotate(let x, _), .activate(let x, _, _, nil), .scale(let x, _),
      .shorten(let x, _),
      .bound(let x, _), .clip(let x, _, _), .route(let x?, _), .weigh(let x), .last(let x, _, _),
      .affine(let x, _, _, _), .sumParts(let x, _), .balance(let x, _), .keepIndex(let x),
      .convolve(let x, _), .previous(let x), .quotient(let x, _), .assign(let x, _),
      .received(let x, _), .scoresAboveSinks(let x, _, _), .confide(let x, _):
      [x]
    case .keepLatents(let x, let y, _): [x] + [y].compactMap(\.self)
    case .keep(let x, let y, _), .activate(let x, _, _, let y?),
      .gate(let x, let y, _), .add(let x, let y), .subtract(let x, let y, _),
      .experts(let x, let y, _),
      .join(let x, let y), .divide(let x, let y, _),
      .mixStreams(let x, let y, _), .mapChosen(let x, let y, _), .rescale(let x, let y, _),
      .interpolate(let x, let y, _), .blend(let x, let y, _), .convolveByToken(let x, let y, _),
      .dot(let x, let y, _):
      [x, y]
    case .scan(let values, _), .attendDepth(let values, _): values
    case .enter(let x, let scores, _): [x] + [scores].compactMap(\.self)
    case .attend(let operands, _): operands.all
    case .groupedProduct(let x, _, _), .meanBlocks(let x, _): [x]
    case .indexBlocks(let x, let y, _): [x, y]
    case .compress(let x, let y, _): [x, y]
    case .indexEntries(let x, let y, let z, _): [x, y, z]
    case .attendEntries(let x, let y, let z, let chosen, _):
      [x, y, z] + [chosen].compactMap(\.self)
    case .attendLatents(let x, let y, let z, _),
      .index(let x, let y, let z, _):
      [x, y] + [z].compactMap(\.self)
    }
  }
}
