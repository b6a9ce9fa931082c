package import Symbolic

extension Scan {
  /// `C ← e^(f+m−m')·C + e^(i−m')·k·v` and `n ← e^(f+m−m')·n + e^(i−m')·k`, then
  /// `y = Cᵀq/(max(|nᵀq|, e^(−m')) + ε)` for each head, in whole chunks and then token by token.
  ///
  /// A prompt of more than `longest` tokens is taken in pieces of that length.
  package struct MatrixMemory: Hashable, Sendable {
    /// The heads, each with a memory of its own.
    package var heads: Formula
    /// The width of one head's queries and keys.
    package var keySize: Formula
    /// The width of one head's values.
    package var valueSize: Formula
    /// The tokens of a chunk.
    package var chunk: Formula
    /// The most tokens that are taken at once.
    package var longest: Formula
    /// *ε* of the denominators.
    package var epsilon: Constant

    package init(
      heads: Formula, keySize: Formula, valueSize: Formula, chunk: Formula, longest: Formula,
      epsilon: Constant
    ) {
      self.heads = heads
      self.keySize = keySize
      self.valueSize = valueSize
      self.chunk = chunk
      self.longest = longest
      self.epsilon = epsilon
    }

    /// The elements of the state of one sequence: memory, sum of keys, and greatest exponent.
    package var stateSize: Formula { heads * (keySize * valueSize + keySize + 1) }
  }
}

extension Scan.MatrixMemory {
  /// The widths of queries, keys, values, input gates and forget gates.
  package var inputs: [Formula] {
    [heads * keySize, heads * keySize, heads * valueSize, heads, heads]
  }

  /// The width of what it returns.
  package var width: Formula { heads * valueSize }

  func words(_ names: [String]) -> String {
    "C ← exp(f + m − m') · C + exp(i − m') · k · v, n ← exp(f + m − m') · n + exp(i − m') · k, "
      + "m' = max(f + m, i), f = ln σ(\(names[4])), i of \(names[3]), C [\(heads), \(keySize), "
      + "\(valueSize)]; q · C / (max(|q · n|, exp(−m')) + \(epsilon)), with q of \(names[0]) over √"
      + "\(keySize), k of \(names[1]), v of \(names[2])"
  }
}
