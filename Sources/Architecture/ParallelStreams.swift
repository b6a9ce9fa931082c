package import Symbolic

/// How a layer that computes one of several copies of the stream predicts and corrects the others.
///
/// Coefficients `[n, n]` of each token give a prediction of all copies, `[d, n]·[n, n]`; what the
/// layer answers beyond its own prediction is added to each of them, times a coefficient. Its share
/// of a table is read with the corrected copy, and added to all but the first.
///
/// - Source: Baykal et al. 2023 (AltUp), algorithm 1, <https://arxiv.org/abs/2301.13310>.
package struct AlternatingUpdate: Hashable, Sendable {
  package var streams: Formula
  package var width: Formula
  /// Which copy the layer computes, from zero.
  package var active: Int
  /// From the normalized copy that is computed to a number for each copy, bounded by tanh.
  package var router: Linear
  package var routerNorm: Normalization
  /// What the normalized copy is multiplied by.
  package var routerScale: Constant
  /// From these numbers to the coefficients of the prediction, and to those of the correction less 1.
  package var prediction: Linear
  package var correction: Linear
  /// What the corrected copy is multiplied with before the table is read, if anything.
  package var outputScale: Weight
  package var scalesOutput: Bool
  /// What it reads of the table, and the norm of the answer.
  package var input: LayerInput
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

  package var weights: [Weight] {
    [router, prediction, correction].weights(.mixer) + routerNorm.weights() + [outputScale]
  }
}

/// A learned residual of low rank: `x + norm(r(l(x)))`.
///
/// - Source: Menghani et al. 2024 (LAuReL), <https://arxiv.org/abs/2411.07501>.
package struct LearnedResidual: Hashable, Sendable {
  package var down: Linear
  package var up: Linear
  package var norm: Normalization

  package init(down: Linear, up: Linear, norm: Normalization) {
    self.down = down
    self.up = up
    self.norm = norm
  }

  package var weights: [Weight] { [down, up].weights(.mixer) + norm.weights() }
}

/// Copies of a stream, all but the first through a map of their own, and scaled to the magnitude of
/// the first.
package struct StreamCopies: Hashable, Sendable {
  package enum Use: Hashable, Sendable {
    /// One stream becomes several, side by side.
    case spread
    /// Several become one, their mean.
    case gather
  }

  package var use: Use
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

  package var streams: Formula { Formula(Int128(maps.count + 1)) }

  package var weights: [Weight] { maps.weights(.mixer) }
}

/// How a module reads one stream from several, and writes its answer to each of them.
///
/// One map of all streams `[n·d]` gives the weights of both, and perhaps a matrix `[n, n]` that
/// mixes the streams themselves.
///
/// - Source: Zhu et al. 2024, <https://arxiv.org/abs/2409.19606>; Xie et al. 2026 (mHC), §4.
package struct HyperConnection: Hashable, Sendable {
  package enum Form: Hashable, Sendable {
    /// The streams are only read, at the end of the model.
    case head
    /// The answer is added to the streams as they are.
    case residual
    /// The streams are mixed first, by a matrix whose rows and columns are scaled in turn.
    case mixed(iterations: Formula)
  }

  /// What the names of its tensors begin with.
  package var name: String
  package var streams: Formula
  package var width: Formula
  package var form: Form
  /// Whether the root mean square divides what the map gives, and not what it is given.
  package var normsOutput: Bool

  package init(
    _ name: String, streams: Formula, width: Formula, form: Form, normsOutput: Bool
  ) {
    self.name = name
    self.streams = streams
    self.width = width
    self.form = form
    self.normsOutput = normsOutput
  }

  /// The factors of those weights: one for each use.
  package var scales: Formula {
    switch form {
    case .head: 1
    case .residual: 2
    case .mixed: 3
    }
  }

  /// The weights that the map gives for each token.
  package var weights: Formula {
    switch form {
    case .head: streams
    case .residual: 2 * streams
    case .mixed: (2 + streams) * streams
    }
  }
}

/// How a module reads a mix of several streams, and adds its answer to each of them.
///
/// A map of low rank of all streams `[n·d]` gives a weight for each of their numbers; the mix is
/// the mean of the weighted streams.
///
/// - Source: Qwen 2026 (Qwen4), `hc_count` and `hc_lowrank`.
package struct StreamMix: Hashable, Sendable {
  package var streams: Formula
  package var width: Formula
  package var rank: Formula
  /// Whether an answer is added to the streams; at the end of the model they are only read.
  package var injects: Bool

  package init(streams: Formula, width: Formula, rank: Formula, injects: Bool) {
    self.streams = streams
    self.width = width
    self.rank = rank
    self.injects = injects
  }
}

/// How what a table of n-grams says is added to several streams.
///
/// The product of a key and of the stream decides how much of a value each stream takes; a
/// convolution over every `dilation`-th position adds what stands before.
///
/// - Source: Qwen 2026 (Qwen4), `ple_conv_kernel_size` and `ngram_size`.
package struct NgramInjection: Hashable, Sendable {
  package var streams: Formula
  package var width: Formula
  package var kernel: Formula
  package var dilation: Formula

  package init(streams: Formula, width: Formula, kernel: Formula, dilation: Formula) {
    self.streams = streams
    self.width = width
    self.kernel = kernel
    self.dilation = dilation
  }
}
