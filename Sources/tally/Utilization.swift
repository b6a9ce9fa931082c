import Accounting
import Arguments
import Symbolic

/// A measured rate and a machine, from which the model FLOPs utilisation follows.
///
/// - Source: Chowdhery et al. 2022, appendix B, <https://arxiv.org/abs/2204.02311>.
struct Utilization {
  /// Tokens a second.
  let rate: Rational
  /// FLOPs a second that the machine could do.
  let peak: Rational

  static let tokensPerSecond = Parameter<String?>.text(
    "tokens-per-second", "R", help: "A measured rate: prints the utilisation, with --peak.")
  static let peak = Parameter<String?>.text(
    "peak", "FLOPS", help: "FLOPs a second of the machine, as in 312e12.")

  /// The two options, or nil if neither is given.
  ///
  /// - Throws: `UsageError` if one is missing or is no positive number.
  init?(_ arguments: Arguments) throws {
    let texts = (arguments[Self.tokensPerSecond], arguments[Self.peak])
    switch texts {
    case (nil, nil): return nil
    case (let rate?, let peak?):
      self.rate = try Self.positive(rate, "--tokens-per-second")
      self.peak = try Self.positive(peak, "--peak")
    case (nil, _): throw UsageError.missing("--tokens-per-second, which --peak needs,")
    case (_, nil): throw UsageError.missing("--peak, which --tokens-per-second needs,")
    }
  }

  private static func positive(_ text: String, _ label: String) throws -> Rational {
    guard let value = Rational(written: text), value > .zero else {
      throw UsageError.invalid(
        label: label, value: text, expected: "a number above 0, as in 312e12 or 312T")
    }
    return value
  }

  /// The share of the peak that so many FLOPs for each token use.
  func share(_ perToken: Evaluated) -> Rational? {
    guard let flops = perToken.constant else { return nil }
    return try? flops.multiplied(by: rate).divided(by: peak)
  }
}
