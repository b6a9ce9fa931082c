import Accounting
import Architecture
import Arguments
import Families
import Sweeping
import Symbolic
import Wording

/// The options of a sweep, and the sweep they describe.
enum SweepOptions {
  static let model = Parameter<String>.positional(
    "MODEL", help: "A preset, a config.json, a folder that holds one, or -.")
  static let vary = Parameter<[String]>.repeated(
    "vary", "KEY=VALUES",
    help: "Vary a key over a,b,c or from:to:step or from:to:*factor; several make a grid.",
    complaint: { text in
      guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
        return "KEY=VALUES, as in --vary num_experts=4,8,16"
      }
      do throws(AxisSyntaxError) {
        _ = try AxisValues(parsing: String(text[text.index(after: sign)...]))
        return nil
      } catch {
        return error.message
      }
    })
  static let convention = Parameter<String?>.text(
    "convention", "NAME", help: "Whose way of counting flops.total. Default: exact.",
    complaint: { text in
      Convention.named(text) == nil
        ? "one of \(Convention.all.map(\.name).joined(separator: ", "))" : nil
    })
  static let baseline = Parameter<String?>.text(
    "baseline", "MODEL", help: "What ratios and --hold refer to. Default: MODEL without --vary.")
  static let hold = Parameter<String?>.text(
    "hold", "FIGURE", help: "Keep a figure as it is without --vary, with --by.")
  static let by = Parameter<String?>.text(
    "by", "KEY", help: "The size that gives way at each point, with --hold.")
  static let multiple = Parameter<Int128?>.whole(
    "multiple-of", "M", least: 1, most: 1 << 40,
    help: "Only multiples of M for the size that is solved for.")
  static let between = Parameter<String?>.text(
    "between", "FROM:TO", help: "The range of that size.",
    complaint: { limits($0) == nil ? "two whole numbers in order, as in 1:4096" : nil })
  static let budget = Parameter<String?>.text(
    "budget", "FLOPS",
    help: "FLOPs of a training run, or several with commas, or mod-paper: 6e18,2e19,1e20.",
    complaint: { text in
      do throws(AxisSyntaxError) {
        let values = try AxisValues(parsing: budgetText(text))
        let ends = [values[0], values[values.count - 1]].compactMap(\.number)
        return values.isNumeric && ends.allSatisfy { $0 > .zero }
          ? nil : "numbers above 0, as in 6e18"
      } catch {
        return error.message
      }
    })
  static let filter = Parameter<String?>.text(
    "where", "EXPR", help: "Keep points such as 'active < 3e9 && kv_cache_bytes < 1GiB'.")
  static let columns = Parameter<String?>.text(
    "columns", "LIST", help: "Figures or expressions, with commas between them.")

  static let pareto = Parameter<String?>.text(
    "pareto", "FIGURES",
    help: "Drop dominated points; lower is better, or with max:FIGURE higher.")
  static let top = Parameter<Int128?>.whole(
    "top", "N", least: 1, most: 1_000_000, help: "Keep the N points that come first in --order-by.")
  static let order = Parameter<String?>.text(
    "order-by", "FIGURE", help: "Lowest first, or with max:FIGURE highest first.")
  static let format = Parameter<SweepFormat>.choice(
    "format", "FORMAT", of: SweepFormat.allCases, default: .table,
    help: "How to print; without it, as the extension of --output says.")
  static let output = Parameter<String?>.text(
    "output", "FILE", help: "Write to a file, which appears only when it is whole.")
  static let plot = Parameter<PlotKind>.choice(
    "plot", "KIND", of: PlotKind.allCases, default: .auto, help: "What --format svg draws.")
  static let x = Parameter<String?>.text(
    "x", "FIGURE", help: "What stands on the x axis of a drawing: an axis or a figure.")
  static let shard = Parameter<String?>.text(
    "shard", "I/N", help: "The I-th of N parts; the parts joined are the whole.",
    complaint: { SweepRequest.shard($0) == nil ? "I/N with 1 <= I <= N, as in 3/16" : nil })
  static let resume = Parameter<Bool>.flag(
    "resume", help: "Go on where a sweep with the same arguments was stopped; needs --output.")
  static let check = Parameter<Bool>.flag(
    "check", help: "First compare a thousand points with the plain evaluation.")
  static let yes = Parameter<Bool>.flag(
    "yes", help: "Run grids of more than 10¹² points without --where.")
  static let threads = Parameter<Int128?>.whole(
    "threads", "N", least: 1, most: 4096, help: "Threads. Default: one for each processor.")

  /// The form of a sweep: what `--format` says, else the extension of the file.
  static func form(_ arguments: Arguments) -> SweepFormat {
    guard !arguments.has(format.declaration), let name = arguments[output],
      let dot = name.lastIndex(of: "."), !name[dot...].contains("/")
    else { return arguments[format] }
    let ending = name[name.index(after: dot)...].lowercased()
    return ending == "md" ? .markdown : SweepFormat(rawValue: ending) ?? .table
  }

  /// The FLOPs of the three runs of the Mixture-of-Depths paper.
  ///
  /// - Source: Raposo et al. 2024, §4.1, <https://arxiv.org/abs/2404.02258>.
  private static let paperBudgets = "6e18,2e19,1e20"

  static func budgetText(_ text: String) -> String { text == "mod-paper" ? paperBudgets : text }

  static func limits(_ text: String) -> ClosedRange<Int128>? {
    let pieces = text.split(separator: ":", omittingEmptySubsequences: false)
    guard pieces.count == 2, let low = Rational(written: pieces[0])?.whole,
      let high = Rational(written: pieces[1])?.whole, low >= 0, low <= high, high <= 1 << 40
    else { return nil }
    return low...high
  }

  // MARK: - From arguments to a sweep

  /// The model and the pass that a command line names.
  ///
  /// - Throws: `Failure`, `UsageError`.
  static func subject(_ arguments: Arguments) throws -> (SweepSubject, Model) {
    let source = try ModelSource(arguments)
    let found = try source.find(arguments[model])
    let base = try source.model(found)
    for binding in base.sizes where !binding.value.variables.isEmpty {
      throw UsageError.invalid(
        label: "--set", value: "\(binding.key)=\(binding.value.text(.plain))",
        expected: "a number; --vary tries several")
    }
    _ = try WorkloadOptions.workload(arguments)
    var subject = subject(source, found, arguments)
    if let text = arguments[budget], !text.contains(","), text != "mod-paper" {
      subject.budget = Rational(decimal: text)
    }
    if arguments[budget] != nil, subject.request.phase == .decode {
      throw UsageError.contradiction(
        "--budget", "--phase decode", advice: "A training run has no decoding; leave one out.")
    }
    return (subject, base)
  }

  /// The model that figures are compared with, if it is another.
  ///
  /// - Throws: `Failure`, with the file or preset at fault.
  static func reference(_ arguments: Arguments) throws -> SweepSubject? {
    guard let word = arguments[baseline] else { return nil }
    let source = ModelSource()
    let found = try source.find(word)
    _ = try source.model(found)
    return subject(source, found, arguments)
  }

  private static func subject(
    _ source: ModelSource, _ found: ModelSource.Found, _ arguments: Arguments
  ) -> SweepSubject {
    let (description, changes) = (source.description, source.transformations)
    return SweepSubject(
      request: WorkloadOptions.request(arguments),
      convention: arguments[convention].flatMap { Convention.named($0) } ?? .exact,
      weights: WeightFormatRequest(arguments[WorkloadOptions.weightFormat]) ?? .usual,
      cache: arguments[WorkloadOptions.cacheFormat]
    ) { overrides, more in
      var description = description
      description.overrides.merge(overrides) { _, new in new }
      var model = try description.model(from: found.configuration, named: found.name)
      model.relativeExpertSize = found.relativeExpertSize
      for change in changes + more { model = try model.transformed(by: change) }
      return model
    }
  }

  /// The axes of a command line, the last of which changes fastest.
  ///
  /// - Throws: `UsageError`.
  static func axes(_ arguments: Arguments) throws -> [Axis] {
    var axes: [Axis] = []
    for text in arguments[vary] {
      guard let sign = text.firstIndex(of: "=") else { continue }
      let key = String(text[..<sign])
      guard !axes.contains(where: { $0.key == key }) else {
        throw UsageError.repeated("--vary \(key)")
      }
      axes.append(Axis(key, try AxisValues(parsing: String(text[text.index(after: sign)...]))))
    }
    if let text = arguments[budget], text.contains(",") || text.contains(":") || text == "mod-paper"
    {
      guard !axes.contains(where: { $0.key == "budget" }) else {
        throw UsageError.contradiction(
          "--budget", "--vary budget", advice: "They are the same; leave one out.")
      }
      axes.append(Axis("budget", try AxisValues(parsing: budgetText(text))))
    }
    return axes
  }

  /// A column for each entry of a list.
  ///
  /// - Throws: `UsageError.syntax` with the place that cannot be read.
  static func columns(
    _ text: String, _ axes: [Axis], _ model: Model, solved: String?, label: String = "--columns"
  ) throws -> [Sweep.Column] {
    var entries = [""]
    var depth = 0
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 {
        entries.append("")
      } else {
        entries[entries.count - 1].append(character)
      }
    }
    return try entries.map { entry in
      let name = String(entry.trimmed)
      let query = try query(name, axes, model, solved: solved, label: label)
      return Sweep.Column(query.figure?.path ?? name, query)
    }
  }

  static func query(
    _ text: String, _ axes: [Axis], _ model: Model, solved: String?, label: String
  ) throws -> Query {
    do throws(QuerySyntaxError) {
      return try Query(
        parsing: text, axes: axes.map(\.key), sizes: model.sizes.map(\.key), solved: solved)
    } catch {
      throw UsageError.syntax(label: label, "\(error)")
    }
  }

  /// Refuses to solve for what is no size.
  static func requireSize(_ key: String, label: String) throws {
    switch Axis.target(of: key) {
    case .configuration, .tokens, .past, .generated, .batch, .transformation: return
    case .pass, .convention, .weightFormat, .cacheFormat, .budget:
      throw UsageError.invalid(
        label: label, value: key, expected: "a size: a key of config.json, tokens, past or batch")
    }
  }

  /// The figure of a word.
  static func figure(_ word: String, label: String) throws -> FigureName {
    guard let figure = FigureName.named(word) else {
      throw UsageError.invalid(
        label: label, value: word, expected: "a figure that 'tally figures' lists, as flops.total",
        nearest: nearestWord(to: word, among: FigureName.words))
    }
    return figure
  }
}

extension String {
  /// The text without blanks at its ends.
  var trimmed: Substring {
    var text = self[...]
    while text.first?.isWhitespace ?? false { text.removeFirst() }
    while text.last?.isWhitespace ?? false { text.removeLast() }
    return text
  }
}
