package import Symbolic

/// How what a table of n-grams says is added to several streams.
///
/// A key for each stream meets the stream: the signed root of their product over √d decides how much
/// of one value each stream takes. A dilated convolution adds what stands before.
///
/// - Source: Qwen 2026 (Qwen4), `ple_layer_ids` and `ngram_size`.
package struct NgramInjection: Hashable, Sendable {
  /// The parallel streams, *n*.
  package var streams: Formula
  /// The width of one stream, *d*.
  package var width: Formula
  /// The table of n-grams.
  package var table: NgramTable
  /// From what the table says to a key for each stream, and to one value.
  package var keys: Linear
  /// From what the table says to one value `[T, d]`.
  package var values: Linear
  /// Norms, stream by stream, of keys, of the streams and of what they take.
  package var keyNorm: Normalization
  /// The norm of each stream, before it meets its key.
  package var queryNorm: Normalization
  /// The norm of what each stream takes, before the convolution.
  package var convolutionNorm: Normalization
  /// The convolution of what each stream takes.
  package var convolution: CausalConvolution
  /// What the magnitude of a product is taken to be at least.
  package var least: Constant = "1e-6"

  package init(
    streams: Formula, width: Formula, table: NgramTable, keys: Linear, values: Linear,
    keyNorm: Normalization, queryNorm: Normalization, convolutionNorm: Normalization,
    convolution: CausalConvolution
  ) {
    self.streams = streams
    self.width = width
    self.table = table
    self.keys = keys
    self.values = values
    self.keyNorm = keyNorm
    self.queryNorm = queryNorm
    self.convolutionNorm = convolutionNorm
    self.convolution = convolution
  }

  /// The tensors: maps, the convolution, the table, and the three norms.
  package var weights: [Weight] {
    [keys, values].weights(.mixer) + convolution.weights(.mixer) + table.weights
      + [keyNorm, queryNorm, convolutionNorm].flatMap { $0.weights() }
  }

  mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    change(&keyNorm)
    change(&queryNorm)
    change(&convolutionNorm)
  }
}

/// A table of which hashes of the last tokens select rows, as many for each length of an n-gram.
///
/// A hash is the exclusive or of the token ids, each times a large odd factor of its position,
/// modulo a prime of its own. An n-gram ends at the last token that ends a text; before that, and
/// before the first token, stands this token again.
package struct NgramTable: Hashable, Sendable {
  /// The path of its tensors.
  package var path: String
  /// The tokens of the longest n-gram.
  package var length: Int
  /// The rows that each hash of each length selects from, hash after hash: prime numbers.
  package var sizes: [Int]
  /// The width of a row.
  package var width: Formula
  /// The rows of one part of the table, and the parts.
  package var partRows: Int
  /// The parts of the table, each `[partRows, width]`.
  package var parts: [Weight]
  /// What is stored with it and follows from the configuration.
  package var buffers: [Weight]
  /// What decides the factors: the tokens of the vocabulary, a seed, the number of the table.
  package var vocabulary: Formula
  /// The seed of the factors.
  package var seed: Int
  /// The number of the table in the model.
  package var place: Int
  /// The token that ends a text, if the configuration says it.
  package var end: Int?

  package init(
    _ path: String, length: Int, sizes: [Int], width: Formula, partRows: Int, parts: [Weight],
    buffers: [Weight], vocabulary: Formula, seed: Int, place: Int, end: Int?
  ) {
    self.path = path
    self.length = length
    self.sizes = sizes
    self.width = width
    self.partRows = partRows
    self.parts = parts
    self.buffers = buffers
    self.vocabulary = vocabulary
    self.seed = seed
    self.place = place
    self.end = end
  }

  /// The parts of the table and its buffers, under its path.
  package var weights: [Weight] { (parts + buffers).map { $0.within(path) } }

  /// The elements that its rows have together.
  package var total: Formula { Formula(Int128(sizes.count)) * width }
}
