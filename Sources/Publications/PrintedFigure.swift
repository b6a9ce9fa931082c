package import Symbolic

/// A figure as it stands in print, read back as an exact number and the place of its last digit.
package struct PrintedFigure: Hashable, Sendable {
  /// The text as it stands in print.
  package let text: String
  /// The number that the text says.
  package let value: Rational
  /// One in the last digit that is printed.
  package let step: Rational

  private static let units: [Character: Int128] = [
    "K": 1000, "M": 1_000_000, "B": 1_000_000_000, "T": 1_000_000_000_000,
  ]

  /// Reads `46.7B`, `1,234`, `28.5%`, `1.68x`, `6.3e23` and the like.
  ///
  /// - `significantDigits`: how many leading digits a label such as "70B" means, if fewer.
  ///
  /// Returns nil if the text is no number.
  package init?(_ text: String, significantDigits: Int? = nil) {
    var rest = Substring(text.replacing(",", with: ""))
    var scale = Rational.one
    if let last = rest.last {
      if let unit = Self.units[last] {
        scale = Rational(unit)
        rest.removeLast()
      } else if last == "%" {
        scale = (try? Rational(1, over: 100)) ?? .one
        rest.removeLast()
      } else if last == "x" {
        rest.removeLast()
      }
    }
    guard let number = Rational(decimal: rest) else { return nil }
    let halves = rest.lowercased().split(separator: "e")
    let mantissa = halves.first ?? ""
    let decimals =
      mantissa.firstIndex(of: ".").map {
        mantissa[mantissa.index(after: $0)...].count
      } ?? 0
    let exponent = halves.count > 1 ? Int(halves[1]) ?? 0 : 0
    do throws(ArithmeticError) {
      var step = try Rational(10).power(exponent - decimals)
      if let significantDigits {
        var power = Rational.one
        while try power.multiplied(by: Rational(10)) <= number {
          power = try power.multiplied(by: Rational(10))
        }
        step = try power.divided(by: try Rational(10).power(significantDigits - 1))
      }
      value = try number.multiplied(by: scale)
      self.step = try step.multiplied(by: scale)
    } catch {
      return nil
    }
    self.text = text
  }

  /// How a computed value agrees with what is printed.
  package enum Agreement: Hashable, Sendable {
    case exact
    /// It rounds half up to the printed digits.
    case rounded
    /// It is cut off after the printed digits.
    case truncated
    case none
  }

  /// Both ways of shortening a number occur in print.
  package func agreement(with computed: Rational) -> Agreement {
    if computed == value { return .exact }
    do throws(ArithmeticError) {
      let scaled = try computed.divided(by: step)
      let wanted = try value.divided(by: step)
      let half = try Rational(1, over: 2)
      if Rational(try scaled.adding(half).floor) == wanted { return .rounded }
      if Rational(scaled.floor) == wanted { return .truncated }
    } catch {
      return .none
    }
    return .none
  }
}
