import Accounting
import Arguments
import Foundation
import JSON
import Testing

@testable import tally

/// Whole output of the tool, against the files in `Expected`.
///
/// A change of wording or layout shows as a line of difference. Figures of parameters in these files
/// were checked against print; those of passes are pinned here, and checked by the tests of
/// agreement. A change of a figure has to say why.
@Suite struct CommandTests {
  static let expected = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Expected")

  static let lines: [(file: String, words: String)] = [
    ("params-founding.txt", "params llama2-13b mixtral-8x7b"),
    ("params-mixtral.json", "params mixtral-8x7b --format json"),
    ("params-founding.csv", "--format csv llama2-13b mixtral-8x7b"),
    ("params-founding.txt", "llama2-13b mixtral-8x7b"),
    ("params-founding.csv", "params llama2-13b mixtral-8x7b --format csv"),
    ("params-free.txt", "params llama2-13b --set hidden_size=x"),
    ("params-layers.md", "params deepseek-moe-2b --by layer --format markdown"),
    ("params-tensors.csv", "params mod-220m --set num_hidden_layers=2 --by tensor --format csv"),
    ("compare.txt", "compare llama2-13b mixtral-8x7b deepseek-moe-16b"),
    ("explain-mixtral.txt", "explain mixtral-8x7b"),
    ("explain-llama.tex", "explain llama2-13b --format latex"),
    ("explain-mod.md", "explain mod-220m --format markdown"),
    ("explain-deepseek.txt", "explain deepseek-v3 --by tensor"),
    ("flops.txt", "flops llama2-13b mixtral-8x7b deepseek-moe-16b --tokens 4096"),
    ("flops-deepseek.json", "flops deepseek-v3 --phase decode --past 32768 --format json"),
    ("flops-mod.json", "flops mod-220m --phase decode --past 2048 --format json"),
    (
      "flops-rows.csv",
      "flops mode-staged --set num_hidden_layers=2 --mask causal --by row --format csv"
    ),
    (
      "flops-conventions.csv",
      "flops deepseek-moe-16b --tokens 4096 --phase train --convention all --format csv"
    ),
    (
      "flops-utilization.txt",
      "flops llama2-7b --phase train --tokens-per-second 3000 --peak 312e12 --recompute full"
    ),
    ("explain-flops.txt", "explain mistral-7b --flops --mask causal"),
    ("explain-program.txt", "explain mixtral-8x7b mod-220m --program"),
    ("explain-program.md", "explain deepseek-moe-16b --program --format markdown"),
    ("explain-program.json", "explain gpt2 --program --format json"),
    ("compare-depth.txt", "compare dense-220m mod-220m"),
    ("reproduce-depth.txt", "reproduce mod deepseek-moe"),
    ("sweep.txt", "sweep mod-220m --vary mod_capacity=0.125,0.25,0.5,1"),
    (
      "sweep.json",
      "sweep mixtral-8x7b --vary segment=1,2 --vary shared=1,2 --budget 6e18 --format json"
    ),
    (
      "sweep-hold.csv",
      "sweep llama2-7b --vary num_hidden_layers=16:48:8 --hold flops --by hidden_size --format csv"
    ),
    ("sweep.md", "sweep deepseek-v3 --vary mla=expanded,absorbed --phase decode --format markdown"),
    ("solve.txt", "solve llama2-7b --for hidden_size --target total=7e9 --multiple-of 128"),
    ("solve.json", "solve mixtral-8x7b --for num_local_experts --target total=90B --format json"),
    ("help-sweep.txt", "help sweep"), ("help-solve.txt", "help solve"),
    ("help-flops.txt", "help flops"),
    ("help.txt", "--help"),
    ("help-params.txt", "help params"), ("help-validate.txt", "help validate"),
    ("help-run.txt", "help run"),
  ]

  @Test("The whole output is the expected one", arguments: lines)
  func output(_ line: (file: String, words: String)) throws {
    let outcome = run(line.words)
    let text = try String(contentsOf: Self.expected.appending(path: line.file), encoding: .utf8)
    #expect(outcome.exitCode == 0)
    #expect(difference(outcome.output, text) == nil)
  }

  struct Mistake: CustomTestStringConvertible {
    let words: String
    let exitCode: Int32
    let message: String

    var testDescription: String { words }
  }

  @Test(
    "A pass that cannot be counted says what is wrong, and prints nothing else",
    arguments: [
      Mistake(
        words: "flops llama2-7b --tokens 0", exitCode: 64,
        message: "'0' is not valid for --tokens: expected a whole number of at least 1."),
      Mistake(
        words: "flops llama2-7b --batch 0", exitCode: 64,
        message: "'0' is not valid for --batch: expected a whole number of at least 1."),
      Mistake(
        words: "flops llama2-7b --phase decode --tokens 2", exitCode: 64,
        message: "--phase decode and --tokens 2 contradict each other."),
      Mistake(
        words: "flops llama2-7b --phase train --past 2", exitCode: 64,
        message: "--phase train and --past 2 contradict each other."),
      Mistake(
        words: "flops llama2-7b --recompute full", exitCode: 64,
        message: "--recompute full and --phase prefill contradict each other."),
      Mistake(
        words: "explain llama2-7b --tokens 5", exitCode: 64,
        message: "--tokens and no --flops contradict each other."),
      Mistake(
        words: "flops llama2-7b --convention kaplann", exitCode: 64,
        message: "Did you mean 'kaplan'?"),
      Mistake(
        words: "flops llama2-7b --tokens-per-second -1 --peak 1", exitCode: 64,
        message: "'-1' is not valid for --tokens-per-second"),
      Mistake(
        words: "flops llama2-7b --tokens-per-second 0 --peak 1", exitCode: 64,
        message: "'0' is not valid for --tokens-per-second: expected a number above 0"),
      Mistake(
        words: "flops llama2-7b --tokens 99999999999999999999999", exitCode: 65,
        message: "does not fit in 128 bits."),
      Mistake(
        words: "flops llama2-7b --tokens 999999999999999999999999999999999999999999", exitCode: 64,
        message: "expected a whole number below 2^127."),
      Mistake(
        words: "flops llama2-7b --set hidden_act=foo", exitCode: 65,
        message: "hidden_act is \"foo\", which changes the count"),
      Mistake(
        words: "reproduce presetss", exitCode: 64, message: "Did you mean 'presets'?"),
    ])
  func passMistakes(_ mistake: Mistake) {
    let outcome = run(mistake.words)
    #expect(outcome.output.isEmpty)
    #expect(outcome.exitCode == mistake.exitCode)
    #expect(outcome.errors.hasPrefix("error: ") && outcome.errors.contains(mistake.message))
  }

  @Test(
    "What cannot be answered has its exit code, one message, and nothing on standard output",
    arguments: [
      Mistake(
        words: "parms llama2-13b", exitCode: 64,
        message: "error: Unknown command 'parms'. Did you mean 'params'?\nSee 'tally --help'.\n"),
      Mistake(
        words: "lama2-13b", exitCode: 64,
        message: "error: Unknown command 'lama2-13b'. Did you mean 'llama2-13b'?\n"
          + "See 'tally --help'.\n"),
      Mistake(
        words: "flops gpt2 --seq-len 5", exitCode: 64,
        message: "error: Unknown option '--seq-len'. Did you mean '--tokens'?\n"
          + "See 'tally flops --help'.\n"),
      Mistake(
        words: "flops gpt2 --batch-size=2", exitCode: 64,
        message: "error: Unknown option '--batch-size'. Did you mean '--batch'?\n"
          + "See 'tally flops --help'.\n"),
      Mistake(
        words: "params", exitCode: 64,
        message: "error: MODEL is missing.\nSee 'tally params --help'.\n"),
      Mistake(
        words: "params gpt2 --format yaml", exitCode: 64,
        message: """
          error: 'yaml' is not valid for --format: expected one of table, json, csv, markdown.
          See 'tally params --help'.

          """),
      Mistake(
        words: "params gpt2 --set n_layer", exitCode: 64,
        message: """
          error: 'n_layer' is not valid for --set: expected KEY=VALUE, as in --set num_hidden_layers=2.
          See 'tally params --help'.

          """),
      Mistake(
        words: "params lama2-13b", exitCode: 66,
        message: "error: 'lama2-13b' is neither a preset nor a file. Did you mean 'llama2-13b'?\n"),
      Mistake(
        words: "params /nowhere/config.json", exitCode: 66,
        message: """
          error: '/nowhere/config.json' is neither a preset nor a file. 'tally presets' lists the presets.

          """),
      Mistake(
        words: "params mixtral-8x7b --set hidden_size=0", exitCode: 65,
        message: """
          error: preset mixtral-8x7b: hidden_size is 0, but it must be a whole number of at least 1. \
          Correct hidden_size.

          """),
      Mistake(
        words: "params mixtral-8x7b --set hiden_size=1", exitCode: 65,
        message: """
          error: preset mixtral-8x7b: 'mixtral' does not read a key 'hiden_size'. \
          Did you mean 'hidden_size'?

          """),
      Mistake(
        words: "params mixtral-8x7b --set num_experts_per_tok=9", exitCode: 65,
        message: """
          error: preset mixtral-8x7b: num_experts_per_tok (9) is more than num_local_experts (8). \
          Lower num_experts_per_tok or raise num_local_experts.

          """),
      Mistake(
        words: "params llama2-13b --set hidden_size=40000000000000000000", exitCode: 65,
        message: """
          error: llama2-13b: The count of attention does not fit in 128 bits. Lower the sizes it is made of.

          """),
      Mistake(
        words: "params llama2-13b --set hidden_size=2*", exitCode: 65,
        message: """
          error: preset llama2-13b: hidden_size = '2*' is neither a number nor a formula: \
          the formula ends too soon at character 3. Give a number, a free variable such as x, or a formula \
          such as 4*x.

          """),
      Mistake(
        words: "compare gpt2", exitCode: 64,
        message: "error: A second MODEL is missing.\nSee 'tally compare --help'.\n"),
    ])
  func mistakes(_ mistake: Mistake) {
    let outcome = run(mistake.words)
    #expect(
      outcome == Outcome(errors: mistake.message, exitCode: mistake.exitCode))
  }

  @Test(
    "A square that hides positions says so, and nothing else does",
    arguments: [
      (
        "flops mistral-7b --tokens 8192", "--mask causal would count 129.85T FLOPs, 1.2 times less."
      ),
      ("flops mistral-7b --tokens 4096", nil),
      ("flops mistral-7b --tokens 8192 --mask causal", nil),
      ("flops gemma3-4b --phase decode --past 8192", nil),
      ("flops llama2-7b --tokens 8192", nil),
      ("flops llama4-scout --tokens 8192", nil),
      ("flops llama4-scout --tokens 8193", "--mask causal would count"),
      ("flops deepseek-v3 --assume deepseek_v32 --tokens 131072", ", 5.7 times less."),
      ("flops deepseek-v3 --assume deepseek_v32 --tokens 2048", nil),
    ] as [(String, String?)])
  func hiddenPositions(words: String, note: String?) {
    let errors = run(words).errors
    if let note { #expect(errors.contains(note), "\(errors)") }
    #expect(errors.contains("whole square") == (note != nil), "\(errors)")
  }

  @Test("Decode of latent attention says what the form of engines would cost")
  func absorbedForm() {
    let words = "flops deepseek-v3 --phase decode --past 32768"
    let errors = run(words).errors
    #expect(
      errors.contains(
        "--mla absorbed would count 631.30B FLOPs, 106.6 times less, and 8.4 for each byte moved."),
      "\(errors)")
    let absorbed = run(words + " --mla absorbed")
    #expect(absorbed.output.contains(" 631.30B\n") && !absorbed.errors.contains("engines"))
    #expect(!run("flops deepseek-v3 --tokens 128").errors.contains("engines"))
  }

  @Test("Every usual spelling of a preset's name finds it")
  func spellings() {
    for name in [
      "llama-2-13b", "Llama-2-13b", "LLAMA2-13B", "meta-llama/Llama-2-13b-hf",
      "meta-llama/Llama-2-13b",
    ] {
      #expect(run("params \(name) --format csv").output.contains("\nllama2-13b,llama,13015864320,"))
    }
  }

  @Test("Every option changes the answer")
  func options() {
    let plain = run("params mixtral-8x7b").output
    for option in [
      "--set num_local_experts=4", "--by layer", "--by tensor", "--format json",
      "--format markdown", "--assume mistral",
    ] {
      let outcome = run("params mixtral-8x7b \(option)")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.output != plain)
    }
  }

  @Test("JSON documents of every command parse, and say which version of the form they have")
  func json() throws {
    for words in [
      "params gpt2", "params gpt2 --by layer", "params gpt2 --by tensor", "explain gpt2",
      "compare gpt2 gpt2-xl", "presets", "presets --families",
    ] {
      let value = try JSONValue(parsing: run("\(words) --format json").output)
      #expect(value["schema_version"]?.integer == 1, "\(words)")
    }
  }

  // MARK: - Support

  private func run(_ words: String) -> Outcome {
    Tally.tool.run(words.split(separator: " ").map(String.init), failure: Failure.describe)
  }

  /// The first line in which two texts differ.
  private func difference(_ text: String, _ expected: String) -> String? {
    guard text != expected else { return nil }
    let (left, right) = (
      text.split(separator: "\n", omittingEmptySubsequences: false),
      expected.split(separator: "\n", omittingEmptySubsequences: false)
    )
    for (number, (a, b)) in zip(left, right).enumerated() where a != b {
      return "line \(number + 1) is '\(a)', not '\(b)'"
    }
    return "\(left.count) lines, not \(right.count)"
  }

  @Test("Every figure has a unit and a meaning, and a word finds those that have to do with it")
  func figures() throws {
    let document = try JSONValue(parsing: run("figures --format json").output)
    let figures = try #require(document["figures"]?.array)
    #expect(figures.count == FigureName.all.count)
    for figure in figures {
      #expect(figure["meaning"]?.string?.isEmpty == false, "\(figure.line)")
      #expect(figure["unit"]?.string?.isEmpty == false, "\(figure.line)")
    }
    let cached = run("figures kv_cache --format csv").output.split(separator: "\n")
    #expect(
      cached.dropFirst().map { $0.prefix { $0 != "," } } == ["kv_cache.elements", "kv_cache.bytes"])
    #expect(run("figures nosuchfigure").exitCode == 64)
  }

  @Test(
    "Completion knows keys, figures, axes and changes, after commas too",
    arguments: [
      (["flops", "llama2-7b", "--set", "hidden_size="], ["hidden_size="]),
      (["sweep", "llama2-7b", "--vary", "batc"], ["batch="]),
      (["solve", "llama2-7b", "--for", "num_hidden_l"], ["num_hidden_layers"]),
      (["solve", "llama2-7b", "--target", "memory.tot"], ["memory.total="]),
      (["params", "llama2-7b", "--transform", "up"], ["upcycle="]),
      (["figures", "kv_cache.b"], ["kv_cache.bytes"]),
      (["sweep", "llama2-7b", "--columns", "active,memory.to"], ["active,memory.total"]),
    ])
  func completion(words: [String], expected: [String]) {
    #expect(Tally.tool.completions(for: words) == expected)
  }

  @Test("A drawing in characters has the points, the labels of the axes, and the pass")
  func plot() {
    let lines = run("sweep mixtral-8x7b --vary num_local_experts=4,8,16 --format plot").output
      .split(separator: "\n").map(String.init)
    #expect(lines.first == "mixtral-8x7b: parameters")
    #expect(lines.count { $0.contains("o") && $0.contains("│") } == 3)
    #expect(lines.contains { $0.hasPrefix("   0 │") })
    #expect(lines.last == "      num_local_experts")
    #expect(lines.allSatisfy { $0.count <= 80 })
    let grid = run(
      "sweep llama2-7b --vary num_hidden_layers=1:4 --vary tokens=1:4 --columns flops --format plot"
    ).output
    #expect(grid.contains("num_hidden_layers down, tokens across: 1 to 4\n"))
  }
}
