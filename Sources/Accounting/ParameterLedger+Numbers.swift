import Architecture
import Symbolic

/// The sums of a ledger of parameters as numbers, where no size is free; see `LedgerNumbers`.
struct ParameterNumbers {
  /// The parameters of each part.
  private(set) var parts: [Part: Rational] = [:]
  /// The parameters one token meets, under each definition.
  private(set) var active: [ParameterLedger.Activity: Rational] = [:]
  /// All parameters.
  private(set) var total = Rational.zero
  /// Those that no checkpoint holds.
  private(set) var unstored = Rational.zero
  /// Elements that a checkpoint stores beside the parameters.
  private(set) var buffers = Rational.zero

  /// - Throws: `ArithmeticError` for a size that is free, and for what is no whole number or needs
  ///   more than 128 bits.
  init(_ ledger: ParameterLedger) throws(ArithmeticError) {
    let sizes = ledger.values.compactMapValues(\.constant)
    for row in ledger.rows {
      let weight = row.weight
      var size = Rational.one
      if let symbol = row.layers {
        guard let layers = sizes[symbol] else { throw .unbound(symbol) }
        size = layers
      }
      for extent in weight.shape {
        size = try size.multiplied(by: try extent.evaluated(with: sizes))
      }
      let count = try size.multiplied(by: try weight.copies.evaluated(with: sizes))
      if !weight.unstoredCopies.isZero {
        let copies = try weight.unstoredCopies.evaluated(with: sizes)
        unstored = try unstored.adding(try size.multiplied(by: copies))
      }
      guard !weight.isBuffer else {
        buffers = try buffers.adding(count)
        continue
      }
      parts[weight.part] = try (parts[weight.part] ?? .zero).adding(count)
      total = try total.adding(count)
      let met = try count.multiplied(by: try weight.activeShare.evaluated(with: sizes))
      for activity in ParameterLedger.Activity.allCases where ledger.counts(row, in: activity) {
        active[activity] = try (active[activity] ?? .zero).adding(met)
      }
    }
    for sum in [total, unstored, buffers] + parts.values + active.values {
      _ = try sum.wholeValue()
    }
  }
}

extension ParameterLedger {
  /// The sums as numbers; nil where a size is free or a sum is no whole number of 128 bits, for which
  /// the formulas say why.
  var numbers: ParameterNumbers? { try? ParameterNumbers(self) }
}
