import Symbolic

extension MeasuredCounts {
  /// Reads the printed modules of DeepSpeed's flops profiler, or of calflops, which prints the same.
  ///
  /// What is taken are the multiply-adds, which are of matrix products alone; each is rounded to what
  /// is printed.
  ///
  /// - Source: DeepSpeed 0.19.8, `deepspeed/profiling/flops_profiler/profiler.py`; calflops 0.3.2.
  /// - Throws: `MeasurementError`.
  init(profiledModules lines: [Substring]) throws(MeasurementError) {
    var modules: [Module] = []
    /// The modules that are open, each with its indentation and the paths that it stands for.
    var open: [(indent: Int, paths: [[String]])] = []
    for line in lines {
      let indent = line.prefix { $0 == " " }.count
      let text = line.dropFirst(indent)
      if let (names, rest) = Self.opening(text, isOutermost: open.isEmpty) {
        while let last = open.last, last.indent >= indent { open.removeLast() }
        let outer = open.last?.paths ?? [[]]
        let paths = outer.flatMap { path in names.map { path + [$0] } }
        open.append((indent, paths))
        guard let count = try Self.multiplyAdds(rest) else { continue }
        modules += paths.map { Module(path: $0, count: count.value, slack: count.slack) }
      } else if let last = open.last, indent > last.indent, let count = try Self.multiplyAdds(text),
        !modules.contains(where: { $0.path == last.paths.first })
      {
        modules += last.paths.map { Module(path: $0, count: count.value, slack: count.slack) }
      }
    }
    guard !modules.isEmpty else {
      throw MeasurementError(
        "It lists no module with its MACs. Print the detailed profile too.")
    }
    let isCalflops = lines.contains { $0.contains("calflops") || $0.contains("% FLOPs") }
    self.init(kind: isCalflops ? .calflops : .deepspeed, modules: modules)
  }

  /// The names of a module that a line opens, `0` and `1` for `(0-1): 2 x`, and what stands behind.
  private static func opening(
    _ text: Substring, isOutermost: Bool
  ) -> (names: [String], rest: Substring)? {
    guard let bracket = text.firstIndex(of: "(") else { return nil }
    guard text.first == "(" else {
      let name = text[..<bracket]
      guard isOutermost, text.hasSuffix("("),
        name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
      else { return nil }
      return ([String(name)], text[text.index(after: bracket)...])
    }
    guard let end = text.firstIndex(of: ")"), text[end...].hasPrefix("): ") else { return nil }
    let name = text[text.index(after: bracket)..<end]
    let rest = text[end...].dropFirst(3)
    guard let inner = rest.firstIndex(of: "(") else { return nil }
    let bounds = name.split(separator: "-").map { Int($0) }
    if bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last,
      last - first < 10_000
    {
      return ((first...last).map(String.init), rest[inner...].dropFirst())
    }
    return ([String(name)], rest[inner...].dropFirst())
  }

  /// What `78.58 K = 100% Params, 3.17 MMACs = 100% MACs, …` says of multiply-adds.
  private static func multiplyAdds(
    _ text: Substring
  ) throws(MeasurementError) -> (value: Rational, slack: Rational)? {
    guard text.contains("% MACs") else { return nil }
    for field in text.split(separator: ",") {
      let words = field.split(separator: " ")
      guard words.count > 1, words[1].hasSuffix("MACs"), words[1] != "%MACs" else { continue }
      guard let count = RoundedCount(words[0], unit: words[1].dropLast(4)) else {
        throw MeasurementError("'\(field.prefix(60))' is no count. Write the file again.")
      }
      return (count.value, count.slack)
    }
    return nil
  }
}

extension MeasuredCounts {
  /// Reads the table that `flop_count_table` of fvcore prints; one operation is a multiply-add.
  ///
  /// - Source: fvcore 0.1.5, `fvcore/nn/print_model_statistics.py`.
  /// - Throws: `MeasurementError`.
  init(fvcore lines: [Substring]) throws(MeasurementError) {
    var column: Int?
    var modules: [Module] = []
    for line in lines where line.hasPrefix("|") {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().map {
        $0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
      }.map { String($0) }
      guard let place = column else {
        column = cells.firstIndex(of: "#flops")
        continue
      }
      guard cells.count > place, !cells[place].isEmpty, !cells[place].hasPrefix(":") else {
        continue
      }
      let text = cells[place]
      let unit = text.reversed().prefix { $0.isLetter }.reversed()
      guard let count = RoundedCount(text.dropLast(unit.count), unit: Substring(String(unit)))
      else {
        throw MeasurementError("'\(text.prefix(60))' is no count. Write the file again.")
      }
      // The first row is the whole model, under a name of its own.
      let path = modules.isEmpty ? [] : cells[0].split(separator: ".").map(String.init)
      modules.append(Module(path: path, count: count.value, slack: count.slack))
    }
    guard !modules.isEmpty else {
      throw MeasurementError("It is a table without rows. Write the file again.")
    }
    self.init(kind: .fvcore, modules: modules)
  }
}

/// A count that is printed with a few digits and a unit, and how far it may be off.
private struct RoundedCount {
  let value: Rational
  let slack: Rational

  init?(_ digits: Substring, unit: Substring) {
    let powers: [Substring: Int] = [
      "": 0, "K": 3, "k": 3, "M": 6, "G": 9, "B": 9, "T": 12, "P": 15,
    ]
    guard let power = powers[unit], let number = Rational(decimal: digits), number >= .zero,
      let scale = try? Rational(10).power(power), let value = try? number.multiplied(by: scale)
    else { return nil }
    self.value = value
    let places = digits.firstIndex(of: ".").map { digits[$0...].count - 1 } ?? 0
    guard power > 0 || places > 0 else {
      slack = .zero
      return
    }
    guard let unit = try? Rational(10).power(power - places),
      let half = try? unit.divided(by: Rational(2))
    else { return nil }
    slack = half
  }
}
