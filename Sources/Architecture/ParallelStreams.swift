package import Symbolic

/// How a layer that computes one of several copies of the stream predicts and corrects the others.
///
/// Coefficients `[n, n]` of each token give a prediction of all copies, `[d, n]·[n, n]`; what the
/// layer answers beyond its own prediction is added to each of them, times a coefficient. Its share
/// of a table is read with the corrected copy, and added to all but the first.
///
/// - Source: Baykal et al. 2023 (AltUp), algorithm 1, <https://arxiv.org/abs/2301.13310>.
package struct AlternatingUpdate: Hashable, Sendable {
  /// The copies of the stream, *n*.
  package var streams: Formula
  /// The width of one copy, *d*.
  package var width: Formula
  /// Which copy the layer computes, from zero.
  package var active: Int
  /// From the normalized copy that is computed to a number for each copy, bounded by tanh.
  package var router: Linear
  /// The norm of the copy that the router reads.
  package var routerNorm: Normalization
  /// What the normalized copy is multiplied by.
  package var routerScale: Constant
  /// From these elements to the coefficients of the prediction, and to those of the correction less 1.
  package var prediction: Linear
  /// From the router's elements to the coefficients of the correction, `[n]`, less 1.
  package var correction: Linear
  /// What the corrected copy is multiplied with before the table is read, if anything.
  package var outputScale: Weight
  /// Whether that factor is applied; a checkpoint holds it in either case.
  package var scalesOutput: Bool
  /// What it reads of the table, and the norm of the answer.
  package var input: LayerInput
  /// The norm of what it reads from the table, before it is added.
  package var inputNorm: Normalization

  package init(
    streams: Formula, width: Formula, active: Int, router: Linear, routerNorm: Normalization,
    routerScale: Constant, prediction: Linear, correction: Linear, outputScale: Weight,
    scalesOutput: Bool, input: LayerInput, inputNorm: Normalization
  ) {
    self.streams = streams
    self.width = width
    self.active = active
    self.router = router
    self.routerNorm = routerNorm
    self.routerScale = routerScale
    self.prediction = prediction
    self.correction = correction
    self.outputScale = outputScale
    self.outputScale.activeShare = scalesOutput ? 1 : 0
    self.scalesOutput = scalesOutput
    self.input = input
    self.inputNorm = inputNorm
  }

  /// The tensors: the router and its norm, both maps of coefficients, and the output factor.
  package var weights: [Weight] {
    [router, prediction, correction].weights(.mixer) + routerNorm.weights() + [outputScale]
  }
}

/// A learned residual of low rank: `x + norm(r(l(x)))`.
///
/// - Source: Menghani et al. 2024 (LAuReL), <https://arxiv.org/abs/2411.07501>.
package struct LearnedResidual: Hashable, Sendable {
  /// *l*, from `[T, d]` to the rank.
  package var down: Linear
  /// *r*, from the rank back to `[T, d]`.
  package var up: Linear
  /// The norm of what the maps give.
  package var norm: Normalization

  package init(down: Linear, up: Linear, norm: Normalization) {
    self.down = down
    self.up = up
    self.norm = norm
  }

  /// The two maps and the norm.
  package var weights: [Weight] { [down, up].weights(.mixer) + norm.weights() }
}

/// Copies of a stream, all but the first through a map of their own, and scaled to the magnitude of
/// the first.
package struct StreamCopies: Hashable, Sendable {
  /// Whether copies are made or brought together.
  package enum Use: Hashable, Sendable {
    /// One stream becomes several, side by side.
    case spread
    /// Several become one, their mean.
    case gather
  }

  /// Whether copies are made or brought together.
  package var use: Use
  /// The width of one copy, *d*.
  package var width: Formula
  /// The map of each copy but the first.
  package var maps: [Linear]
  /// What the mean square of a mapped copy is taken to be at least.
  package var least: Constant

  package init(_ use: Use, width: Formula, maps: [Linear], least: Constant) {
    self.use = use
    self.width = width
    self.maps = maps
    self.least = least
  }

  /// The number of copies, the first included.
  package var streams: Formula { Formula(Int128(maps.count + 1)) }

  /// The maps of all copies but the first.
  package var weights: [Weight] { maps.weights(.mixer) }
}

/// How a block reads one stream from several side by side, `[n·d]`, and writes its answer to each.
package enum StreamConnection: Hashable, Sendable {
  case hyper(HyperConnection)
  case mix(StreamMix)

  /// The number of streams, *n*.
  package var streams: Formula {
    switch self {
    case .hyper(let connection): connection.streams
    case .mix(let mix): mix.streams
    }
  }

  /// The width of all streams together.
  package var total: Formula {
    switch self {
    case .hyper(let connection): connection.map.input
    case .mix(let mix): mix.down.input
    }
  }

  /// The tensors of the connection.
  package var weights: [Weight] {
    switch self {
    case .hyper(let connection): connection.weights
    case .mix(let mix): mix.weights
    }
  }

  /// Changes the norm of the streams.
  mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    switch self {
    case .hyper(var connection):
      change(&connection.norm)
      self = .hyper(connection)
    case .mix(var mix):
      change(&mix.norm)
      self = .mix(mix)
    }
  }
}

/// Weights of each token by which a block reads a sum of the streams and writes its answer to each
/// of them; perhaps with a matrix `[n, n]` that mixes the streams themselves.
///
/// One map of all streams `[n·d]` gives them: those for reading are `σ(·) + ε`, those for writing a
/// multiple of `σ(·)`.
///
/// - Source: Zhu et al. 2024, <https://arxiv.org/abs/2409.19606>; Xie et al. 2026 (mHC), §4.
package struct HyperConnection: Hashable, Sendable {
  /// What the block does with the streams beside reading them.
  package enum Form: Hashable, Sendable {
    /// The streams are only read, at the end of the model.
    case head
    /// The answer, times its weight plus ε, is added to the streams as they are.
    case residual
    /// The streams are mixed first, by a matrix whose columns and rows are scaled in turn.
    case mixed(iterations: Formula)
  }

  /// The number of streams, *n*.
  package var streams: Formula
  /// What the block does with the streams beside reading them.
  package var form: Form
  /// The root mean square of all streams.
  package var norm: Normalization
  /// Whether it divides what the map gives, and not what it is given.
  package var normsOutput: Bool
  /// From all streams to the weights of each token.
  package var map: Linear
  /// What each use of these weights is multiplied by, and what is added to each.
  package var scales: Weight
  /// What is added to the weights, one element for each.
  package var base: Weight
  /// What is added to weights above zero.
  package var epsilon: Constant
  /// What the weights for writing are multiplied by.
  package var magnitude: Constant

  /// Its tensors have names that begin alike.
  package init(
    _ prefix: String, streams: Formula, width: Formula, form: Form, normsOutput: Bool,
    epsilon: Constant, magnitude: Constant
  ) {
    self.streams = streams
    self.form = form
    self.normsOutput = normsOutput
    self.epsilon = epsilon
    self.magnitude = magnitude
    let uses: [Formula] =
      switch form {
      case .head: [streams]
      case .residual: [streams, streams]
      case .mixed: [streams, streams, streams * streams]
      }
    norm = Normalization("\(prefix)norm", [streams * width], weight: false)
    map = Linear("\(prefix)fn", streams * width, uses.sum())
    map.isBare = true
    base = Weight("\(prefix)base", [uses.sum()], .mixer)
    scales = Weight("\(prefix)scale", [Formula(Int128(uses.count))], .mixer)
  }

  /// The map, what is added to its result, and the factors of each use.
  package var weights: [Weight] { map.weights(.mixer) + [base, scales] }
}

/// A weight for each number of the streams, by which a block reads their mean, and one for each
/// stream, by which it writes.
///
/// The weights for reading come from a map of low rank, those for writing from one map.
///
/// - Source: Qwen 2026 (Qwen4), `hc_count` and `hc_lowrank`.
package struct StreamMix: Hashable, Sendable {
  /// The number of streams, *n*.
  package var streams: Formula
  /// The norm of each stream.
  package var norm: Normalization
  /// From all streams `[T, n·d]` to the rank of the reading weights.
  package var down: Linear
  /// From that rank to a weight for each element of the streams, `[T, n·d]`.
  package var up: Linear
  /// To the weights for writing; without it the streams are only read, at the end of the model.
  package var inject: Linear?

  /// Its tensors stand under one path.
  package init(_ path: String, streams: Formula, width: Formula, rank: Formula, injects: Bool) {
    self.streams = streams
    let total = streams * width
    norm = Normalization("\(path).hc_norm", [total])
    norm.groups = streams
    down = Linear("\(path).input_mix_weight_down", total, rank)
    up = Linear("\(path).input_mix_weight_up", rank, total)
    inject = injects ? Linear("\(path).block_inject_weight", total, streams) : nil
  }

  /// The norm, the two maps for reading, and the map for writing where it writes.
  package var weights: [Weight] {
    norm.weights() + [down, up, inject].compactMap(\.self).weights(.mixer)
  }
}
