import Accounting
import Architecture
import Arguments
import JSON
import Sweeping
import Symbolic
import Wording

extension Command {
  /// Finds a size: `tally solve llama2-7b --for hidden_size --target total=7e9 --multiple-of 128`.
  static let solve = Command(
    "solve", "Find the value of a size at which a figure meets a target.",
    discussion: """
      The formula of the figure is searched, so the answer is exact: the value that meets the
      target, or the nearest that makes a model, with what is missing. A target such as 0.5x is a
      ratio to the unchanged model, or to --baseline. With <= or >= the figure stays within the
      target, as near to it as it can be. Exit code 1 if the target is out of reach.
      """,
    examples: [
      ("tally solve llama2-7b --for hidden_size --target total=7e9 --multiple-of 128", "a 7B"),
      (
        "tally solve mod-220m --for mod_capacity --target flops=0.6x --baseline dense-220m",
        "a share"
      ),
      ("tally solve mixtral-8x7b --for num_local_experts --target total=100B", "how many experts"),
      ("tally solve llama2-7b --for num_hidden_layers --target flops=2x", "how deep"),
      (
        "tally solve llama3-8b --for tokens --target kv_cache=16GiB --batch 8", "how long a context"
      ),
      (
        "tally solve llama3-70b --for batch --target 'memory.total<=160GiB' --phase decode --past 8192",
        "how many sequences fit"
      ),
    ],
    [SweepOptions.model.declaration, size.declaration, target.declaration]
      + ModelSource.options + WorkloadOptions.declarations
      + [
        SweepOptions.convention.declaration, SweepOptions.baseline.declaration,
        SweepOptions.multiple.declaration, SweepOptions.between.declaration,
        ReportFormat.plain.declaration,
      ]
  ) { arguments in
    let (subject, model) = try SweepOptions.subject(arguments)
    let key = try required(size, arguments)
    try SweepOptions.requireSize(key, label: "--for")
    var hold = try goal(required(target, arguments), by: key)
    hold.step = arguments[SweepOptions.multiple] ?? 1
    hold.limits = arguments[SweepOptions.between].flatMap { SweepOptions.limits($0) }
    let report: SolutionReport
    do throws(SweepError) {
      // A key that the model does not read is an error of its own.
      _ = try subject.checkKey(key)
      var sweep = Sweep(subject, try grid(), columns: [])
      sweep.hold = hold
      sweep.reference = try reference(arguments)
      let plan = try SweepPlan(sweep)
      guard let solution = try plan.solution(at: 0) else {
        throw SweepError.notSolvable(key: key, reason: "no value makes a model")
      }
      report = SolutionReport(
        model: model, key: key, figure: hold.figure, goal: plan.goal, solution: solution,
        pass: hold.figure.isOfPass ? PassLine.text(sweep) : nil)
    } catch {
      throw Failure.sweep(source: model.name, error)
    }
    var asked = [Query.name(.figure(hold.figure))]
    if case .timesBaseline = hold.target { asked.append(.name(.baseline(hold.figure))) }
    let idle = UnusedOptions.notes(arguments, model, asked: asked, axes: [key])
    return Outcome(
      report.text(arguments[ReportFormat.plain]),
      errors: report.notes + idle.map { "note: \(model.name): \($0)\n" }.joined(),
      exitCode: report.isInReach ? 0 : 1)
  }

  private static let size = Parameter<String?>.text(
    "for", "KEY", help: "The size to find: a key of config.json, tokens, past, batch or a change.")
  private static let target = Parameter<String?>.text(
    "target", "FIGURE=VALUE",
    help: "As total=7e9, kv_cache=8GiB, flops=0.5x, or with <= or >=.",
    complaint: { text in
      do {
        _ = try goal(text, by: "")
        return nil
      } catch let error as UsageError {
        if case .invalid(_, _, let expected, let nearest) = error {
          return expected + (nearest.map { " (did you mean '\($0)'?)" } ?? "")
        }
        return "\(error)"
      } catch {
        return "FIGURE=VALUE, as in total=7e9, or with <= or >="
      }
    })

  private static func required(
    _ parameter: Parameter<String?>, _ arguments: Arguments
  ) throws -> String {
    guard let text = arguments[parameter] else {
      throw UsageError.missing(parameter.declaration.label)
    }
    return text
  }

  /// The figure of a target, and what it is to be.
  private static func goal(_ text: String, by key: String) throws -> Sweep.Hold {
    // A figure's name has no sign of a relation.
    guard let sign = text.firstIndex(where: { "<>=".contains($0) }),
      let relation = Goal.Relation.allCases.first(where: { text[sign...].hasPrefix($0.rawValue) })
    else {
      throw UsageError.invalid(
        label: "--target", value: text,
        expected: "FIGURE=VALUE, as in total=7e9, or with <= or >=")
    }
    let figure = try SweepOptions.figure(String(text[..<sign]), label: "--target")
    let value = String(text[sign...].dropFirst(relation.rawValue.count))
    var hold = Sweep.Hold(figure, by: key, try wanted(value, in: text, isBytes: figure.isBytes))
    hold.relation = relation
    return hold
  }

  private static func wanted(
    _ value: String, in text: String, isBytes: Bool
  ) throws -> Sweep.Hold.Target {
    if value.hasSuffix("x"), let factor = Rational(decimal: value.dropLast()), factor > .zero {
      return .timesBaseline(factor)
    }
    if !isBytes,
      value.contains("iB") || value.hasSuffix("B") && value.dropLast().last?.isLetter == true
    {
      throw UsageError.invalid(
        label: "--target", value: text,
        expected: "a number without a unit of bytes, as in 7e9 or 7B")
    }
    guard case .number(let number)? = try? Query(parsing: value, axes: []), number >= .zero else {
      throw UsageError.invalid(
        label: "--target", value: text, expected: "a number, as in 7e9, 7B, 8GiB or 0.5x")
    }
    return .value(number)
  }

  private static func grid() throws(SweepError) -> Grid {
    do throws(ArithmeticError) {
      return try Grid([])
    } catch {
      throw .description(.arithmetic(error, what: "The grid"))
    }
  }

  private static func reference(_ arguments: Arguments) throws(SweepError) -> SweepSubject? {
    do {
      return try SweepOptions.reference(arguments)
    } catch let failure as Failure {
      if case .description(_, let error) = failure { throw .description(error) }
      throw .badValue(
        key: "--baseline", value: arguments[SweepOptions.baseline] ?? "",
        expected: "a preset or a configuration that can be read")
    } catch {
      throw .badValue(key: "--baseline", value: "", expected: "a preset or a configuration")
    }
  }
}
