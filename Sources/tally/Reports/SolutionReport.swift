import Accounting
import Architecture
import Arguments
import JSON
import Sweeping
import Symbolic
import Wording

/// The answer to one question for a size.
struct SolutionReport {
  let model: Model
  let key: String
  let figure: FigureName
  let goal: Goal
  let solution: Solution
  /// The pass of the figure, if it is of one.
  let pass: String?

  private var target: Rational { goal.value }

  var isExact: Bool { solution.figure == target }

  /// Whether the target lies between the least and the most that the figure can be, or is kept.
  var isInReach: Bool {
    guard goal.relation == .near else { return goal.allows(solution.figure) }
    return isExact || solution.reach.contains(target)
  }

  private var residual: Rational {
    (try? solution.figure.adding(target.negated())) ?? .zero
  }

  /// The value to take: of a range that all serve, the shortest to write.
  private var value: String {
    solution.values.lowerBound == solution.values.upperBound
      ? solution.values.lowerBound.exactText : solution.values.shortest.exactText
  }

  // MARK: - Forms

  func text(_ format: ReportFormat) -> String {
    if format == .json { return json.text }
    var table = Table(
      heading: ["\(model.name)", "value"], alignments: [.left, .right])
    table.rows = [
      [key, value], [figure.path, exact(solution.figure)], [targetLabel, exact(target)],
      ["residual", exact(residual)],
    ]
    let range = solution.values
    if range.lowerBound != range.upperBound {
      table.rows.insert(
        ["  same from", "\(range.lowerBound.exactText) to \(range.upperBound.exactText)"], at: 1)
    }
    if !isInReach {
      table.rows.append(
        ["reach", "\(exact(solution.reach.lowerBound)) to \(exact(solution.reach.upperBound))"])
    }
    guard let pass, format != .csv else { return table.text(format) }
    return table.text(format) + "\nPass: \(pass).\n"
  }

  private var targetLabel: String {
    goal.relation == .near ? "target" : "target, \(goal.relation.rawValue)"
  }

  private func exact(_ value: Rational) -> String {
    Query.name(.figure(figure)).isRatio ? value.decimal(6) : value.exactText
  }

  private var json: JSONValue {
    func number(_ value: Rational) -> JSONValue {
      let text = value.exactText
      return text.contains("/") ? .string(text) : .number(text)
    }
    let answer: JSONValue = .object([
      "schema_version": .integer(1), "model": .string(model.name), "for": .string(key),
      "figure": .string(figure.path), "target": number(target),
      "solution": .object([
        "value": number(Rational(decimal: value) ?? solution.values.lowerBound),
        "from": number(solution.values.lowerBound), "to": number(solution.values.upperBound),
        "figure": number(solution.figure), "residual": number(residual),
        "exact": .boolean(isExact), "in_reach": .boolean(isInReach),
      ]), "others": .array(solution.others.map(number)),
      "reach": .array([number(solution.reach.lowerBound), number(solution.reach.upperBound)]),
    ])
    guard goal.relation != .near, case .object(var object) = answer else { return answer }
    object["relation"] = .string(goal.relation.rawValue)
    return .object(object)
  }

  /// How far was looked, where the answer is the last value.
  private var limits: String {
    guard let tried = solution.tried, solution.values.contains(tried.upperBound) else { return "" }
    return " Values up to \(exact(tried.upperBound)) were tried; --between FROM:TO tries others."
  }

  /// What to know about the answer.
  var notes: String {
    var lines: [String] = []
    if goal.relation != .near {
      if !isInReach {
        lines.append(
          "\(figure.path) cannot be \(goal.relation.rawValue) \(exact(target)) by \(key) alone; the "
            + "nearest it can be is \(exact(solution.figure)), with \(key)=\(value).")
      } else if solution.isIndependent {
        lines.append(
          "\(figure.path) does not depend on \(key); every value keeps within the target.")
      } else if !limits.isEmpty {
        lines.append("The last value that was looked at keeps within the target." + limits)
      }
    } else if !isInReach, solution.reach.lowerBound == solution.reach.upperBound {
      lines.append("\(figure.path) does not depend on \(key). Name another size.")
    } else if !isInReach {
      lines.append(
        "\(figure.path) cannot be \(exact(target)) by \(key) alone; the nearest it can be is "
          + "\(exact(solution.figure)), with \(key)=\(value)." + limits)
    } else if !isExact {
      lines.append("No value meets the target exactly; this is the nearest that makes a model.")
    }
    if figure.path == "memory.total" {
      lines.append("memory.total holds no activations.")
    }
    if !solution.others.isEmpty {
      let list = solution.others.prefix(8).map(\.exactText).joined(separator: ", ")
      let more = solution.others.count > 8 ? " and \(solution.others.count - 8) more" : ""
      lines.append("There is more than one answer: \(list)\(more) meet the target too.")
    }
    return lines.map { "note: \($0)\n" }.joined()
  }
}

extension ClosedRange<Rational> {
  /// A value within the range with as few decimals as there can be.
  fileprivate var shortest: Rational {
    var scale: Int128 = 1
    while let scaled = try? lowerBound.multiplied(by: Rational(scale)) {
      if let candidate = try? Rational(scaled.ceiling, over: scale), candidate <= upperBound {
        return candidate
      }
      guard scale < 1_000_000_000_000_000_000 else { break }
      scale *= 10
    }
    return lowerBound
  }
}
