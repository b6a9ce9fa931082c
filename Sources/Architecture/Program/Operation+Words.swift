import Symbolic

/// Operations in words, for a person who knows the paper.
extension Operation {
  /// A short name of the kind of operation.
  package var kind: String {
    switch self {
    case .lookUp: "look_up"
    case .product: "product"
    case .productOfHeads: "product_of_heads"
    case .addBias: "add_bias"
    case .addVector: "add_vector"
    case .multiplyVector: "multiply_vector"
    case .leave: "leave"
    case .take: "take"
    case .shift: "shift"
    case .repeat: "repeat"
    case .mixStreams: "mix_streams"
    case .magnitude: "magnitude"
    case .rescale: "rescale"
    case .exceed: "exceed"
    case .mapChosen: "map_chosen"
    case .convolveHeads: "convolve_heads"
    case .delay: "delay"
    case .pairScores: "pair_scores"
    case .normalize: "normalize"
    case .compress: "compress"
    case .meanBlocks: "mean_blocks"
    case .indexBlocks: "index_blocks"
    case .indexEntries: "index_entries"
    case .attendEntries: "attend_entries"
    case .groupedProduct: "grouped_product"
    case .divide: "divide"
    case .affine: "affine"
    case .sumParts: "sum_parts"
    case .balance: "balance"
    case .slice: "slice"
    case .join: "join"
    case .rotate: "rotate"
    case .keep: "keep"
    case .keepLatents: "keep_latents"
    case .keepIndex: "keep_index"
    case .index: "index"
    case .attend: "attend"
    case .attendLatents: "attend_latents"
    case .activate: "activate"
    case .gate: "gate"
    case .add: "add"
    case .subtract: "subtract"
    case .scale: "scale"
    case .positionFactor: "position_factor"
    case .elements: "elements"
    case .exponentials: "exponentials"
    case .shorten: "shorten"
    case .lookUpNgrams: "look_up_ngrams"
    case .dot: "dot"
    case .attendDepth: "attend_depth"
    case .convolveByToken: "convolve_by_token"
    case .bound: "bound"
    case .clip: "clip"
    case .route: "route"
    case .experts: "experts"
    case .weigh: "weigh"
    case .assign: "assign"
    case .received: "received"
    case .scoresAboveSinks: "scores_above_sinks"
    case .confide: "confide"
    case .enter: "enter"
    case .convolve: "convolve"
    case .previous: "previous"
    case .interpolate: "interpolate"
    case .blend: "blend"
    case .quotient: "quotient"
    case .scan: "scan"
    case .last: "last"
    }
  }

  /// What is computed, with the names that values have.
  package func words(_ name: (Value) -> String) -> String {
    switch self {
    case .lookUp(let table):
      return switch table.index {
      case .token: "the row of the table for each token"
      case .position where table.waves == nil: "the row of the table for each position"
      case .position: "sines and cosines of each position"
      case .segment: "the row of the table for the segment of each token"
      }
    case .product(let x, let map, let isTied):
      return "\(name(x)) · \(isTied ? "the token table" : map.name)ᵀ"
    case .productOfHeads(let x, let map):
      return "each of the \(map.heads) heads of \(name(x)) · \(map.weight.name)"
        + (map.isShared ? "" : "ᵀ")
    case .addBias(let x, let map): return "\(name(x)) + \(map.biasName)"
    case .addVector(let x, let vector): return "\(name(x)) + \(vector.name)"
    case .multiplyVector(let x, let vector): return "\(name(x)) · \(vector.name)"
    case .leave(let x, let legacy): return "\(name(x)), left as \(legacy.words)"
    case .take(let legacy): return "\(legacy.words), as left before"
    case .shift(let x, let constant): return "\(name(x)) + \(constant)"
    case .repeat(let x, let times): return "\(name(x)), \(times) times side by side"
    case .mixStreams(let x, let coefficients, let mixing):
      return "\(mixing.results) sums of the \(mixing.streams) streams of \(name(x)), "
        + "with coefficients \(name(coefficients))"
    case .magnitude(let x): return "√(mean(\(name(x))²))"
    case .rescale(let x, let magnitude, let least):
      return "\(name(x)) · \(name(magnitude)) / √(max(\(least), mean(\(name(x))²)))"
    case .mapChosen(let x, let choice, let maps):
      return maps.use == .spread
        ? "\(name(x)) through \(maps.map.name) of each expert of \(name(choice)), side by side"
        : "Σ over the experts of \(name(choice)): weight · \(maps.map.name) of its part of \(name(x))"
    case .convolveHeads(let x, let heads):
      return "\(name(x)) convolved channel by channel and head by head, with the means of queries "
        + "and keys, heads of length √(\(heads.headSize))"
    case .delay(let x, let map):
      return "\(name(x)) of the token before; of the first \(map.name) of nothing"
    case .pairScores(let x): return "the sums of all pairs of the two halves of \(name(x))"
    case .exceed(let x, let deviations):
      return "max(0, \(name(x)) − mean − \(deviations) · deviation), of each row"
    case .normalize(let x, let norm): return "\(norm.words)(\(name(x)))\(norm.detail)"
    case .divide(let x, let y, let norm):
      return "\(name(x)) / √(mean(\(name(y))²) + \(norm.epsilon.map { "\($0)" } ?? "ε"))"
    case .compress(let x, let weights, let compression):
      let windows = compression.overlaps ? ", and of the window before" : ""
      return "for every \(compression.rate) tokens Σ softmax(\(name(weights)) + "
        + "\(compression.places.name)) · \(name(x))\(windows), its rms_norm, turned by the first "
        + "position; beside those kept"
    case .meanBlocks(let keys, let indexer):
      return
        "for every \(indexer.blockSize) tokens the mean of \(name(keys)), its rms_norm, turned "
        + "by the first position; beside those kept"
    case .indexBlocks(let q, let kept, let indexer):
      return "\(indexer.budget) keys of the best blocks of \(indexer.blockSize) by Σ "
        + "relu(\(name(q))·k) / √(\(indexer.headSize)), \(indexer.heads) heads, over "
        + "\(name(kept)), and those of the unfinished block"
    case .indexEntries(let q, let kept, let weights, let heads):
      return "the \(heads.kept) best entries by Σ relu(\(name(q))·k) · \(heads.scale) · "
        + "\(name(weights)) · \(heads.weightScale), \(heads.heads) heads, over \(name(kept))"
    case .attendEntries(let q, let kept, let entries, let chosen, let heads):
      return "\(heads.heads.words(name(q))) over \(name(kept)) and entries \(name(entries))"
        + (chosen.map { ", of which \(name($0))" } ?? "")
    case .groupedProduct(let x, let map, let groups):
      return "\(name(x)) · \(map.name)ᵀ, in each of \(groups) groups by itself"
    case .affine(let x, let scales, let shift, let pieces):
      let counts = pieces.map { "\($0)" }.joined(separator: ", ")
      return "\(name(x)) · \(scales.name) + \(shift.name), a factor for each of the \(counts)"
    case .sumParts(let x, let count): return "Σ of the \(count) parts of \(name(x))"
    case .balance(let x, let balance):
      return "softmax of the rows of \(name(x)) as [\(balance.size), \(balance.size)], scaled "
        + "\(balance.iterations) times so that columns and rows sum to 1, + \(balance.epsilon)"
    case .slice(let x, let slice): return "of \(name(x)) \(slice.words)"
    case .join(let x, let y): return "\(name(x)) and \(name(y)), side by side"
    case .rotate(let x, let rotation):
      return
        "\(name(x)), \(rotation.heads) heads, turned \(rotation.isBackwards ? "back " : "")by the position: \(rotation.angles.words)"
    case .keep(let keys, let values, let reach):
      return "keys \(name(keys)) and values \(name(values)) beside those cached\(reach.words)"
    case .attend(let operands, let heads):
      return "\(heads.words(operands, name)) over \(name(operands.kept))"
        + (operands.chosen.map { ", of which \(name($0))" } ?? "")
    case .attendDepth(let streams, let reading):
      return "softmax over \(streams.map(name).joined(separator: ", ")) of "
        + "\(reading.query)·x / √(\(reading.width)), times each"
    case .lookUpNgrams(let table):
      return "\(table.sizes.count) rows of the table that hashes of the last \(table.length) "
        + "tokens select"
    case .dot(let x, let y, let parts):
      return "\(name(x)) · \(name(y)), in each of \(parts) parts"
    case .shorten(let x, let bound):
      return "\(name(x)) · min(1, \(bound.limit)/(length + \(bound.epsilon))), "
        + "\(bound.vectors) vectors of \(bound.width)"
    case .convolveByToken(let x, let kernels, let convolution):
      return "of each of the \(convolution.channels) channels of \(name(x)) the last "
        + "\(convolution.kernel) elements · (\(convolution.fixed.name) + \(name(kernels)))"
    case .keepLatents(let latents, let lent?, let heads):
      return "\(name(lent)), without any of its own; in the expanded form keys and values, "
        + "\(heads.expand.name) of \(name(latents)), beside those cached\(heads.reach.words)"
    case .keepLatents(let latents, nil, let heads):
      return "latents \(name(latents)) beside those cached\(heads.reach.words); "
        + "in the expanded form keys and values, \(heads.expand.name) of them"
    case .keepIndex(let keys): return "keys \(name(keys)) beside those cached"
    case .index(let q, let kept, let weights, let heads):
      return "\(heads.choice.words) by \(heads.words(name(q), weights.map(name))) "
        + "over \(name(kept))"
    case .attendLatents(let q, let kept, let chosen, let heads):
      return "\(heads.expanded.words(name(q))) over \(name(kept))"
        + (chosen.map { ", of which \(name($0))" } ?? "") + "; "
        + "absorbed: \(heads.expand.name) on both sides, 1 head of keys"
    case .activate(let x, let function, _, let factor):
      return "\(function)(\(name(x)))" + (factor.map { " ⊙ \(name($0))" } ?? "")
    case .gate(let x, let gates, .logistic): return "\(name(x)) ⊙ σ(\(name(gates)))"
    case .gate(let x, let gates, .softplus): return "\(name(x)) ⊙ softplus(\(name(gates)))"
    case .gate(let x, let gates, .identity): return "\(name(x)) ⊙ \(name(gates))"
    case .add(let x, let y): return "\(name(x)) + \(name(y))"
    case .subtract(let x, let y, nil): return "\(name(x)) − \(name(y))"
    case .subtract(let x, let y, let difference?):
      let powers = [difference.raising, difference.lowering].map { pair in
        "exp(\(pair.map(\.name).joined(separator: " · ")))"
      }
      return "\(name(x)) − λ · \(name(y)), λ = \(powers.joined(separator: " − ")) + "
        + "\(difference.start)"
    case .scale(let x, let factor): return "\(name(x)) · \(factor)"
    case .positionFactor(.steps(let weight, let length, let fromOne)):
      return "1 + \(weight) · ln(1 + ⌊\(fromOne ? "(p + 1)" : "p") / \(length)⌋)"
    case .positionFactor(.power(let exponent, let length)):
      return "exp(\(exponent) · ln(1 + (p + 1) / \(length)))"
    case .elements(let weight): return weight.name
    case .exponentials(let weight): return "exp(\(weight.name))"
    case .positionFactor(.learned(let slope, let offset)):
      return "\(slope.name) · ln(p + 1) + \(offset.name), for each head"
    case .positionFactor(.logarithm(let weight, let floor)):
      return "1 + \(weight) · ln(max(1, (p + 1) / \(floor)))"
    case .bound(let x, let limit): return "\(limit) · tanh(\(name(x)) / \(limit))"
    case .clip(let x, let limit, let isAboveOnly):
      return "\(name(x)), no \(isAboveOnly ? "more" : "further from zero") than \(limit)"
    case .route(let scores, let routing): return routing.words(scores.map(name) ?? "each token")
    case .experts(let x, let choice, let experts):
      return "Σ over the experts of \(name(choice)): weight · expert(\(name(x))), "
        + "one of \(experts.routing.experts):"
    case .weigh(let x): return "\(name(x)) · the weight of the row"
    case .confide(let x, let threshold):
      return "\(name(x)); a row leaves if the two greatest of their softmax differ by more than "
        + "\(threshold)"
    case .scoresAboveSinks(_, let heads, let sinks):
      return "ln Σ exp of the scores of the last attention − \(sinks.name), \(heads.heads) heads"
    case .received(_, let heads):
      return "of the weights of the last attention what each row's key has, mean over "
        + "\(heads.heads) heads and all queries"
    case .assign(let x, let assignment):
      let scores = assignment.gate == .softmax ? "softmax(\(name(x)))" : "σ(\(name(x)))"
      return "\(scores); a row takes part in as many of \(assignment.recursions) recursions as the "
        + "place of its greatest says"
    case .enter(let x, let scores, let entrance):
      let others =
        entrance.router.leastRecursions.map { "they take part in \($0) recursions or more" }
        ?? entrance.router.draw.map {
          "a draw of probability \(entrance.router.capacity) lets their sequence in"
            + ($0 == .always ? "" : ", in training")
        } ?? (entrance.router.isExit ? "they have not left" : "the last router let them in")
      let who = scores.map { entrance.router.words(name($0)) } ?? others
      return "\(name(x)), its rows replaced where \(who):"
    case .convolve(let x, let convolution):
      return "of each of the \(convolution.channels) channels of \(name(x)) the last "
        + "\(convolution.kernel) elements · \(convolution.name)"
        + (convolution.hasBias ? " + \(convolution.name).bias" : "")
    case .previous(let x): return "\(name(x)) of the token before"
    case .blend(let x, let gates, let vector):
      return "α₁ · \(name(x)) + α₂ · \(vector.name), α = softmax(\(name(gates)))"
    case .quotient(let x, let division):
      return "\(name(x)) / \(division.divisor)"
        + (division.holdsInTraining ? "" : ", where nothing is trained")
    case .interpolate(let x, let y, let weight):
      return "\(weight.name) · \(name(x)) + (1 − \(weight.name)) · \(name(y))"
    case .scan(let values, let scan): return scan.words(values.map(name))
    case .last(let x, let always, let prompt):
      return "the last row of each sequence of \(name(x))"
        + (always ? "" : ", if only it is requested")
        + (prompt.map { "; otherwise those behind the \($0) of the prompt" } ?? "")
    }
  }
}

extension Normalization {
  fileprivate var words: String {
    switch kind {
    case .rootMeanSquare: "rms_norm"
    case .layer: "layer_norm"
    }
  }

  fileprivate var detail: String {
    var parts = [epsilon.map { "ε = \($0)" }, addsOne ? "weight + 1" : nil].compactMap(\.self)
    if !hasWeight { parts.append("no weight") }
    if vectors != .one { parts.append("\(vectors) vectors of \(shape.last ?? 1)") }
    return parts.isEmpty ? "" : ", " + parts.joined(separator: ", ")
  }
}

extension Legacy {
  /// What was left, in words.
  package var words: String {
    switch self {
    case .firstStream: "the stream as it came into the first layer"
    case .stream(let number): "the stream left as number \(number)"
    case .layerTable: "what the table says to all layers"
    case .routerState: "the state of the router"
    case .otherState: "the state of the other stack"
    case .entered: "what entered the first of these layers"
    case .recursionInput: "what entered the first recursion"
    case .recursionScores: "the scores of the recursions"
    case .attentionReceived: "what attention has given to each token"
    case .keysAndValues(let kind): "keys and values of \(kind)"
    case .latents(let kind): "latents of \(kind)"
    case .angleFactors: "the factors of rotary angles"
    case .positionScores: "the scores of distances"
    case .chosenKeys: "the keys that the last indexer has chosen"
    }
  }
}

extension Slice {
  fileprivate var words: String {
    guard axes.count > 1 else { return "the \(count) elements from \(first) on" }
    let shape = axes.map { "\($0)" }.joined(separator: ", ")
    return "as [\(shape)] the \(count) from \(first) on along axis \(axis + 1)"
  }
}

extension RotaryAngles {
  fileprivate var words: String {
    let pairs =
      (pairing == .halves ? "" : ", pairs side by side") + (turnsBack ? ", backwards" : "")
      + (isStretched ? ", each times a learned factor" : "")
    let rule: String =
      switch scaling {
      case .none: ""
      case .linear(let factor): ", linear by \(factor)"
      case .dynamic(let factor, let original): ", dynamic by \(factor) beyond \(original)"
      case .yarn(let yarn): ", yarn by \(yarn.factor) beyond \(yarn.original)"
      case .llama3(let factor, _, _, let original): ", llama3 by \(factor) beyond \(original)"
      case .long(_, _, let original, _): ", a factor for each pair beyond \(original)"
      case .proportional(let share, let factor):
        ", \(share) of them" + (factor == .one ? "" : ", linear by \(factor)")
      case .other(let name): ", \(name)"
      }
    return "\(size) elements of each, base \(base)\(rule)\(pairs)"
  }
}

extension Reach {
  fileprivate var words: String {
    switch self {
    case .all: ""
    case .window(let size, _): ", the last \(size)"
    case .windowBehindPrompt(let size): ", the prompt and the last \(size) behind it"
    case .chosen(let count): ", the \(count) that are chosen"
    case .chunk(let size): ", those of a chunk of \(size)"
    case .blocks(let kept, let size): ", the \(kept) of the best blocks of \(size)"
    case .bestBlocks(let size, let count): ", the best \(count) blocks of \(size)"
    }
  }
}

extension IndexHeads {
  fileprivate func words(_ queries: String, _ weights: String?) -> String {
    guard let weights else { return "\(queries)·k of each of \(heads) heads" }
    let scores = "relu(\(queries)·k\(scale.map { " · \($0)" } ?? ""))"
    let scales = weightScales.map { " · \($0)" }.joined()
    return "Σ \(scores) · \(weights)\(scales), \(heads) heads,"
  }
}

extension KeyChoice {
  fileprivate var words: String {
    switch self {
    case .best(let count): "the \(count) best keys"
    case .bestBlocks(let size, let count, let local):
      "\(count) blocks of \(size), the last \(local) and the best others,"
    }
  }
}

extension AttentionHeads {
  fileprivate func words(_ operands: AttentionOperands, _ name: (Value) -> String) -> String {
    let factor = operands.distanceFactors.map { " · \(name($0))" } ?? ""
    return words(
      name(operands.queries),
      distances: operands.distances.map { "\(name($0))[distance]\(factor)" },
      sinks: operands.sinks.map(name))
  }

  fileprivate func words(
    _ queries: String, distances: String? = nil, sinks mapped: String? = nil
  ) -> String {
    var score = "\(queries)·k"
    if hasLinearBias, scalesLinearBias { score = "(\(score) − slope · distance)" }
    if let scale { score += " · \(scale)" }
    if let cap { score = "\(cap)·tanh(\(score) / \(cap))" }
    if hasLinearBias, !scalesLinearBias { score += " − slope · distance" }
    if let valueBias {
      score += " + exp(\(valueBias.slopes.name) · softplus(\(valueBias.map.name) · v))"
    }
    if let distances { score += " + \(distances)" }
    if let buckets { score += " + \(buckets.table.name)[bucket of the distance]" }
    if sinks != nil { score += ", sink" }
    if let mapped { score += ", \(mapped)" }
    let values = seesHalves ? "v of each half" : "v"
    return "Σ softmax(\(score)) · \(values), \(heads) heads on \(keyValueHeads),"
  }
}

extension Routing {
  fileprivate func words(_ scores: String) -> String {
    var text: String
    let scores = router.cap.map { "\($0) · tanh(\(scores) / \($0))" } ?? scores
    switch router.rule {
    case .tokenChoice: text = "the \(chosen) best"
    case .hash: text = "\(chosen) by a hash of the token"
    case .expertChoice: text = "the best tokens of each expert"
    }
    switch router.scoring {
    case .softmax: text += " of softmax(\(scores))"
    case .softmaxOfChosen: text += " of \(scores), softmax over the chosen"
    case .sigmoid: text += " of σ(\(scores))"
    case .sigmoidOfChosen: text += " of \(scores), σ of the chosen"
    case .rootOfSoftplus: text += " of √softplus(\(scores))"
    case .raw: text += " of \(scores)"
    case .oneByOne(let bound):
      text += " of \(scores) one by one, softmax over those within \(bound) of the best"
    }
    if let correction { text += ", chosen with \(correction.name) added" }
    if let groups = router.groups, let kept = router.keptGroups {
      text += ", from the best \(kept) of \(groups) groups"
    }
    if router.normalizes {
      switch router.divisor {
      case .sum: text += ", weights divided by their sum"
      case .rootOfSquares: text += ", weights divided by the root of the sum of their squares"
      case .norm(let power): text += ", weights divided by their norm of power \(power)"
      case .sumOfLogarithms:
        text += ", weights divided by the sum of these and of those of the last \(always)"
      }
      if let least = router.leastSum { text += ", at least \(least)" }
    }
    if let scale = router.scale { text += ", times \(scale)" }
    if let factor { text += ", times \(factor.name)" }
    if let expertScale { text += ", times \(expertScale.name) of the expert" }
    if let capacity { text += ", at most \(capacity) times the even share of an expert" }
    return text
  }
}

extension DepthRouter {
  fileprivate func words(_ scores: String) -> String {
    switch choice {
    case .expert: "\(scores) is among the best max(1, ⌊\(capacity)·T⌋)"
    case .token: "\(scores) is above \(bound)"
    }
  }
}
