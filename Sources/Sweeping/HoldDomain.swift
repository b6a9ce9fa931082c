import Accounting
import Symbolic

/// The values among which a size is looked for: `first`, `first + step`, … up to `last`, each over
/// `scale`.
struct HoldDomain: Sendable {
  let scale: Int128
  let first: Int128
  let last: Int128
  let step: Int128

  /// A size may be anything up to this unless limits are given.
  private static let greatest: Int128 = 1 << 24
  /// Where each value needs a description of its own, fewer are tried.
  private static let mostStructures: Int128 = 512

  init(_ sweep: Sweep, isShare: Bool, isStructural: Bool = false) {
    let hold = sweep.hold
    if isShare {
      // Between two multiples of 1/T (and 1/P) the tokens that enter are the same.
      let tokens = max(sweep.subject.request.tokens ?? 2048, 1)
      let past = max(sweep.subject.request.past, 1)
      let divisor = Int128(Int128.greatestCommonDivisor(tokens, past))
      let common = tokens / divisor * past
      scale = common <= 1 << 40 ? common : 1 << 20
      (first, last, step) = (1, scale, 1)
      return
    }
    scale = 1
    let multiple = max(hold?.step ?? 1, 1)
    let limits = hold?.limits ?? 1...(isStructural ? Self.mostStructures : Self.greatest)
    // The first multiple within the limits; zero and one are for whoever asks for them.
    let least = max(limits.lowerBound, isStructural ? 0 : 2)
    first = (least + multiple - 1) / multiple * multiple
    step = multiple
    last = limits.upperBound
  }

  /// The greatest magnitude of a value times the scale.
  var bound: UInt128 { last.magnitude }

  /// How many values there are.
  var count: Int128 { last < first ? 0 : (last - first) / step + 1 }

  /// The value of a number from 0 on.
  subscript(index: Int128) -> Int128 { first + index * step }
}
