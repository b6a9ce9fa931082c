package import Symbolic

extension Program {
  /// A tensor that an operation uses, and how many of it there are.
  package struct UsedTensor: Hashable, Sendable {
    /// The path inside the layer, with `#` for the number of an expert.
    package let path: String
    /// How many elements one of them has.
    package let count: Formula
    /// How many tensors of this path and size there are.
    package let copies: Formula
    /// Whether it is stored with the model but is no parameter.
    package var isBuffer = false
  }

  /// The tensors of a program, which exist because an operation uses them; each once.
  package var tensors: [UsedTensor] {
    var found: [UsedTensor] = []
    for tensor in used(copies: 1) where !found.contains(tensor) { found.append(tensor) }
    return found
  }

  private func used(copies: Formula) -> [UsedTensor] {
    steps.flatMap { step -> [UsedTensor] in
      func own(_ name: String, _ count: Formula, _ more: Formula = 1) -> UsedTensor {
        UsedTensor(
          path: step.scope.isEmpty ? name : "\(step.scope).\(name)", count: count,
          copies: copies * more)
      }
      func own(_ weight: Weight) -> UsedTensor {
        var tensor = own(weight.name, weight.shape.product(), weight.copies)
        tensor.isBuffer = weight.isBuffer
        return tensor
      }
      switch step.operation {
      case .lookUp(let table): return table.weights.map { own($0) }
      case .product(_, let map, let isTied):
        return isTied ? [] : [own(map.weightName, map.input * map.output)]
      case .productOfHeads(_, let map): return [own(map.weight)]
      case .addBias(_, let map): return [own(map.biasName, map.output)]
      case .addVector(_, let vector), .multiplyVector(_, let vector): return [own(vector)]
      case .normalize(_, var norm):
        // The maps of its gate have steps of their own.
        norm.gate = nil
        return norm.weights().map { own($0) }
      case .mapChosen(_, _, let maps): return [own(maps.stack)]
      case .convolveHeads(_, let heads): return heads.convolutions.map { own($0) }
      case .lookUpNgrams(let table): return table.weights.map { own($0) }
      case .attendDepth(_, let reading):
        return [
          UsedTensor(path: reading.query, count: reading.queries * reading.width, copies: copies)
        ]
      case .convolveByToken(_, _, let convolution): return [own(convolution.fixed)]
      case .attend(_, let heads):
        let bias = heads.valueBias.map { $0.map.weights(.attention) + [$0.slopes] } ?? []
        return ([heads.sinks].compactMap(\.self) + bias).map { own($0) }
      case .positionFactor(let scale): return scale.weights.map { own($0) }
      case .elements(let weight), .exponentials(let weight),
        .scoresAboveSinks(_, _, let weight):
        return [own(weight)]
      case .keepLatents(_, _, let heads): return [heads.expand].weights(.attention).map { own($0) }
      case .attendLatents(_, _, _, let heads): return heads.sinks.map { [own($0)] } ?? []
      case .activate(_, _, let slopes, _): return slopes.map { own($0) }
      case .subtract(_, _, let difference): return (difference?.weights ?? []).map { own($0) }
      case .route(_, let routing):
        return [routing.correction, routing.expertScale, routing.factor, routing.router.table]
          .compactMap(\.self)
          .map { own($0) }
      case .convolve(_, let convolution): return convolution.weights(.mixer).map { own($0) }
      case .interpolate(_, _, let weight), .blend(_, _, let weight): return [own(weight)]
      case .scan(_, let scan): return scan.weights.map { own($0) }
      case .experts(_, _, let experts):
        return experts.body.used(copies: copies * experts.routing.experts)
      case .enter(_, _, let entrance):
        return (entrance.predictor?.used(copies: copies) ?? []) + entrance.body.used(copies: copies)
      case .compress(_, _, let compression):
        return [own(compression.places)] + compression.norm.weights().map { own($0) }
      case .meanBlocks(_, let indexer): return indexer.keyNorm.weights().map { own($0) }
      case .indexBlocks: return []
      case .attendEntries(_, _, _, _, let heads):
        return heads.heads.sinks.map { [own($0)] } ?? []
      case .groupedProduct(_, let map, _): return [own(map.weightName, map.input * map.output)]
      case .affine(_, let scales, let shift, _): return [own(scales), own(shift)]
      case .divide, .shift, .sumParts, .balance, .slice, .join, .rotate, .keep,
        .keepIndex, .index, .indexEntries, .gate, .add, .scale,
        .bound, .clip,
        .weigh, .last, .leave, .take, .repeat, .mixStreams, .magnitude, .rescale, .pairScores,
        .delay, .exceed,
        .previous, .quotient, .shorten, .dot, .assign, .received,
        .confide:
        return []
      }
    }
  }

  /// The first place where the extents of an operation do not meet, for given sizes; nil if none.
  package func misfit(_ values: [Symbol: Rational]) -> String? {
    func differ(_ one: Formula, _ other: Formula) -> Bool {
      guard one != other else { return false }
      guard let left = try? one.evaluated(with: values),
        let right = try? other.evaluated(with: values)
      else { return false }
      return left != right
    }
    for step in allSteps {
      let isWrong: Bool
      switch step.operation {
      case .product(let x, let map, _): isWrong = differ(x.width, map.input)
      case .productOfHeads(let x, let map): isWrong = differ(x.width, map.heads * map.input)
      case .add(let x, let y), .subtract(let x, let y, _), .activate(let x, _, _, let y?),
        .interpolate(let x, let y, _):
        isWrong = differ(x.width, y.width)
      case .mixStreams(let x, let coefficients, let mixing):
        isWrong =
          differ(x.width, mixing.streams * mixing.width)
          || differ(coefficients.width, mixing.streams * mixing.results)
      case .compress(let x, let weights, let compression):
        isWrong = differ(x.width, compression.series) || differ(weights.width, compression.series)
      case .meanBlocks(let keys, let indexer): isWrong = differ(keys.width, indexer.headSize)
      case .indexBlocks(let q, let kept, let indexer):
        isWrong =
          differ(q.width, indexer.heads * indexer.headSize) || differ(kept.width, indexer.headSize)
      case .indexEntries(let q, let kept, let weights, let heads):
        isWrong =
          differ(q.width, heads.heads * heads.headSize) || differ(kept.width, heads.headSize)
          || differ(weights.width, heads.heads)
      case .attendEntries(let q, _, let entries, _, let heads):
        isWrong =
          differ(q.width, heads.heads.heads * heads.heads.scoreSize)
          || differ(entries.width, heads.heads.valueSize)
      case .groupedProduct(let x, let map, let groups):
        isWrong = differ(x.width, groups * map.input)
      case .affine(let x, _, _, let pieces): isWrong = differ(x.width, pieces.sum())
      case .balance(let x, let balance):
        isWrong = differ(x.width, balance.size * balance.size)
      case .slice(let x, let slice): isWrong = differ(x.width, slice.axes.product())
      case .rotate(let x, let rotation):
        isWrong = differ(x.width, rotation.heads * rotation.width)
      case .attend(let operands, let heads):
        isWrong =
          differ(operands.queries.width, heads.heads * heads.scoreSize)
          || differ(
            operands.kept.width, heads.keyValueHeads * (heads.scoreSize + heads.valueSize))
          || operands.sinks.map { differ($0.width, heads.heads) } ?? false
      case .attendDepth(let streams, let reading):
        isWrong =
          streams.count != reading.states + 1
          || streams.contains { differ($0.width, reading.width) }
      case .convolveByToken(let x, let kernels, let convolution):
        isWrong =
          differ(x.width, convolution.channels)
          || differ(kernels.width, convolution.heads * convolution.kernel)
      case .dot(let x, let y, _): isWrong = differ(x.width, y.width)
      case .blend(let x, let gates, let vector):
        isWrong = differ(gates.width, 2) || differ(x.width, vector.shape.product())
      case .shorten(let x, let bound): isWrong = differ(x.width, bound.vectors * bound.width)
      case .index(let q, let kept, let weights, let heads):
        isWrong =
          differ(q.width, heads.heads * heads.headSize) || differ(kept.width, heads.headSize)
          || weights.map { differ($0.width, heads.heads) } ?? false
      case .attendLatents(let q, let kept, _, let heads):
        isWrong =
          differ(q.width, heads.expanded.heads * heads.expanded.scoreSize)
          || differ(kept.width, heads.rank + heads.rotarySize)
      case .convolve(let x, let convolution): isWrong = differ(x.width, convolution.channels)
      case .scan(let values, let scan):
        let widths = scan.inputs
        isWrong =
          values.count != widths.count
          || zip(values, widths).contains { differ($0.width, $1) }
      case .route(let scores?, let routing):
        isWrong = differ(scores.width, routing.scored + routing.always)
      case .assign(let scores, let assignment):
        isWrong = differ(scores.width, assignment.recursions)
      case .lookUp, .lookUpNgrams, .addBias, .addVector, .normalize, .divide, .shift, .sumParts,
        .join, .keep, .keepLatents, .keepIndex,
        .activate, .gate, .scale, .positionFactor, .elements, .exponentials, .bound, .clip,
        .route, .experts,
        .weigh, .enter, .received, .scoresAboveSinks, .confide,
        .last, .multiplyVector, .leave, .take, .repeat, .magnitude, .rescale, .previous,
        .quotient, .pairScores, .mapChosen, .convolveHeads, .delay,
        .exceed:
        isWrong = false
      }
      if isWrong { return "\(step.path): \(step.operation.kind)" }
    }
    return nil
  }
}
