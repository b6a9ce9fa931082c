package import Symbolic

/// Writes a program down: one operation after the other, each with its place, its piece and its
/// name.
package struct ProgramBuilder {
  private var steps: [Step] = []
  private var count = 0
  /// The path of the part that is being lowered.
  package private(set) var scope = ""
  private var place = Role.Place.stream
  private var module: Module?
  private var gradients = Gradients.flow

  package init() {}

  /// The program of a stream `[rows, width]`.
  package static func program(
    width: Formula, _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Program {
    var builder = ProgramBuilder()
    return builder.closed(width, body)
  }

  /// A program that looks tokens up.
  package static func program(_ body: (inout ProgramBuilder) -> Value) -> Program {
    var builder = ProgramBuilder()
    let result = body(&builder)
    return Program(input: nil, steps: builder.steps, result: result)
  }

  private mutating func closed(
    _ width: Formula, _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Program {
    let input = value(width)
    let result = body(input, &self)
    return Program(input: input, steps: steps, result: result)
  }

  /// A program inside this one, which runs on other rows: its values are its own.
  private func inside(
    _ width: Formula, _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Program {
    var inner = ProgramBuilder()
    (inner.scope, inner.place, inner.module, inner.gradients) = (scope, place, module, gradients)
    return inner.closed(width, body)
  }

  private mutating func value(_ width: Formula, _ kind: Value.Kind = .numbers) -> Value {
    defer { count += 1 }
    return Value(id: count, kind: kind, width: width)
  }

  private mutating func step(
    _ operation: Operation, _ width: Formula, _ piece: Role.Piece, _ name: String,
    kind: Value.Kind = .numbers
  ) -> Value {
    let result = value(width, kind)
    steps.append(
      Step(
        result: result, operation: operation, scope: scope, name: name,
        role: Role(place, piece), gradients: gradients, module: module))
    return result
  }

  /// Everything that `body` adds has such gradients.
  mutating func with<Result>(
    _ gradients: Gradients, _ body: (inout ProgramBuilder) -> Result
  ) -> Result {
    let outer = self.gradients
    self.gradients = gradients
    defer { self.gradients = outer }
    return body(&self)
  }

  /// Everything that `body` adds stands under a path and belongs to a place, perhaps to a module.
  package mutating func within<Result>(
    _ path: String, _ place: Role.Place? = nil, _ module: Module? = nil,
    _ body: (inout ProgramBuilder) -> Result
  ) -> Result {
    let outer = (scope, self.place, self.module)
    if !path.isEmpty { scope = scope.isEmpty ? path : "\(scope).\(path)" }
    self.place = place ?? self.place
    self.module = module ?? self.module
    defer { (scope, self.place, self.module) = outer }
    return body(&self)
  }
}

// MARK: - Operations

extension ProgramBuilder {
  /// The rows of a table that tokens or positions select: `[T, width]`.
  package mutating func lookUp(_ table: Embedding) -> Value {
    step(.lookUp(table), table.width, .table, "")
  }

  mutating func lookUp(_ table: NgramTable) -> Value {
    step(.lookUpNgrams(table), table.total, .table, "")
  }

  mutating func dot(_ x: Value, _ y: Value, parts: Formula, _ name: String) -> Value {
    step(.dot(x, y, parts: parts), parts, .activation, name)
  }

  /// An affine map: the product, and the sum with a bias where it has one.
  package mutating func map(_ x: Value, _ map: Linear, isTied: Bool = false) -> Value {
    let y = step(.product(x, map, isTied: isTied), map.output, .map, map.name)
    return map.hasBias ? step(.addBias(y, map), map.output, .bias, map.name) : y
  }

  /// The same for each head by itself.
  package mutating func map(_ x: Value, _ map: HeadwiseLinear) -> Value {
    let y = step(.productOfHeads(x, map), map.heads * map.output, .map, map.name)
    return map.bias.map { addVector(y, $0, map.name) } ?? y
  }

  /// A map of the whole row, or one of each head.
  package mutating func map(_ x: Value, _ map: RowMap) -> Value {
    switch map {
    case .whole(let map): self.map(x, map)
    case .headwise(let map): self.map(x, map)
    }
  }

  /// The sum with a learned vector, which is repeated along the row where it is shorter.
  package mutating func addVector(_ x: Value, _ vector: Weight, _ name: String) -> Value {
    step(.addVector(x, vector), x.width, .bias, name)
  }

  /// The norm of each row, and its gate of low rank where it has one.
  package mutating func normalize(
    _ x: Value, _ norm: Normalization, as piece: Role.Piece = .norm
  ) -> Value {
    let y = step(.normalize(x, norm), x.width, piece, norm.name.replacing(".#", with: ""))
    guard let gate = norm.gate else { return y }
    let inner = activate(map(y, gate.down), .silu, "\(gate.name).activation")
    return self.gate(y, by: map(inner, gate.up), .logistic, "\(gate.name).gate")
  }

  mutating func divide(
    _ x: Value, byMagnitudeOf y: Value, _ norm: Normalization
  ) -> Value {
    step(.divide(x, byMagnitudeOf: y, norm), x.width, .norm, norm.name)
  }

  mutating func affine(
    _ x: Value, scales: Weight, shift: Weight, _ pieces: [Formula], _ name: String
  ) -> Value {
    step(.affine(x, scales: scales, shift: shift, pieces), x.width, .multiplier, name)
  }

  mutating func sumParts(_ x: Value, _ count: Formula, _ name: String) -> Value {
    step(.sumParts(x, count), x.width / count, .residual, name)
  }

  mutating func balance(_ x: Value, _ balance: Balance, _ name: String) -> Value {
    step(.balance(x, balance), x.width, .multiplier, name)
  }

  /// Some of the elements of each row.
  package mutating func slice(_ x: Value, _ slice: Slice) -> Value {
    step(.slice(x, slice), slice.width, .cut, "")
  }

  /// The rotation of a part of each head by angles of the position.
  package mutating func rotate(
    _ x: Value, _ rotation: Rotation, _ name: String = "rotary"
  ) -> Value {
    step(.rotate(x, rotation), x.width, .rotation, name)
  }

  /// Appends keys and values to the cache: `[T, g·(scoreSize + valueSize)]`.
  package mutating func keep(keys: Value, values: Value, _ reach: Reach) -> Value {
    step(
      .keep(keys: keys, values: values, reach), keys.width + values.width, .cache, "cache",
      kind: .kept)
  }

  /// The elements of two values side by side.
  package mutating func join(_ x: Value, _ y: Value) -> Value {
    step(.join(x, y), x.width + y.width, .cut, "")
  }

  /// Appends latents, with their rotary keys, to the cache of latent attention, unless those of
  /// another layer that has cached them are lent.
  package mutating func keepLatents(
    _ latents: Value, lent: Value? = nil, _ heads: LatentHeads
  ) -> Value {
    step(.keepLatents(latents, lent: lent, heads), latents.width, .cache, "", kind: .kept)
  }

  /// The numbers of a tensor of rows.
  package mutating func elements(_ weight: Weight) -> Value {
    step(.elements(weight), weight.shape.last ?? 1, .table, "")
  }

  /// *e* to the power of each number of a tensor.
  package mutating func exponentials(_ weight: Weight, _ name: String) -> Value {
    step(.exponentials(weight), weight.count, .rotation, name)
  }

  /// Appends keys to the cache of an indexer.
  package mutating func keepIndex(_ keys: Value) -> Value {
    step(.keepIndex(keys), keys.width, .cache, "indexer.cache", kind: .kept)
  }

  /// The keys that each query sees, by the scores of an indexer.
  package mutating func index(
    _ q: Value, _ kept: Value, weights: Value?, _ heads: IndexHeads
  ) -> Value {
    step(.index(q, kept: kept, weights: weights, heads), 1, .scores, "", kind: .keys)
  }

  mutating func meanBlocks(_ keys: Value, _ indexer: BlockIndexer) -> Value {
    step(.meanBlocks(keys, indexer), keys.width, .cache, "", kind: .kept)
  }

  mutating func indexBlocks(_ q: Value, _ kept: Value, _ indexer: BlockIndexer) -> Value {
    step(.indexBlocks(q, kept: kept, indexer), 1, .scores, "", kind: .keys)
  }

  mutating func compress(
    _ x: Value, weights: Value, _ compression: KeyCompression
  ) -> Value {
    step(
      .compress(x, weights: weights, compression), compression.width, .cache, "", kind: .kept)
  }

  mutating func indexEntries(
    _ q: Value, _ kept: Value, weights: Value, _ heads: EntryIndexHeads
  ) -> Value {
    step(.indexEntries(q, kept: kept, weights: weights, heads), 1, .scores, "", kind: .keys)
  }

  mutating func attendEntries(
    _ q: Value, _ kept: Value, _ entries: Value, chosen: Value?, _ heads: EntryHeads
  ) -> Value {
    step(
      .attendEntries(q, kept: kept, entries: entries, chosen: chosen, heads), q.width, .scores, "")
  }

  /// The maps of groups of elements: the weight is `[output, width of a group]`.
  mutating func groupedMap(_ x: Value, _ map: Linear, _ groups: Formula) -> Value {
    step(.groupedProduct(x, map, groups: groups), map.output, .map, map.name)
  }

  /// Latent attention of queries over cached latents: `[T, h·d_v]`.
  package mutating func attendLatents(
    _ q: Value, _ kept: Value, chosen: Value?, _ heads: LatentHeads
  ) -> Value {
    step(
      .attendLatents(q, kept: kept, chosen: chosen, heads), heads.heads * heads.valueSize, .scores,
      "")
  }

  /// Softmax attention: scores, softmax, and the weighted sum of values, `[T, h·d_v]`.
  package mutating func attend(_ operands: AttentionOperands, _ heads: AttentionHeads) -> Value {
    step(.attend(operands, heads), heads.heads * heads.outputSize, .scores, "")
  }

  mutating func attendDepth(_ streams: [Value], _ reading: DepthReading) -> Value {
    step(.attendDepth(streams, reading), reading.queries * reading.width, .scores, "")
  }

  /// Every vector no longer than a bound, after the product with a learned one where there is one.
  mutating func shorten(_ x: Value, _ bound: LengthBound) -> Value {
    let scaled = bound.scale.map { scale(x, by: LearnedScale($0), bound.name, as: .norm) } ?? x
    return step(.shorten(scaled, bound), x.width, .norm, bound.name)
  }

  /// A function of each element, and the product with `factor` where there is one.
  package mutating func activate(
    _ x: Value, _ function: Activation, _ name: String = "activation", slopes: [Weight] = [],
    times factor: Value? = nil, as piece: Role.Piece = .activation
  ) -> Value {
    step(.activate(x, function, slopes: slopes, times: factor), x.width, piece, name)
  }

  /// The product of two values, number by number.
  package mutating func multiply(
    _ x: Value, by factor: Value, _ name: String, as piece: Role.Piece = .activation
  ) -> Value {
    activate(x, .identity, name, times: factor, as: piece)
  }

  /// The product with a function of gates: one for each element, or one for each head.
  package mutating func gate(
    _ x: Value, by gates: Value, _ function: GateFunction, _ name: String,
    as piece: Role.Piece = .gate
  ) -> Value {
    step(.gate(x, by: gates, function), x.width, piece, name)
  }

  /// The sum of two values of one width.
  package mutating func add(
    _ x: Value, _ y: Value, _ name: String, as piece: Role.Piece = .residual
  ) -> Value {
    step(.add(x, y), x.width, piece, name)
  }

  /// The first half of each row less *λ* times the second.
  package mutating func subtractHalf(
    of x: Value, _ difference: HeadDifference, _ name: String
  ) -> Value {
    let half = x.width / 2
    let first = slice(x, Slice(x.width, first: 0, count: half))
    let second = slice(x, Slice(x.width, first: half, count: half))
    return step(.subtract(first, second, times: difference), half, .activation, name)
  }

  /// The product with a constant.
  package mutating func scale(
    _ x: Value, by factor: Constant, _ name: String, as piece: Role.Piece = .multiplier
  ) -> Value {
    step(.scale(x, by: factor), x.width, piece, name)
  }

  /// Factors of each row that depend on its position: one, or one for each head.
  package mutating func positionFactor(_ scale: PositionScale, _ name: String) -> Value {
    step(.positionFactor(scale), scale.width, .scores, name)
  }

  /// The product of each row, or of each of its heads, with a number of its own.
  package mutating func scale(_ x: Value, byRow factors: Value, _ name: String) -> Value {
    gate(x, by: factors, .identity, name, as: .scores)
  }

  /// The product of each row with a factor that depends on its position.
  package mutating func scale(
    _ x: Value, by scale: PositionScale, _ name: String
  ) -> Value {
    let factors = positionFactor(scale, name)
    return self.scale(x, byRow: factors, name)
  }

  /// `c·tanh(x/c)` of each element.
  package mutating func bound(
    _ x: Value, by limit: Constant, _ name: String, as piece: Role.Piece = .cap
  ) -> Value {
    step(.bound(x, by: limit), x.width, piece, name)
  }

  /// Each element cut off at ±c, or at c alone.
  package mutating func clip(
    _ x: Value, to limit: Constant, _ name: String, isAboveOnly: Bool = false
  ) -> Value {
    step(.clip(x, to: limit, isAboveOnly: isAboveOnly), x.width, .cap, name)
  }

  /// The choice of experts for each row, with their weights.
  package mutating func route(_ scores: Value?, _ routing: Routing) -> Value {
    step(.route(scores, routing), routing.chosen, .choice, "router", kind: .choice)
  }

  /// The weighted sum of what the chosen experts return; `body` is one expert.
  package mutating func experts(
    _ x: Value, _ choice: Value, _ routing: Routing, active: Formula, path: String,
    weighsAnswer: Bool, as place: Role.Place = .routedExpert,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    let program = within(path, place) { $0.inside(x.width, body) }
    let experts = Experts(
      routing: routing, active: active, path: path, body: program, weighsAnswer: weighsAnswer)
    return step(
      .experts(x, choice: choice, experts), program.result.width, .weighting, "combine")
  }

  /// A mean of every row and a vector, by a softmax of two numbers.
  package mutating func blend(
    _ x: Value, by gates: Value, _ vector: Weight, _ name: String
  ) -> Value {
    step(.blend(x, by: gates, vector), x.width, .gate, name)
  }

  /// The product of every row with the weight with which it is where the program runs.
  package mutating func weigh(_ x: Value, _ name: String) -> Value {
    step(.weigh(x), x.width, .weighting, name)
  }

  /// The product with the weight of an expert, shown with those of the mixture around it.
  package mutating func weigh(_ x: Value, in outer: String) -> Value {
    let own = scope
    scope = outer
    defer { scope = own }
    return step(.weigh(x), x.width, .weighting, "combine")
  }

  /// The mean weight that the key of each row has received in an attention, `[T, 1]`.
  package mutating func received(_ y: Value, _ heads: AttentionHeads) -> Value {
    step(.received(y, heads), 1, .choice, "received")
  }

  /// By how much the logarithm of the sum of each head's exponentials is above a sink, `[T, h]`.
  package mutating func scoresAboveSinks(
    _ y: Value, _ heads: AttentionHeads, _ sinks: Weight
  ) -> Value {
    step(.scoresAboveSinks(y, heads, sinks: sinks), heads.heads, .scores, sinks.name)
  }

  /// The weights of recursions for each row, which is assigned to the one with the greatest score.
  package mutating func assign(
    _ scores: Value, _ assignment: RecursionAssignment, _ name: String
  ) -> Value {
    step(.assign(scores, assignment), scores.width, .choice, name)
  }

  /// The rows that a router lets in, through a program of their own, back in their positions.
  package mutating func enter(
    _ x: Value, _ scores: Value?, _ router: DepthRouter,
    predictor: ((Value, inout ProgramBuilder) -> Value)?,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    let decision = predictor.map { inside(x.width, $0) }
    let program = ProgramBuilder.program(width: x.width, body)
    let entrance = Entrance(router: router, predictor: decision, body: program)
    return step(.enter(x, scores: scores, entrance), x.width, .choice, router.path)
  }

  /// The same for those that a router says, while something else is done with the others.
  package mutating func enter(
    _ x: Value, _ router: DepthRouter, otherwise: (Value, inout ProgramBuilder) -> Value,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    let program = ProgramBuilder.program(width: x.width, body)
    var entrance = Entrance(router: router, predictor: nil, body: program)
    entrance.otherwise = ProgramBuilder.program(width: x.width, otherwise)
    return step(.enter(x, scores: nil, entrance), x.width, .choice, router.path)
  }

  /// The scores of the vocabulary as they are, once each row has decided by them whether it leaves.
  package mutating func confide(_ scores: Value, _ threshold: Constant) -> Value {
    step(.confide(scores, threshold), scores.width, .choice, "confidence")
  }

  /// A causal convolution of each channel, with the inputs of earlier passes.
  package mutating func convolve(_ x: Value, _ convolution: CausalConvolution) -> Value {
    step(.convolve(x, convolution), convolution.channels, .recurrence, convolution.name)
  }

  mutating func convolve(
    _ x: Value, by kernels: Value, _ convolution: DynamicConvolution
  ) -> Value {
    step(
      .convolveByToken(x, kernels: kernels, convolution), convolution.channels, .recurrence,
      convolution.name)
  }

  /// The row of the token before, zeros before the first.
  package mutating func previous(_ x: Value) -> Value {
    step(.previous(x), x.width, .recurrence, "previous")
  }

  /// The quotient by a constant.
  package mutating func quotient(
    _ x: Value, by division: Division, _ name: String
  ) -> Value {
    step(.quotient(x, by: division), x.width, .multiplier, name)
  }

  /// `μ·x + (1 − μ)·y` with a learned *μ* for each element.
  package mutating func interpolate(
    _ x: Value, _ y: Value, _ weight: Weight, _ name: String, as piece: Role.Piece
  ) -> Value {
    step(.interpolate(x, y, weight), x.width, piece, name)
  }

  /// A recurrence over the tokens of each sequence.
  package mutating func scan(_ values: [Value], _ scan: Scan) -> Value {
    step(.scan(values, scan), scan.width, .recurrence, "scan")
  }

  /// The last row of each sequence, where only that one is scored; else those behind a prompt.
  package mutating func last(_ x: Value, always: Bool, behind prompt: Formula? = nil) -> Value {
    step(.last(x, always: always, behind: prompt), x.width, .cut, "")
  }

  /// The product with a learned vector, after the sum with another where there is one.
  package mutating func scale(
    _ x: Value, by scale: LearnedScale, _ name: String, as piece: Role.Piece = .residual
  ) -> Value {
    let y = scale.shift.map { step(.addVector(x, $0), x.width, piece, name) } ?? x
    return step(.multiplyVector(y, scale.factor), x.width, piece, name)
  }

  /// The difference of two values of one width.
  package mutating func subtract(
    _ x: Value, _ y: Value, _ name: String, as piece: Role.Piece = .residual
  ) -> Value {
    step(.subtract(x, y, times: nil), x.width, piece, name)
  }

  /// The sum of each element with a constant.
  package mutating func shift(
    _ x: Value, by constant: Constant, _ name: String, as piece: Role.Piece = .multiplier
  ) -> Value {
    step(.shift(x, by: constant), x.width, piece, name)
  }

  /// Each row repeated side by side, `[T, times·width]`.
  package mutating func `repeat`(_ x: Value, times: Formula) -> Value {
    step(.repeat(x, times: times), times * x.width, .cut, "")
  }

  /// Sums of streams side by side, with coefficients of each token.
  package mutating func mixStreams(
    _ x: Value, by coefficients: Value, _ mixing: StreamMixing, _ name: String
  ) -> Value {
    step(
      .mixStreams(x, by: coefficients, mixing), mixing.results * mixing.width, .map, name)
  }

  /// The root mean square of each row, `[T, 1]`.
  package mutating func magnitude(_ x: Value, _ name: String) -> Value {
    step(.magnitude(x), 1, .multiplier, name)
  }

  /// Each row, brought to the root mean square of another value.
  package mutating func rescale(
    _ x: Value, to magnitude: Value, least: Constant, _ name: String
  ) -> Value {
    step(.rescale(x, to: magnitude, least: least), x.width, .multiplier, name)
  }

  /// What of each element exceeds the mean of its row by a number of deviations, else zero.
  package mutating func exceed(
    _ x: Value, deviations: Constant, _ name: String
  ) -> Value {
    step(.exceed(x, deviations: deviations), x.width, .activation, name)
  }

  /// Each row through the maps of the experts that were chosen for it.
  package mutating func mapChosen(
    _ x: Value, _ choice: Value, _ maps: ChosenMaps
  ) -> Value {
    let width = maps.use == .spread ? maps.active * maps.map.output : maps.map.output
    return step(.mapChosen(x, choice: choice, maps), width, .weighting, maps.map.name)
  }

  /// The two convolutions of compressed convolutional attention, with means and lengths.
  package mutating func convolveHeads(_ x: Value, _ heads: ConvolvedHeads) -> Value {
    step(.convolveHeads(x, heads), x.width, .recurrence, "conv_qk")
  }

  /// The result of the token before; before the first, that of a row of zeros.
  package mutating func delay(_ x: Value, _ map: Linear) -> Value {
    step(.delay(x, map), x.width, .recurrence, map.name)
  }

  /// The sums of all pairs of two lists of scores, `[T, n²]`.
  package mutating func pairScores(_ x: Value, to experts: Formula) -> Value {
    step(.pairScores(x), experts, .choice, "router")
  }

  /// Leaves a value to the programs after this one.
  package mutating func leave(_ x: Value, as legacy: Legacy) -> Value {
    step(.leave(x, legacy), x.width, .cache, "", kind: x.kind)
  }

  /// What a program before this one has left.
  package mutating func take(
    _ legacy: Legacy, width: Formula, kind: Value.Kind = .numbers
  ) -> Value {
    step(.take(legacy), width, .cache, "", kind: kind)
  }
}
