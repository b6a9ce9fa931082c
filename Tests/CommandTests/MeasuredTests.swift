import Arguments
import Foundation
import JSON
import Testing

@testable import tally

/// What `tally validate --measured` says of the files that other tools wrote.
@Suite struct MeasuredTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Oracle/Measured").path(percentEncoded: false)

  static func run(_ words: [String]) -> Outcome {
    Tally.tool.run(words, failure: Failure.describe)
  }

  /// A file of `Tests/Oracle/measured.py`, its total, and how many modules have each diagnosis.
  struct Run: CustomTestStringConvertible, Sendable {
    let file: String
    /// In which form the formulas take latent attention; that of the library where none is named.
    var mla: String?
    /// What torch counted, and what the formulas say: the total of the run with eager settings.
    let total: Int128
    let analytic: Int128
    let diagnoses: [String: Int]

    var testDescription: String { "\(file) \(mla ?? "")" }
    var model: String { String(file.prefix { $0 != "/" }) }

    var pass: [String] {
      if file.hasSuffix("generate.json") {
        return ["--batch", "2", "--tokens", "24", "--generate", "4", "--logits", "last"]
      }
      return file.hasSuffix("decode.json")
        ? ["--phase", "decode", "--batch", "2", "--past", "18"] + (mla.map { ["--mla", $0] } ?? [])
        : ["--phase", file.hasSuffix("train.json") ? "train" : "prefill", "--batch", "2"]
          + ["--tokens", "24"]
    }
  }

  // What torch 2.15.0 counts of transformers 5.23.0; runs.json has the totals. Of two layers, the form of
  // the latents shows in seven modules (the whole, the model twice, two layers and their attention), and
  // in two maps of keys and values where these run.
  static let runs = [
    Run(
      file: "deepseek_v3/absorbed-decode.json", total: 316_992, analytic: 680_736,
      diagnoses: ["latent-absorbed": 7]),
    Run(
      file: "deepseek_v3/absorbed-decode.json", mla: "absorbed", total: 316_992, analytic: 316_992,
      diagnoses: [:]),
    Run(
      file: "deepseek_v3/absorbed-decode.json", mla: "expanded", total: 316_992, analytic: 300_576,
      diagnoses: ["latent-absorbed": 7]),
    Run(
      file: "deepseek_v3/expanded-decode.json", total: 300_576, analytic: 680_736,
      diagnoses: ["latent-expanded": 9]),
    Run(
      file: "deepseek_v3/expanded-decode.json", mla: "absorbed", total: 300_576, analytic: 316_992,
      diagnoses: ["latent-expanded": 7]),
    Run(
      file: "deepseek_v3/expanded-decode.json", mla: "expanded", total: 300_576, analytic: 300_576,
      diagnoses: [:]),
    Run(
      file: "deepseek_v3/eager-decode.json", mla: "absorbed", total: 680_736, analytic: 316_992,
      diagnoses: ["latent-reexpanded": 9]),
    Run(
      file: "deepseek_v3/eager-decode.json", mla: "expanded", total: 680_736, analytic: 300_576,
      diagnoses: ["latent-reexpanded": 9]),
    Run(
      file: "deepseek_v3/default-decode.json", total: 639_264, analytic: 680_736,
      diagnoses: ["grouped-experts-not-counted": 5]),
    Run(
      file: "deepseek_v3/default-generate.json", total: 8_041_920, analytic: 9_203_136,
      diagnoses: ["grouped-experts-not-counted": 5]),
    Run(
      file: "deepseek_v3/default-prefill.json", total: 6_368_256, analytic: 7_363_584,
      diagnoses: ["grouped-experts-not-counted": 5]),
    Run(
      file: "deepseek_v3/default-train.json", total: 19_104_768, analytic: 22_090_752,
      diagnoses: ["backward-of-modules-before": 7, "grouped-experts-not-counted": 5]),
    Run(file: "deepseek_v3/eager-decode.json", total: 680_736, analytic: 680_736, diagnoses: [:]),
    Run(
      file: "deepseek_v3/eager-prefill.json", total: 7_363_584, analytic: 7_363_584, diagnoses: [:]),
    Run(
      file: "deepseek_v3/eager-train.json", total: 22_090_752, analytic: 22_090_752,
      diagnoses: [
        "backward-of-last-modules-missed": 1, "backward-of-modules-before": 6,
        "backward-of-modules-before+backward-of-last-modules-missed": 1,
      ]),
    Run(file: "gpt2/default-decode.json", total: 303_360, analytic: 303_360, diagnoses: [:]),
    Run(file: "gpt2/default-prefill.json", total: 7_372_800, analytic: 7_372_800, diagnoses: [:]),
    Run(file: "gpt2/default-train.json", total: 22_118_400, analytic: 22_118_400, diagnoses: [:]),
    Run(file: "gpt2/eager-decode.json", total: 303_360, analytic: 303_360, diagnoses: [:]),
    Run(file: "gpt2/eager-prefill.json", total: 7_372_800, analytic: 7_372_800, diagnoses: [:]),
    Run(
      file: "gpt2/eager-train.json", total: 22_118_400, analytic: 22_118_400,
      diagnoses: ["backward-of-last-modules-missed": 2]),
    Run(file: "llama-tied/default-decode.json", total: 260_352, analytic: 260_352, diagnoses: [:]),
    Run(
      file: "llama-tied/default-prefill.json", total: 6_340_608, analytic: 6_340_608, diagnoses: [:]
    ),
    Run(
      file: "llama-tied/default-train.json", total: 19_243_008, analytic: 19_021_824,
      diagnoses: [
        "attention-backward-2.5": 6, "attention-backward-2.5+backward-of-modules-before": 1,
        "backward-of-modules-before": 6,
      ]),
    Run(file: "llama-tied/eager-decode.json", total: 260_352, analytic: 260_352, diagnoses: [:]),
    Run(
      file: "llama-tied/eager-prefill.json", total: 6_340_608, analytic: 6_340_608, diagnoses: [:]),
    Run(
      file: "llama-tied/eager-train.json", total: 19_021_824, analytic: 19_021_824,
      diagnoses: [
        "backward-of-last-modules-missed": 1, "backward-of-modules-before": 6,
        "backward-of-modules-before+backward-of-last-modules-missed": 1,
      ]),
    Run(file: "llama/default-decode.json", total: 260_352, analytic: 260_352, diagnoses: [:]),
    Run(file: "llama/default-generate.json", total: 5_850_624, analytic: 5_850_624, diagnoses: [:]),
    Run(file: "llama/default-prefill.json", total: 6_340_608, analytic: 6_340_608, diagnoses: [:]),
    Run(
      file: "llama/default-train.json", total: 19_243_008, analytic: 19_021_824,
      diagnoses: [
        "attention-backward-2.5": 6, "attention-backward-2.5+backward-of-modules-before": 1,
        "backward-of-modules-before": 6,
      ]),
    Run(file: "llama/eager-decode.json", total: 260_352, analytic: 260_352, diagnoses: [:]),
    Run(file: "llama/eager-prefill.json", total: 6_340_608, analytic: 6_340_608, diagnoses: [:]),
    Run(
      file: "llama/eager-train.json", total: 19_021_824, analytic: 19_021_824,
      diagnoses: [
        "backward-of-last-modules-missed": 1, "backward-of-modules-before": 6,
        "backward-of-modules-before+backward-of-last-modules-missed": 1,
      ]),
    Run(
      file: "llama/frozen-below-train.json", total: 13_934_592, analytic: 19_021_824,
      diagnoses: [
        "nothing-below-trains+forward-only": 3, "forward-only": 10, "nothing-below-trains": 2,
        "nothing-below-trains+backward-of-last-modules-missed": 1,
        "nothing-below-trains+backward-of-modules-before": 2, "backward-of-modules-before": 1,
      ]),
    Run(
      file: "llama/frozen-layer-train.json", total: 16_883_712, analytic: 19_021_824,
      diagnoses: [
        "backward-of-modules-before": 3,
        "backward-of-modules-before+backward-of-last-modules-missed": 1, "frozen-weights": 8,
        "frozen-weights+backward-of-last-modules-missed": 1,
        "frozen-weights+backward-of-modules-before": 2,
        "frozen-weights+backward-of-modules-before+backward-of-last-modules-missed": 1,
      ]),
    Run(
      file: "llama/frozen-matrices-train.json", total: 13_123_584, analytic: 19_021_824,
      diagnoses: [
        "frozen-weights": 15, "frozen-weights+backward-of-last-modules-missed": 1,
        "frozen-weights+backward-of-modules-before": 5,
        "frozen-weights+backward-of-modules-before+backward-of-last-modules-missed": 1,
      ]),
    Run(
      file: "llama/frozen-train.json", total: 7_962_624, analytic: 19_021_824,
      diagnoses: [
        "forward-only": 21, "nothing-below-trains": 1, "nothing-below-trains+forward-only": 2,
      ]),
    Run(
      file: "llama/recomputed-train.json", total: 22_708_224, analytic: 19_021_824,
      diagnoses: [
        "backward-of-modules-before": 2, "recomputed": 11,
        "recomputed+backward-of-last-modules-missed": 1, "recomputed+backward-of-modules-before": 9,
      ]),
    Run(file: "llama4/default-decode.json", total: 473_280, analytic: 473_280, diagnoses: [:]),
    Run(
      file: "llama4/default-prefill.json", total: 11_450_880, analytic: 11_450_880, diagnoses: [:]),
    Run(
      file: "llama4/default-train.json", total: 34_573_824, analytic: 34_352_640,
      diagnoses: [
        "attention-backward-2.5": 6, "attention-backward-2.5+backward-of-modules-before": 1,
        "backward-of-last-modules-missed": 1, "backward-of-modules-before": 8,
      ]),
    Run(file: "llama4/eager-decode.json", total: 473_280, analytic: 473_280, diagnoses: [:]),
    Run(file: "llama4/eager-prefill.json", total: 11_450_880, analytic: 11_450_880, diagnoses: [:]),
    Run(
      file: "llama4/eager-train.json", total: 34_352_640, analytic: 34_352_640,
      diagnoses: [
        "backward-of-last-modules-missed": 2, "backward-of-modules-before": 8,
        "backward-of-modules-before+backward-of-last-modules-missed": 1,
      ]),
    Run(file: "mamba2/default-decode.json", total: 212_992, analytic: 212_992, diagnoses: [:]),
    Run(file: "mamba2/default-prefill.json", total: 6_117_632, analytic: 6_117_632, diagnoses: [:]),
    Run(
      file: "mamba2/default-train.json", total: 34_215_936, analytic: 18_352_896,
      diagnoses: ["backward-of-modules-before": 2, "convolution-gradient-as-one-group": 7]),
    Run(file: "mamba2/eager-decode.json", total: 212_992, analytic: 212_992, diagnoses: [:]),
    Run(file: "mamba2/eager-prefill.json", total: 6_117_632, analytic: 6_117_632, diagnoses: [:]),
    Run(
      file: "mamba2/eager-train.json", total: 34_215_936, analytic: 18_352_896,
      diagnoses: ["backward-of-modules-before": 2, "convolution-gradient-as-one-group": 7]),
    Run(
      file: "mixtral/default-decode.json", total: 133_248, analytic: 317_568,
      diagnoses: ["grouped-experts-not-counted": 7]),
    Run(
      file: "mixtral/default-prefill.json", total: 3_290_112, analytic: 7_713_792,
      diagnoses: ["grouped-experts-not-counted": 7]),
    Run(
      file: "mixtral/default-train.json", total: 10_091_520, analytic: 23_141_376,
      diagnoses: [
        "attention-backward-2.5": 1, "attention-backward-2.5+backward-of-modules-before": 1,
        "backward-of-modules-before": 4, "grouped-experts-not-counted": 2,
        "grouped-experts-not-counted+attention-backward-2.5": 5,
        "grouped-experts-not-counted+backward-of-modules-before": 2,
      ]),
    Run(file: "mixtral/eager-decode.json", total: 317_568, analytic: 317_568, diagnoses: [:]),
    Run(file: "mixtral/eager-prefill.json", total: 7_713_792, analytic: 7_713_792, diagnoses: [:]),
    Run(
      file: "mixtral/eager-train.json", total: 23_141_376, analytic: 23_141_376,
      diagnoses: [
        "backward-of-last-modules-missed": 1, "backward-of-modules-before": 6,
        "backward-of-modules-before+backward-of-last-modules-missed": 1,
      ]),
    Run(
      file: "qwen3_next/default-decode.json", total: 293_760, analytic: 459_648,
      diagnoses: ["grouped-experts-not-counted": 11]),
    Run(
      file: "qwen3_next/default-prefill.json", total: 15_760_896, analytic: 19_742_208,
      diagnoses: ["grouped-experts-not-counted": 11]),
    Run(
      file: "qwen3_next/default-train.json", total: 62_211_072, analytic: 62_224_896,
      diagnoses: [
        "attention-backward-2.5+backward-of-modules-before": 1, "backward-of-modules-before": 17,
        "convolution-gradient-as-one-group": 1,
        "convolution-gradient-as-one-group+backward-of-modules-before": 2,
        "grouped-experts-not-counted": 4, "grouped-experts-not-counted+attention-backward-2.5": 1,
        "grouped-experts-not-counted+attention-backward-2.5+convolution-gradient-as-one-group": 3,
        "grouped-experts-not-counted+backward-of-modules-before": 4,
        "grouped-experts-not-counted+convolution-gradient-as-one-group": 3,
      ]),
    Run(file: "qwen3_next/eager-decode.json", total: 459_648, analytic: 459_648, diagnoses: [:]),
    Run(
      file: "qwen3_next/eager-prefill.json", total: 19_742_208, analytic: 19_742_208, diagnoses: [:]
    ),
    Run(
      file: "qwen3_next/eager-train.json", total: 74_044_416, analytic: 62_224_896,
      diagnoses: [
        "backward-of-modules-before": 21,
        "backward-of-modules-before+backward-of-last-modules-missed": 1,
        "convolution-gradient-as-one-group": 7,
        "convolution-gradient-as-one-group+backward-of-modules-before": 2,
      ]),
  ]

  @Test("Every file of torch's counter is read, matched and explained", arguments: runs)
  func counted(_ run: Run) throws {
    let outcome = Self.run(
      ["validate", "\(Self.folder)/\(run.model)/config.json"]
        + ["--measured", "\(Self.folder)/\(run.file)", "--format", "json"] + run.pass)
    #expect(outcome.exitCode == 0)
    let document = try JSONValue(parsing: outcome.output)
    let measured = try #require(document["models"]?.array?.first?["measured"])
    #expect(measured["kind"]?.string == "flop-counter")
    #expect(measured["agrees"] == .boolean(true))
    #expect(measured["total"]?.integer == run.total)
    #expect(measured["analytic"]?.integer == run.analytic)
    var found: [String: Int] = [:]
    for row in measured["rows"]?.array ?? [] {
      if let word = row["diagnosis"]?.string { found[word, default: 0] += 1 }
    }
    #expect(found == run.diagnoses)
  }

  @Test("Old and new names of modules are the same places")
  func names() throws {
    // What Mixtral called its experts until transformers 5, each with a number of its own.
    let old = """
      {"Global": {"aten.mm": 7713792}, "model.layers.0.block_sparse_moe": {"aten.mm": 2234880},
       "model.layers.0.block_sparse_moe.gate": {"aten.mm": 23040},
       "model.layers.0.block_sparse_moe.experts.0.w1": {"aten.mm": 500000},
       "model.layers.0.block_sparse_moe.experts.1.w1": {"aten.mm": 237280},
       "model.layers.0.block_sparse_moe.experts.0.w2": {"aten.mm": 737280},
       "model.layers.0.block_sparse_moe.experts.0.w3": {"aten.mm": 737280}}
      """
    let rows = try Self.rows(of: "mixtral", old)
    #expect(
      rows == [
        "Global 7713792 7713792 equal",
        "model.layers.0.block_sparse_moe 2234880 2234880 equal",
        "model.layers.0.block_sparse_moe.gate 23040 23040 equal",
        // 2 · 2 sequences · 24 tokens · 2 experts · 48 · 80, for all five experts together.
        "model.layers.0.block_sparse_moe.experts.#.w1 737280 737280 equal",
        "model.layers.0.block_sparse_moe.experts.#.w2 737280 737280 equal",
        "model.layers.0.block_sparse_moe.experts.#.w3 737280 737280 equal",
      ])
  }

  /// One number for the whole run, and the diagnosis that it must get.
  static let totals: [(words: String, total: Int128, diagnosis: String)] = [
    // A pass of llama over 2 · 24 tokens is 6340608: its head 1622016, its attention 2 · 221184.
    ("llama --batch 2 --tokens 24", 6_340_608 / 2, "multiply-add-as-one"),
    ("llama --batch 2 --tokens 24", 6_340_608 + 1_622_016, "head-counted-twice"),
    ("llama --batch 2 --tokens 24", 6_340_608 - 1_622_016, "head-not-counted"),
    ("llama --batch 2 --tokens 24", 6_340_608 - 1_622_016 / 24 * 23, "head-on-last-token"),
    ("llama --batch 2 --tokens 24", 6_340_608 - 2 * 221_184, "fused-attention-not-counted"),
    ("llama --batch 2 --tokens 24", 6_340_608 - 221_184, "causal-mask-halved"),
    // Of 24 · 24 positions 300 are kept.
    (
      "llama --batch 2 --tokens 24", 6_340_608 - 2 * 221_184 * 276 / 576,
      "causal-mask-kept-positions"
    ),
    (
      "llama --batch 2 --tokens 24 --mask causal", 6_340_608, "causal-mask-not-applied"
    ),
    ("llama --batch 2 --tokens 24 --logits last", 6_340_608, "head-on-every-token"),
    ("llama --batch 2 --tokens 24 --phase train", 19_021_824 + 221_184, "attention-backward-2.5"),
    ("llama --batch 2 --tokens 24 --phase train", 6_340_608, "forward-only"),
    (
      "llama --batch 2 --tokens 24 --phase train", 19_021_824 + 6_340_608 - 1_622_016, "recomputed"
    ),
    (
      "llama --batch 2 --tokens 24 --phase train --recompute full", 19_021_824, "not-recomputed"
    ),
    // Five experts where two are chosen: 2 layers of 3 maps, 2 · 48 · 48 · 80 each.
    ("mixtral --batch 2 --tokens 24", 7_713_792 + 3 * 2 * 3 * 368_640, "every-expert-runs"),
    ("llama4 --batch 2 --tokens 24", 11_450_880 - 5_529_600 / 5 * 4, "only-chosen-experts-run"),
    // The convolution over 136 channels sees 24 + 3 positions, three of them padding.
    (
      "mamba2 --batch 2 --tokens 24", 6_117_632 - 117_504 / 27 * 3, "convolution-without-padding"
    ),
    ("mamba2 --batch 2 --tokens 24", 6_117_632 - 117_504, "fused-convolution-not-counted"),
    ("mamba2 --batch 2 --tokens 24", 6_117_632 - 1_281_536, "fused-recurrence-not-counted"),
    ("llama --batch 2 --tokens 24", 1_234_567, "unexplained"),
  ]

  @Test("A total alone has its diagnosis", arguments: totals.indices)
  func total(_ index: Int) throws {
    let (words, total, diagnosis) = Self.totals[index]
    let rows = try Self.rows(
      of: words, "{\"Global\": {\"aten.mm\": \(total)}}")
    #expect(rows.map { $0.split(separator: " ").last.map(String.init) } == [diagnosis])
  }

  /// The rows of a run, each as its module, both counts, and its diagnosis.
  static func rows(of words: String, _ counts: String) throws -> [String] {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json")
    try counts.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    var words = words.split(separator: " ").map(String.init)
    words[0] = "\(folder)/\(words[0])/config.json"
    if words.count == 1 { words += ["--batch", "2", "--tokens", "24"] }
    let outcome = run(
      ["validate"] + words
        + ["--measured", file.path(percentEncoded: false), "--format", "json"])
    let document = try JSONValue(parsing: outcome.output)
    return (document["models"]?.array?.first?["measured"]?["rows"]?.array ?? []).map { row in
      let measured = row["measured"]?.integer ?? -1
      let analytic = row["analytic"]?.integer ?? -1
      let word =
        row["diagnosis"]?.string ?? (measured == analytic ? "equal" : "unexplained")
      return "\(row["module"]?.string ?? "") \(measured) \(analytic) \(word)"
    }
  }
}

extension MeasuredTests {
  @Test("A pass of other tokens is named")
  func otherTokens() {
    let outcome = Self.run(
      ["validate", "\(Self.folder)/mixtral/config.json", "--batch", "3", "--tokens", "4"]
        + ["--measured", "\(Self.folder)/mixtral/default-prefill.json"])
    #expect(outcome.exitCode == 0)
    #expect(
      outcome.output.hasSuffix(
        "The counts are those of --phase prefill --batch 2 --tokens 24.\n"
          + "20 modules: 0 equal, 20 explained, 0 unexplained.\n"))
  }

  @Test("A decode step after another number of tokens is named")
  func otherPast() {
    let outcome = Self.run(
      ["validate", "\(Self.folder)/llama/config.json", "--batch", "2", "--phase", "decode"]
        + ["--past", "100", "--measured", "\(Self.folder)/llama/default-decode.json"])
    #expect(outcome.exitCode == 0)
    #expect(
      outcome.output.hasSuffix(
        "The counts are those of --phase decode --batch 2 --past 18.\n"
          + "24 modules: 17 equal, 7 explained, 0 unexplained.\n"))
  }

  /// Files that are no measurement, and what is said of each.
  static let hostile: [(text: String, message: String)] = [
    ("", "It is empty."), ("hello", "It is none of the files that are read."),
    ("{\"a\": ", "It is not JSON: line 1, column 7"), ("{}", "It names no module."),
    ("{\"Global\": 12}", "'Global' holds 12, and no counts of operations."),
    ("{\"Global\": {\"aten.mm\": -1}}", "'Global' has -1 for 'aten.mm'"),
    ("{\"Global\": {\"aten.mm\": 1.5}}", "'Global' has 1.5 for 'aten.mm'"),
    (
      "{\"Global\": {\"a\": 170141183460469231731687303715884105727, \"b\": 1}}",
      "'Global' has 1 for 'b'"
    ),
  ]

  @Test("A file that is no measurement gets a sentence", arguments: hostile.indices)
  func hostile(_ index: Int) throws {
    let (text, message) = Self.hostile[index]
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json")
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    let path = file.path(percentEncoded: false)
    let outcome = Self.run(["validate", "llama2-7b", "--measured", path])
    #expect(outcome.exitCode == 65)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("error: \(path): \(message)"))
  }

  /// Command lines that request two things at once, or what is not there.
  static let refused: [(words: String, code: Int32, message: String)] = [
    (
      "llama2-7b --measured x --timing", 64,
      "--timing and --measured contradict each other. --measured runs nothing;"
    ),
    ("llama2-7b --measured /nowhere", 66, "/nowhere cannot be read"),
    ("llama2-7b mixtral-8x7b --measured x", 64, "Unexpected argument 'mixtral-8x7b'."),
    ("llama2-7b --phase train", 64, "--phase train and no --measured contradict each other."),
    ("llama2-7b --measured x --phase decode --tokens 2", 64, "--phase decode and --tokens 2"),
  ]

  @Test("What does not fit is refused", arguments: refused.indices)
  func refused(_ index: Int) {
    let (words, code, message) = Self.refused[index]
    let outcome = Self.run(["validate"] + words.split(separator: " ").map(String.init))
    #expect(outcome.exitCode == code)
    #expect(outcome.errors.contains(message))
  }
}

extension MeasuredTests {
  /// A file of `Tests/Oracle/measured_profilers.py`, and what the command says of it.
  struct Profile: CustomTestStringConvertible, Sendable {
    let file: String
    let kind: String
    /// What the tool counted, and what the formulas say.
    let total: Int128
    let analytic: Int128
    let diagnosis: String?

    var testDescription: String { file }
  }

  static let profiles = [
    // A trace has the shapes of grouped products too, so that nothing is missed.
    Profile(
      file: "mixtral/default-prefill.trace.json.gz", kind: "profiler-trace", total: 7_713_792,
      analytic: 7_713_792, diagnosis: nil),
    Profile(
      file: "mixtral/eager-prefill.trace.json.gz", kind: "profiler-trace", total: 7_713_792,
      analytic: 7_713_792, diagnosis: nil),
    Profile(
      file: "llama/default-prefill.trace.json.gz", kind: "profiler-trace", total: 6_340_608,
      analytic: 6_340_608, diagnosis: nil),
    Profile(
      file: "llama/eager-train.trace.json.gz", kind: "profiler-trace", total: 19_021_824,
      analytic: 19_021_824, diagnosis: nil),
    Profile(
      file: "deepseek_v3/default-decode.trace.json.gz", kind: "profiler-trace", total: 680_736,
      analytic: 680_736, diagnosis: nil),
    Profile(
      file: "mamba2/default-prefill.trace.json.gz", kind: "profiler-trace", total: 6_117_632,
      analytic: 6_117_632, diagnosis: nil),
    // Printed as 3.17 MMACs.
    Profile(
      file: "llama/eager-prefill.deepspeed.txt", kind: "deepspeed", total: 3_170_000,
      analytic: 6_340_608, diagnosis: "multiply-add-as-one"),
    Profile(
      file: "llama/eager-prefill.calflops.txt", kind: "calflops", total: 3_170_000,
      analytic: 6_340_608, diagnosis: "multiply-add-as-one"),
    Profile(
      file: "llama/eager-prefill.fvcore.txt", kind: "fvcore", total: 3_170_000,
      analytic: 6_340_608, diagnosis: "multiply-add-as-one"),
    Profile(
      file: "llama/default-prefill.fvcore.txt", kind: "fvcore", total: 2_949_000,
      analytic: 6_340_608, diagnosis: "fused-attention-not-counted+multiply-add-as-one"),
    Profile(
      file: "mixtral/eager-prefill.deepspeed.txt", kind: "deepspeed", total: 3_860_000,
      analytic: 7_713_792, diagnosis: "multiply-add-as-one"),
    Profile(
      file: "deepseek_v3/default-prefill.deepspeed.txt", kind: "deepspeed", total: 3_180_000,
      analytic: 7_363_584, diagnosis: "grouped-experts-not-counted+multiply-add-as-one"),
    Profile(
      file: "deepseek_v3/default-prefill.calflops.txt", kind: "calflops", total: 2_820_000,
      analytic: 7_363_584,
      diagnosis: "grouped-experts-not-counted+fused-attention-not-counted+multiply-add-as-one"),
  ]

  @Test("The files of other profilers are read, matched and explained", arguments: profiles)
  func profiled(_ profile: Profile) throws {
    let model = String(profile.file.prefix { $0 != "/" })
    var pass = Run(file: profile.file, total: 0, analytic: 0, diagnoses: [:]).pass
    if profile.file.contains("decode") {
      pass = ["--phase", "decode", "--batch", "2", "--past", "18"]
    } else if profile.file.contains("train") {
      pass[1] = "train"
    }
    let outcome = Self.run(
      ["validate", "\(Self.folder)/\(model)/config.json", "--measured"]
        + ["\(Self.folder)/\(profile.file)", "--format", "json"] + pass)
    #expect(outcome.exitCode == 0)
    let measured = try #require(
      try JSONValue(parsing: outcome.output)["models"]?.array?.first?["measured"])
    #expect(measured["kind"]?.string == profile.kind)
    #expect(measured["total"]?.integer == profile.total)
    #expect(measured["analytic"]?.integer == profile.analytic)
    #expect(measured["rows"]?.array?.first?["diagnosis"]?.string == profile.diagnosis)
  }

  /// Files of profilers that are damaged, or lack what a count needs.
  static let damaged: [(bytes: [UInt8], message: String)] = [
    ([0x1F, 0x8B], "It is packed by gzip, and damaged."),
    ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 7], "It is packed by gzip, and damaged."),
    (Array("{\"traceEvents\": []}".utf8), "It is a trace without operations of torch."),
    (
      Array("[{\"ph\": \"X\", \"name\": \"aten::mm\", \"ts\": 1}]".utf8),
      "Its operations have no shapes."
    ),
    (
      Array(
        ("[{\"ph\": \"X\", \"name\": \"aten::mm\", \"ts\": 1, \"args\": {\"Input Dims\": "
          + "[[9223372036854775807, 9223372036854775807], [1, 9223372036854775807]]}}]").utf8),
      "'aten::mm' has impossible shapes."
    ),
    (Array("| module | #flops |\n| a | many |".utf8), "'many' is no count."),
    (Array("| module | #flops |".utf8), "It is a table without rows."),
    (Array("A(\n  1 K = 100% Params, x MMACs = 100% MACs".utf8), "' x MMACs = 100% MACs' is no"),
  ]

  @Test("A damaged file of a profiler gets a sentence", arguments: damaged.indices)
  func damaged(_ index: Int) throws {
    let (bytes, message) = Self.damaged[index]
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).trace")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let path = file.path(percentEncoded: false)
    let outcome = Self.run(["validate", "llama2-7b", "--measured", path])
    #expect(outcome.exitCode == 65)
    #expect(outcome.errors.hasPrefix("error: \(path): \(message)"))
  }
}
