import Arguments
import Foundation
import JSON
import Testing

@testable import tally

/// What `tally validate` prints, and how it ends.
@Suite struct ValidateTests {
  static func run(_ words: String) -> Outcome {
    Tally.tool.run(words.split(separator: " ").map(String.init), failure: Failure.describe)
  }

  @Test(
    "A prompt with what follows, and packed sequences, are executed as they are counted",
    arguments: ["--tokens 20 --generate 9 --mask causal --batch 2", "--tokens 12,30,9"])
  func severalPasses(_ options: String) {
    let models = "gpt-oss-20b deepseek-v3 qwen3-next-80b-a3b jamba-v0.1 llama4-scout"
    let outcome = Self.run("validate \(models) \(options)")
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("all equal"))
  }

  @Test("The document has the keys that scripts rely on")
  func document() throws {
    let outcome = Self.run("validate mod-220m mode-integrated --tokens 16 --format json")
    #expect(outcome.exitCode == 0)
    let document = try JSONValue(parsing: outcome.output)
    #expect(document["schema_version"]?.integer == 1)
    let models = try #require(document["models"]?.array)
    #expect(models.map { $0["name"]?.string } == ["mod-220m", "mode-integrated"])
    for model in models {
      #expect(model["scale"]?.string == "reduced")
      #expect(model["evidence"]?.string == "kernel")
      #expect(model["mismatches"]?.integer == 0)
      #expect(model["workload"]?["tokens"]?.integer == 16)
      let rows = try #require(model["rows"]?.array)
      let row = try #require(
        rows.first { $0["path"]?.string == "model.layers.0.self_attn.q_proj" })
      // 16 tokens, 64 channels, 4 heads of 16.
      #expect(row["operation"]?.string == "multiply")
      #expect(row["analytic"]?.integer == 65536)
      #expect(row["measured"]?.integer == 65536)
      #expect(model["parameters"]?["analytic"] == model["parameters"]?["allocated"])
      #expect(try #require(model["measured_flops"]?.integer) > 0)
      #expect(try #require(model["peak_memory_bytes"]?.integer) > 1_000_000)
      for key in ["seconds", "flops_per_second"] { #expect(model[key] != nil) }
    }
    // Of eight chosen, as many as there are idle experts may do nothing.
    let bounded = try #require(models[1]["rows"]?.array).contains { $0["bounds"] != nil }
    #expect(bounded)
  }

  @Test("Tables name the parts, sum over layers, and end with a verdict")
  func table() {
    let outcome = Self.run("validate llama2-13b --tokens 4 --evidence literal --rows")
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("model.layers.N.mlp.gate_proj"))
    #expect(
      outcome.output.hasSuffix(
        "1 model, 93 counts, all equal (reduced scale, literal evidence).\n"))
    #expect(outcome.errors.hasPrefix("llama2-13b: reduced: hidden_size 5120 → 64, "))
    // Without --rows one line for each model, under a heading and before the verdict.
    let short = Self.run("validate llama2-13b llama2-7b --tokens 4").output
    #expect(
      short.split(separator: "\n").map { $0.prefix(9) }
        == ["model    ", "llama2-13", "llama2-7b", "2 models,"])
    let all = Self.run("validate llama2-13b --tokens 4 --format csv").output
    #expect(all.split(separator: "\n").count == 94)
  }

  @Test("A ladder of passes has a fit, a plot and a drawing")
  func timing() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).svg")
    defer { try? FileManager.default.removeItem(at: file) }
    let outcome = Self.run("validate mod-220m --tokens 16 --timing --output \(file.path())")
    #expect(outcome.exitCode == 0)
    for text in ["T = 16", "κ = 1/8", "least squares", "FLOPs\n"] {
      #expect(outcome.output.contains(text))
    }
    let drawing = try String(contentsOf: file, encoding: .utf8)
    #expect(drawing.hasPrefix("<svg ") && drawing.hasSuffix("</svg>\n"))
    // Eight passes, each with what a pointer shows; and the line through them.
    #expect(drawing.split(separator: " FLOPs, ").count == 9)
    for text in ["T = 16: ", "κ = 1/8: ", "least squares"] { #expect(drawing.contains(text)) }
  }

  @Test(
    "Several passes of which the data decide each are compared one by one",
    arguments: [
      "mod-220m --tokens 20 --generate 5", "mod-220m --set mod_routing=token_choice --tokens 9,16",
      "mode-integrated --tokens 20,7,7 --batch 2", "mode-integrated --tokens 12 --generate 4",
      "mode-staged --set mod_capacity=0.3 --tokens 20 --generate 3 --batch 2",
    ])
  func decided(_ words: String) throws {
    let outcome = Self.run("validate \(words) --rows --format json")
    #expect(outcome.exitCode == 0)
    let model = try #require(try JSONValue(parsing: outcome.output)["models"]?.array?.first)
    #expect(model["mismatches"]?.integer == 0)
    let rows = try #require(model["rows"]?.array)
    #expect(rows.contains { $0["bounds"] != nil && $0["bounds"] != .null })
  }

  @Test(
    "A change of a reduced model, whose layers have gaps between them, is executed as it is counted",
    arguments: [
      "granite3-3b-a800m --transform recursion=2/cycle", "gemma3-1b --transform skip=0.2",
      "gemma3-1b --transform mod=0.5/2/attention_map", "llama4-scout --transform skip=0.2",
      "mod-220m --set mod_capacity=1 --set mod_capacity_decay=linear --set mod_capacity_last=0 "
        + "--set mod_routing=token_choice --set mod_every=1 --set mod_budget=0.3",
    ])
  func changed(_ words: String) throws {
    let outcome = Self.run("validate \(words) --format json")
    #expect(outcome.exitCode == 0, "\(outcome.output.prefix(300))")
    let model = try #require(try JSONValue(parsing: outcome.output)["models"]?.array?.first)
    #expect(model["mismatches"]?.integer == 0)
  }

  struct Mistake: CustomTestStringConvertible, Sendable {
    let words: String
    let exitCode: Int32
    let message: String

    var testDescription: String { words }
  }

  @Test(
    "What cannot run says why, and prints nothing",
    arguments: [
      Mistake(words: "validate", exitCode: 64, message: "MODEL is missing."),
      Mistake(words: "validate --all gpt2", exitCode: 64, message: "contradict each other"),
      Mistake(words: "validate gpt2 --tokens 0", exitCode: 64, message: "at least 1"),
      Mistake(words: "validate gpt2 --phase train", exitCode: 64, message: "and no --measured"),
      Mistake(
        words: "validate gpt2 --phase decode --tokens 2", exitCode: 64,
        message: "Decode is one token"),
      Mistake(
        words: "validate gpt2 --generate 2 --phase decode", exitCode: 64,
        message: "It is a prompt and the tokens after it"),
      Mistake(
        words: "validate gpt2 --tokens 9,12 --past 2", exitCode: 64,
        message: "Packed sequences are one pass without a cache"),
      Mistake(
        words: "validate gpt2 --transform granularty=4/8", exitCode: 64,
        message: "expected a form such as granularity=4/8."),
      Mistake(words: "validate gpt2 --memory much", exitCode: 64, message: "512MiB or 8GiB"),
      Mistake(words: "validate gpt2 --output x.svg", exitCode: 64, message: "Only --timing draws"),
      Mistake(
        words: "validate gpt2 --timing --output /nowhere/x.svg", exitCode: 73,
        message: "/nowhere/x.svg cannot be written"),
      Mistake(words: "validate gpt3", exitCode: 66, message: "'tally presets' lists the presets"),
      Mistake(
        words: "validate mixtral-8x7b --set num_experts_per_tok=9", exitCode: 65,
        message: "num_experts_per_tok (9) is more than num_local_experts (8)"),
      Mistake(
        words: "validate llama2-7b --set hidden_size=x", exitCode: 65,
        message: "hidden_size is left free"),
      Mistake(
        words: "validate llama2-7b --scale full --memory 100MiB", exitCode: 65,
        message: "are allowed"),
      Mistake(
        words: "validate llama2-7b --tokens 9999999999999", exitCode: 65,
        message: "too large to run"),
      Mistake(
        words: "validate gpt2 --scale full --tokens 2000", exitCode: 65,
        message: "the model's table of positions has 1024"),
    ])
  func mistakes(_ mistake: Mistake) {
    let outcome = Self.run(mistake.words)
    #expect(outcome.output.isEmpty)
    #expect(outcome.exitCode == mistake.exitCode)
    #expect(outcome.errors.hasPrefix("error: ") && outcome.errors.contains(mistake.message))
  }
}
