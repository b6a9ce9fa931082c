package import Symbolic

/// The answers of one point to the columns, in their order; nil where there is none.
///
/// Rows are kept by the million, and a fraction of two 128-bit numbers takes 48 bytes. Where all
/// fit, each is two 64-bit numbers.
package struct RowValues: Hashable, Sendable, RandomAccessCollection {
  private enum Storage: Hashable, Sendable {
    /// Numerators and denominators by turns; 0 over 0 is none.
    case narrow([Int64])
    case wide([Rational?])
  }

  private let storage: Storage
  /// The number of values.
  package let endIndex: Int

  /// Always 0.
  package var startIndex: Int { 0 }

  package init(_ values: [Rational?]) {
    endIndex = values.count
    var numbers: [Int64] = []
    numbers.reserveCapacity(2 * values.count)
    for value in values {
      guard let value else {
        numbers += [0, 0]
        continue
      }
      guard let above = Int64(exactly: value.numerator),
        let below = Int64(exactly: value.denominator)
      else {
        storage = .wide(values)
        return
      }
      numbers.append(above)
      numbers.append(below)
    }
    storage = .narrow(numbers)
  }

  private init(_ storage: Storage, count: Int) {
    self.storage = storage
    endIndex = count
  }

  /// The value at a place, or nil where there is none.
  package subscript(index: Int) -> Rational? {
    switch storage {
    case .wide(let values): values[index]
    case .narrow(let numbers):
      numbers[2 * index + 1] == 0
        ? nil
        : Rational(reduced: Int128(numbers[2 * index]), over: Int128(numbers[2 * index + 1]))
    }
  }

  /// All but the last.
  var withoutLast: RowValues { RowValues(storage, count: endIndex - 1) }
}
