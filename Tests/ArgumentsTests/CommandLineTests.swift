import Arguments
import Testing

/// A toy program, run in every way a hurried person types.
@Suite struct CommandLineTests {
  enum Shape: String, CaseIterable { case round, square }

  static let names = Parameter<[String]>.positionals("NAME", help: "Who.")
  static let shape = Parameter<Shape>.choice(
    "shape", "SHAPE", of: Shape.allCases, default: .round, help: "The shape.")
  static let tags = Parameter<[String]>.repeated(
    "tag", "TAG", help: "A tag.", complaint: { $0.isEmpty ? "a word" : nil })
  static let loud = Parameter<Bool>.flag("loud", help: "Shout.")

  static let tool = CommandLineTool(
    name: "toy", version: "1", summary: "a toy",
    commands: [
      Command(
        "draw", "Draw something.",
        [names.declaration, shape.declaration, tags.declaration, loud.declaration]
      ) { arguments in
        Outcome(
          "\(arguments[names]) \(arguments[shape]) \(arguments[tags]) \(arguments[loud])\n")
      },
      Command("list", "List things.", []) { _ in Outcome("none\n") },
    ],
    candidates: { $0.name == "name" ? ["ann", "bob"] : [] })

  struct Line: CustomTestStringConvertible {
    let words: String
    var output = ""
    var error = ""
    var exitCode: Int32 = 0

    var testDescription: String { words }
  }

  @Test(
    "Every command line has its answer",
    arguments: [
      Line(words: "draw a b", output: "[\"a\", \"b\"] round [] false\n"),
      Line(
        words: "draw a --shape square --tag x --tag=y --loud",
        output: "[\"a\"] square [\"x\", \"y\"] true\n"),
      Line(words: "draw -- --loud", output: "[\"--loud\"] round [] false\n"),
      Line(words: "draw -- --help -h", output: "[\"--help\", \"-h\"] round [] false\n"),
      Line(words: "draw -", output: "[\"-\"] round [] false\n"),
      Line(words: "--version", output: "toy 1\n"),
      Line(
        words: "drw",
        error: "error: Unknown command 'drw'. Did you mean 'draw'?\nSee 'toy --help'.\n",
        exitCode: 64),
      Line(
        words: "zzzzzz", error: "error: Unknown command 'zzzzzz'.\nSee 'toy --help'.\n",
        exitCode: 64),
      Line(
        words: "draw", error: "error: NAME is missing.\nSee 'toy draw --help'.\n", exitCode: 64),
      Line(
        words: "draw a --shap square",
        error: "error: Unknown option '--shap'. Did you mean '--shape'?\nSee 'toy draw --help'.\n",
        exitCode: 64),
      Line(
        words: "draw a --shape oval",
        error: """
          error: 'oval' is not valid for --shape: expected one of round, square.
          See 'toy draw --help'.

          """, exitCode: 64),
      Line(
        words: "draw a --shape",
        error: "error: --shape needs a value after it.\nSee 'toy draw --help'.\n", exitCode: 64),
      Line(
        words: "draw a --loud=no",
        error: "error: --loud takes no value.\nSee 'toy draw --help'.\n", exitCode: 64),
      Line(
        words: "draw a --shape round --shape round",
        error: "error: --shape is given twice.\nSee 'toy draw --help'.\n", exitCode: 64),
      Line(
        words: "list a", error: "error: Unexpected argument 'a'.\nSee 'toy list --help'.\n",
        exitCode: 64),
      Line(
        words: "draw a --tag=",
        error: "error: '' is not valid for --tag: expected a word.\nSee 'toy draw --help'.\n",
        exitCode: 64),
    ])
  func lines(_ line: Line) {
    let outcome = Self.tool.run(line.words.split(separator: " ").map(String.init)) { error in
      (70, "\(error)")
    }
    #expect(outcome == Outcome(line.output, errors: line.error, exitCode: line.exitCode))
  }

  @Test("Help names every command, every option and every choice")
  func help() throws {
    let outcome = Self.tool.run(["draw", "--help"]) { _ in (70, "") }
    #expect(
      outcome.output == """
        Draw something.

        usage: toy draw NAME... [--OPTION...]

          NAME           Who.
          --shape SHAPE  The shape. One of: round, square. Default: round.
          --tag TAG      A tag. Repeatable.
          --loud         Shout.
          --help         Show this help.

        """)
    #expect(Self.tool.run(["help", "draw"]) { _ in (70, "") } == outcome)
    #expect(Self.tool.run(["--help"]) { _ in (70, "") }.output.contains("draw  Draw something."))
  }

  @Test(
    "Completion offers commands, options, choices and names",
    arguments: [
      (["dr"], ["draw"]), (["draw", "a"], ["ann"]), (["draw", "--s"], ["--shape"]),
      (["draw", "--shape", "s"], ["square"]), (["help", "l"], ["list"]), (["zzz", ""], []),
      (["help", "--"], []), (["help", "list", ""], []),
      (["draw", "--shape=s"], ["--shape=square"]), (["draw", "--loud="], []),
      (["draw", "--shape", "="], ["round", "square"]), (["draw", "--shape", "=", "s"], ["square"]),
      (["draw", "--shape", "round,s"], ["round,square"]), (["draw", "--shape", "round,r"], []),
    ])
  func completion(_ words: [String], _ expected: [String]) {
    #expect(Self.tool.completions(for: words) == expected)
  }
}
