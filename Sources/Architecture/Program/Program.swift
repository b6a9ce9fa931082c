package import Symbolic

/// What a pass does with a stream of tokens: operations in order, each on values before it.
package struct Program: Sendable {
  /// What comes in, or nil where tokens are looked up.
  package let input: Value?
  /// The operations, each on the input or on results of steps before it.
  package let steps: [Step]
  /// What the program returns.
  package let result: Value
  /// For each value the step that reads it last; that of the result is the end.
  package let lastReads: [Int]

  init(input: Value?, steps: [Step], result: Value) {
    self.input = input
    self.steps = steps
    self.result = result
    var reads = [Int](repeating: -1, count: (steps.map(\.result.id).max() ?? -1) + 1)
    if let input { reads += [Int](repeating: -1, count: max(0, input.id + 1 - reads.count)) }
    for (index, step) in steps.enumerated() {
      for value in step.operation.operands { reads[value.id] = index }
    }
    reads[result.id] = steps.count
    lastReads = reads
  }
}

extension Program {
  /// The steps, and those of the programs inside, in order.
  package var allSteps: [Step] {
    steps.flatMap { step -> [Step] in
      switch step.operation {
      case .experts(_, _, let experts): experts.body.allSteps + [step]
      case .enter(_, _, let entrance):
        (entrance.predictor?.allSteps ?? []) + entrance.body.allSteps
          + (entrance.otherwise?.allSteps ?? []) + [step]
      case .lookUp, .product, .addBias, .addVector, .normalize, .divide, .affine, .shift,
        .sumParts, .balance, .slice, .join, .rotate, .keep, .keepLatents, .keepIndex, .index,
        .compress, .meanBlocks, .indexEntries, .attendEntries, .groupedProduct, .indexBlocks,
        .attend, .attendLatents, .activate, .productOfHeads,
        .gate, .add, .subtract, .scale, .positionFactor, .elements, .exponentials, .bound, .clip,
        .route,
        .weigh, .last,
        .convolve, .scan, .multiplyVector, .leave, .take, .repeat, .previous, .quotient,
        .interpolate, .blend,
        .mixStreams, .magnitude, .rescale, .pairScores, .convolveHeads, .delay,
        .mapChosen, .exceed, .shorten, .attendDepth, .convolveByToken,
        .lookUpNgrams, .dot, .assign, .received, .scoresAboveSinks,
        .confide:
        [step]
      }
    }
  }

  /// The tables of angles, which exist because a step rotates by them: pairs of both kinds share
  /// one.
  package var rotations: [RotaryAngles] {
    var found: [RotaryAngles] = []
    for step in allSteps {
      let angles: RotaryAngles? =
        switch step.operation {
        case .rotate(_, let rotation): rotation.angles
        case .compress(_, _, let compression): compression.angles
        case .meanBlocks(_, let indexer): indexer.angles
        case .lookUp, .product, .addBias, .addVector, .normalize, .divide, .affine, .shift,
          .sumParts, .balance, .slice, .join, .keep, .multiplyVector, .leave, .take, .repeat,
          .mixStreams, .magnitude, .rescale, .exceed, .keepLatents, .keepIndex, .index,
          .indexEntries, .attendEntries, .groupedProduct, .indexBlocks, .attend, .pairScores,
          .mapChosen, .convolveHeads, .delay,
          .attendLatents, .activate, .gate, .productOfHeads,
          .add, .subtract, .scale,
          .positionFactor, .elements, .exponentials, .bound,
          .clip, .route,
          .experts, .weigh, .enter, .convolve, .previous, .quotient, .interpolate, .blend, .scan,
          .last, .shorten, .attendDepth, .convolveByToken, .lookUpNgrams, .dot, .assign,
          .received, .scoresAboveSinks, .confide:
          nil
        }
      if let angles = angles?.unpaired, !found.contains(angles) { found.append(angles) }
    }
    return found
  }
}

/// One operation, what it is for, and where its tensors stand.
///
/// It is a class because an executor walks over the same steps for every token, and nobody changes one.
package final class Step: Sendable {
  /// The value that the step gives.
  package let result: Value
  /// What is computed.
  package let operation: Operation
  /// The path of the part inside its layer or model: its tensors are named from there.
  package let scope: String
  /// The name of the step inside the part.
  package let name: String
  /// What the step is for.
  package let role: Role
  /// Whether gradients flow through it.
  package let gradients: Gradients
  /// The module that does it, if it is not the stream's own.
  package let module: Module?

  init(
    result: Value, operation: Operation, scope: String, name: String, role: Role,
    gradients: Gradients,
    module: Module?
  ) {
    self.result = result
    self.operation = operation
    self.scope = scope
    self.name = name
    self.role = role
    self.gradients = gradients
    self.module = module
  }

  /// The path under which the step is shown.
  package var path: String {
    if scope.isEmpty { return name }
    return name.isEmpty ? scope : "\(scope).\(name)"
  }
}

/// Whether gradients flow through a step.
package enum Gradients: Hashable, Sendable {
  case flow
  /// Only the order of its elements counts.
  case none
  /// They do once a window of that length is complete.
  case whereComplete(Formula)
}

/// What a step is for: conventions and reports go by this, and never by a name.
package struct Role: Hashable, Sendable {
  /// The part of the model.
  package enum Place: Hashable, Sendable {
    case stream, attention, denseFeedForward, routedExpert, sharedExpert, router, mixer, head
  }

  /// The piece of that part.
  package enum Piece: Hashable, Sendable {
    case table, map, bias, norm, cut, rotation, cache, scores, activation, gate, residual
    case multiplier, cap, choice, weighting, sum, recurrence
  }

  /// The part of the model.
  package var place: Place
  /// The piece of that part.
  package var piece: Piece

  package init(_ place: Place, _ piece: Piece) {
    self.place = place
    self.piece = piece
  }
}
