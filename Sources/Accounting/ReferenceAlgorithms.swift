import Architecture
import Symbolic

/// The element-wise algorithms, counted one scalar operation at a time.
///
/// `docs/operations.md` writes each of them down. Sums start from zero, so that a sum of *n*
/// numbers is *n* additions; a greatest number is found by *n* comparisons from minus infinity.
enum ReferenceAlgorithms {
  /// `σ(x) = 1/(1 + e^(0−x))`.
  static let sigmoid = OperationCounts([.subtract: 1, .exp: 1, .add: 1, .divide: 1])

  /// `ln(1 + eˣ)`.
  static let softplus = OperationCounts([.exp: 1, .add: 1, .log: 1])

  /// The function of one gate.
  static func gate(_ function: GateFunction) -> OperationCounts {
    switch function {
    case .logistic: sigmoid
    case .softplus: softplus
    case .identity: .none
    }
  }

  /// The factors of one position; what rounds down is no operation.
  static func factor(_ scale: PositionScale) -> OperationCounts {
    switch scale {
    case .steps(_, _, let fromOne):
      OperationCounts([.divide: 1, .log: 1, .multiply: 1, .add: fromOne ? 3 : 2])
    case .logarithm:
      OperationCounts([.divide: 1, .compare: 1, .log: 1, .multiply: 1, .add: 2])
    case .power: OperationCounts([.divide: 1, .log: 1, .multiply: 1, .exp: 1, .add: 2])
    case .learned(let slope, _):
      OperationCounts([.log: 1, .multiply: slope.count, .add: slope.count + 1])
    }
  }

  /// `c·tanh(x/c)`.
  static let cap = OperationCounts([.divide: 1, .tanh: 1, .multiply: 1])

  /// The softmax of a number of scores: greatest, difference, exponential, sum, quotient.
  static func softmax(_ numbers: Formula) -> OperationCounts {
    numbers * OperationCounts([.compare: 1, .subtract: 1, .exp: 1, .add: 1, .divide: 1])
  }

  /// The norm of a number of vectors of one width.
  static func norm(_ norm: Normalization, vectors: Formula, width: Formula) -> OperationCounts {
    let numbers = vectors * width
    let scale = OperationCounts([
      .multiply: norm.hasWeight ? numbers : 0, .add: norm.hasBias ? numbers : 0,
    ])
    switch norm.kind {
    case .rootMeanSquare:
      // x², their sum; over the width, plus ε, root, inverse; x times that.
      return scale
        + OperationCounts([
          .multiply: 2 * numbers, .add: numbers + vectors, .divide: 2 * vectors, .sqrt: vectors,
        ])
    case .layer:
      // The sum, over the width; x − mean; squares and their sum, and on as above.
      return scale
        + OperationCounts([
          .multiply: 2 * numbers, .add: 2 * numbers + vectors, .subtract: numbers,
          .divide: 3 * vectors, .sqrt: vectors,
        ])
    }
  }

  /// The root mean square of a number of vectors of one width.
  static func magnitude(vectors: Formula, width: Formula) -> OperationCounts {
    let numbers = vectors * width
    return OperationCounts([.multiply: numbers, .add: numbers, .divide: vectors, .sqrt: vectors])
  }

  /// A greatest length for a number of vectors of one width: squares, their sum, its root plus ε;
  /// the bound over it, no more than 1, times the vector.
  static func shorten(vectors: Formula, width: Formula) -> OperationCounts {
    let numbers = vectors * width
    return OperationCounts([
      .multiply: 2 * numbers, .add: numbers + vectors, .sqrt: vectors, .divide: vectors,
      .compare: vectors,
    ])
  }

  /// What lies above the mean plus a number of deviations, for a number of vectors of one width.
  ///
  /// The mean; differences, their squares and the root of their mean; the bound, and what is above
  /// it.
  static func excess(vectors: Formula, width: Formula) -> OperationCounts {
    let numbers = vectors * width
    return OperationCounts([
      .add: 2 * numbers + vectors, .subtract: 2 * numbers, .multiply: numbers + vectors,
      .divide: 2 * vectors, .sqrt: vectors, .compare: numbers,
    ])
  }

  /// The rotation of a number of vectors by an angle for each pair of their elements.
  static func rotation(vectors: Formula, size: Formula) -> OperationCounts {
    let pairs = vectors * size / 2
    return OperationCounts([.multiply: 4 * pairs, .subtract: pairs, .add: pairs])
  }

  /// One activation of a number.
  static func activation(_ function: Activation) -> OperationCounts {
    switch function {
    case .silu, .sigmoid: sigmoid  // x/(1 + e^(0−x))
    case .gelu:
      // ½·x·(1 + erf(x/√2)), where 1/√2 is a constant.
      OperationCounts([.multiply: 3, .erf: 1, .add: 1])
    case .tanhGelu:
      // ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x·x·x))).
      OperationCounts([.multiply: 6, .add: 2, .tanh: 1])
    case .boundedGate:
      // min(g, c)·σ(α·g), and min(max(u, 0−c), c) + 1 for what it gates.
      sigmoid + OperationCounts([.compare: 3, .multiply: 2, .add: 1])
    case .quickGelu: sigmoid + OperationCounts([.multiply: 2])
    case .relu: OperationCounts([.compare: 1])
    case .squaredRelu: OperationCounts([.compare: 1, .multiply: 1])
    case .expandedIntegral:
      // Of x above zero α·x·x + β·x; below, α·(e^min(x,ε) − 1 − x) + β·x. Both are computed.
      OperationCounts([.multiply: 5, .add: 2, .subtract: 2, .exp: 1, .compare: 2])
    case .tanh: OperationCounts([.tanh: 1])
    case .signedRoot:
      // The magnitude of x: x or 0 − x; the least, the root; its sign, from two comparisons.
      OperationCounts([.compare: 3, .subtract: 1, .sqrt: 1, .multiply: 1])
    case .identity, .unknown: .none
    }
  }
}
