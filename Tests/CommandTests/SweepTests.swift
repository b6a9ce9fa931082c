import Accounting
import Arguments
import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif
import JSON
import Testing

@testable import tally

/// A sweep prints, point by point, what single runs print.
@Suite struct SweepTests {
  static func run(_ line: String) -> Outcome {
    Tally.tool.run(
      DocumentationTests.words("tally \(line)") ?? [], failure: Failure.describe)
  }

  static func document(_ line: String) throws -> JSONObject {
    try #require(try JSONValue(parsing: run(line).output).object)
  }

  /// The value of a path such as `flops.matmul.total`.
  static func value(_ path: String, in object: JSONObject) -> JSONValue? {
    var value: JSONValue? = .object(object)
    var rest = path[...]
    while !rest.isEmpty, let inner = value?.object {
      // A key may have a dot itself, but none does.
      let end = rest.firstIndex(of: ".") ?? rest.endIndex
      value = inner[String(rest[..<end])]
      rest = rest[end...].dropFirst()
    }
    return value
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let model: String
    /// What varies, as `key=values` with only lists.
    let axes: [String]
    var options = ""
    /// Figures of every point in order, which others have counted.
    var outside: [String: [Int128]] = [:]

    var testDescription: String { "\(model) \(axes.joined(separator: " ")) \(options)" }
  }

  /// Parameters are those that transformers 5.23.0 builds on the meta device, products what torch
  /// 2.15.0 counts there (`FlopCounterMode`, eager attention, 2048 tokens), unless a line says
  /// otherwise; caches are sums by hand.
  static let cases: [Case] = [
    Case(
      model: "llama2-7b", axes: ["hidden_size=4096,5120", "num_hidden_layers=1,2,40"],
      outside: [
        "parameters.total": [
          464_531_456, 666_914_816, 8_357_482_496, 601_635_840, 875_586_560, 11_285_713_920,
        ],
        "flops.matmul.total": [
          1_434_519_076_864, 2_332_167_241_728, 36_442_797_506_560, 1_879_048_192_000,
          3_087_007_744_000, 48_989_470_720_000,
        ],
      ]),
    Case(
      model: "mixtral-8x7b", axes: ["num_local_experts=4,8,16", "num_experts_per_tok=1,2,3"],
      outside: [
        "parameters.total": [24_153_690_112, 24_153_690_112, 24_153_690_112]
          + [46_702_792_704, 46_702_792_704, 46_702_792_704]
          + [91_800_997_888, 91_800_997_888, 91_800_997_888]
      ]),
    Case(
      model: "deepseek-v3", axes: ["kv_lora_rank=256,512", "first_k_dense_replace=0,1,3"],
      options: "--phase decode --past 100 --mla absorbed",
      outside: [
        "parameters.total": [
          703_174_156_032, 692_250_353_408, 670_402_748_160, 703_797_812_224, 692_874_009_600,
          671_026_404_352,
        ],
        // 61 layers, 101 positions, 64 rotated numbers and the rank.
        "kv_cache.elements": [
          1_971_520, 1_971_520, 1_971_520, 3_548_736, 3_548_736, 3_548_736,
        ],
      ]),
    Case(
      model: "mod-220m", axes: ["mod_capacity=0.125,0.29,1", "mod_every=2,3"],
      options: "--mask causal --tokens 100",
      outside: [
        // By hand: 230,785,408 of a dense model, and a router of 896 in each of nine or six layers.
        "parameters.total": [230_793_472, 230_790_784, 230_793_472, 230_790_784]
          + [230_793_472, 230_790_784],
        // By hand: two numbers of 896 for each of 100 tokens in the layers of all, and for each of
        // 12, 29 or 100 in the nine or six others.
        "kv_cache.elements": [1_806_336, 2_279_424, 2_080_512, 2_462_208, 3_225_600, 3_225_600],
      ]),
    Case(
      model: "gemma2-9b", axes: ["sliding_window=16,4096", "num_key_value_heads=1,8,16"],
      options: "--phase train --batch 3 --recompute selective --logits last",
      outside: [
        "parameters.total": [8_702_213_632, 9_241_705_984, 9_858_268_672, 8_702_213_632]
          + [9_241_705_984, 9_858_268_672]
      ]),
    Case(
      model: "jamba-v0.1", axes: ["num_hidden_layers=8,16", "mamba_d_state=8,16"],
      options: "--convention palm --kv-dtype fp8",
      outside: [
        "parameters.total": [13_293_860_720, 13_295_237_088, 26_050_846_432, 26_053_599_168],
        // One layer of eight attends: 2048 positions of eight heads of 128, twice, in a byte each.
        "kv_cache.bytes": [4_194_304, 4_194_304, 8_388_608, 8_388_608],
      ]),
    Case(
      model: "mistral-7b", axes: ["hidden_size=512,1024", "num_hidden_layers=3,4"],
      options: "--transform upcycle=4/2 --transform mod=0.3/2",
      outside: [
        // What transformers builds is 100,797,952, 123,474,432, 205,528,064 and 252,191,744; by
        // hand, three experts more in each layer, a gate, and a router in every other layer.
        "parameters.total": [298_985_472, 387_724_800, 601_903_104, 780_692_480]
      ]),
    Case(
      model: "qwen3-30b-a3b", axes: ["norm_topk_prob=true,false", "head_dim=64,65"],
      outside: [
        // An odd head transformers refuses: by hand, 147,458 more in each of 48 layers.
        "parameters.total": [30_079_131_648, 30_086_209_632, 30_079_131_648, 30_086_209_632]
      ]),
  ]

  /// Every figure that single runs print with all digits.
  static let figures = FigureName.all.filter { figure in
    !figure.path.hasPrefix("ratios.") && !figure.isOfBudget
      && ![
        "arithmetic_intensity", "flops.per_token", "flops.least", "flops.most", "parameters.mlp",
        "parameters.non_embedding", "parameters.embedding_and_head", "active.mlp",
        // Of a training step alone.
        "memory.gradient_bytes", "memory.moment_bytes", "memory.master_bytes",
      ].contains(figure.path)
  }

  @Test("Every figure of every point is that of a single run", arguments: cases)
  func figures(_ row: Case) throws {
    let vary = row.axes.map { "--vary \($0)" }.joined(separator: " ")
    let columns = Self.figures.map(\.path).joined(separator: ",")
    let sweep = try Self.document(
      "sweep \(row.model) \(vary) \(row.options) --columns '\(columns)' --format json")
    let points = try #require(sweep["rows"]?.array)
    let axes = row.axes.map { axis in
      let halves = axis.split(separator: "=").map(String.init)
      return (key: halves[0], values: halves[1].split(separator: ",").map(String.init))
    }
    #expect(points.count == axes.reduce(1) { $0 * $1.values.count })
    for (path, values) in row.outside {
      #expect(points.map { $0[path]?.integer } == values, "\(path)")
    }
    for point in points {
      let object = try #require(point.object)
      let settings = axes.map { axis in
        let value = object[axis.key]?.line.replacing("\"", with: "") ?? ""
        return "--set \(axis.key)=\(value)"
      }.joined(separator: " ")
      let changes = row.options.split(separator: "--").filter { $0.hasPrefix("transform") }
        .map { "--\($0)" }.joined(separator: " ")
      let parameters = try #require(
        try Self.document("params \(row.model) \(settings) \(changes) --format json")["models"]?
          .array?.first?.object)
      let pass = try #require(
        try Self.document("flops \(row.model) \(settings) \(row.options) --format json")["models"]?
          .array?.first?.object)
      for figure in Self.figures {
        guard
          let single = Self.value(figure.path, in: pass) ?? Self.value(figure.path, in: parameters)
        else {
          Issue.record("no single run prints \(figure.path)")
          continue
        }
        #expect(object[figure.path] == single, "\(settings): \(figure.path)")
      }
    }
  }

  @Test("Of experts that do nothing there is a whole number, or no model")
  func noOpExperts() throws {
    let outcome = try Self.document(
      "sweep mixtral-8x7b --vary num_local_experts=2,3,4,5,6 --transform mod=0.4/2 "
        + "--transform mode=integrated --columns total --format json")
    // E/0.4 − E is 1.5·E.
    let rows = try #require(outcome["rows"]?.array)
    #expect(rows.map { $0["num_local_experts"]?.integer } == [2, 4, 6])
  }

  @Test("The shards of a sweep joined are the whole", arguments: ["csv", "jsonl"])
  func shards(_ format: String) {
    let line =
      "sweep mixtral-8x7b --vary num_local_experts=1:12 --vary num_experts_per_tok=1:5 "
      + "--where 'total > 20B' --format \(format)"
    let whole = Self.run(line).output
    #expect(whole.split(separator: "\n").count > 20)
    for count in [1, 2, 7, 60, 100] {
      let parts = (1...count).map { Self.run("\(line) --shard \($0)/\(count)").output }
      #expect(parts.joined() == whole)
    }
  }

  @Test("A file appears whole, and what was interrupted goes on to the same end")
  func resume() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "sweep-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "points.csv").path
    let line = "sweep llama2-7b --vary num_hidden_layers=1:40 --vary vocab_size=100:200:10"
    let whole = Self.run("\(line) --format csv").output
    #expect(Self.run("\(line) --format csv --output \(path)").output == "")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == whole)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["points.csv"])
    let again = Self.run("\(line) --format csv --output \(path) --resume")
    #expect(again.errors.contains("is complete already"))
    try "something else".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(Self.run("\(line) --format csv --output \(path) --resume").exitCode == 64)
  }

  @Test("While fewer are found than are wanted, none is turned away")
  func top() {
    // One thread looks at 32,768 points before it asks what is best so far: here at one that stays.
    let outcome = Self.run(
      "sweep llama2-7b --vary vocab_size=1:70000 --top 3 --order-by total --threads 1 "
        + "--where 'vocab_size == 10 || vocab_size > 69997' --columns total --format csv")
    #expect(
      outcome.output.split(separator: "\n").map { $0.prefix { $0 != "," } } == [
        "vocab_size", "10", "69998", "69999",
      ])
  }

  @Test("A sweep of no point, and an order without a number to keep")
  func empty() {
    let none = Self.run("sweep llama2-7b --vary vocab_size=1,2 --where 'total < 1'")
    #expect(none.exitCode == 0)
    #expect(none.errors.contains("No point is left."))
    let order = Self.run(
      "sweep llama2-7b --vary vocab_size=1,3,2 --order-by max:total --columns total --format csv")
    #expect(order.output.split(separator: "\n").map { $0.prefix(2) } == ["vo", "3,", "2,", "1,"])
  }

  struct Mistake: CustomTestStringConvertible, Sendable {
    let words: String
    let exitCode: Int32
    let message: String

    var testDescription: String { words }
  }

  @Test(
    "What is wrong is said in a sentence, and nothing is printed",
    arguments: [
      Mistake(words: "sweep llama2-7b", exitCode: 64, message: "--vary is missing."),
      Mistake(
        words: "sweep llama2-7b --vary hiden_size=1,2", exitCode: 65,
        message: "does not read a key 'hiden_size'. Did you mean 'hidden_size'?"),
      Mistake(
        words: "sweep llama2-7b --vary hidden_size=8:2:2", exitCode: 64,
        message: "a range that has values: from 8 with a step of 2 never meets 2"),
      Mistake(
        words: "sweep llama2-7b --vary hidden_size=8:2:0", exitCode: 64, message: "has an end"),
      Mistake(
        words: "sweep llama2-7b --vary hidden_size=1:1e13", exitCode: 64,
        message: "The grid has 10000000000000 points, and no --where. Add --yes"),
      Mistake(
        words: "sweep llama2-7b --vary vocab_size=1,2 --where 'total <'", exitCode: 64,
        message: "the expression ends too soon, at character 8:\n  total <\n         ^"),
      Mistake(
        words: "sweep llama2-7b --vary vocab_size=1,2 --where total", exitCode: 64,
        message: "is a number; compare it"),
      Mistake(
        words: "sweep llama2-7b --vary vocab_size=1,2 --columns totl", exitCode: 64,
        message: "unknown figure 'totl'; did you mean 'total'?"),
      Mistake(
        words: "sweep llama2-7b --vary hidden_size=4095,4097", exitCode: 65,
        message: "hidden_size (4095) is not a multiple of num_attention_heads (32)."),
      Mistake(
        words: "sweep llama2-7b --vary vocab_size=1,2 --shard 3/2", exitCode: 64,
        message: "I/N with 1 <= I <= N"),
      Mistake(
        words: "sweep llama2-7b --vary vocab_size=1,2 --shard 1/2", exitCode: 64,
        message: "Only the parts of csv and jsonl can be joined"),
      Mistake(
        words: "sweep llama2-7b --vary vocab_size=1,2 --hold active", exitCode: 64,
        message: "--by, which --hold needs, is missing."),
      Mistake(
        words: "sweep llama2-7b --vary vocab_size=1,2 --set hidden_size=x", exitCode: 64,
        message: "expected a number; --vary tries several"),
      Mistake(
        words: "sweep llama2-7b --vary phase=prefil,decode", exitCode: 64,
        message: "'prefil' is not valid for phase: expected one of prefill, decode, train."),
      Mistake(
        words: "sweep llama2-7b --vary segment=2,4", exitCode: 65,
        message: "segment cannot be applied, because the model has no experts."),
      Mistake(
        words: "sweep llama2-7b --vary vocab_size=1,2 --resume", exitCode: 64,
        message: "--output, which --resume needs, is missing."),
      Mistake(
        words: "sweep llama2-7b --vary vocab_size=1,2 --output /nowhere/x.csv --format csv",
        exitCode: 73, message: "cannot be written"),
      Mistake(
        words: "sweep gpt2 --vary n_layer=1:4 --columns n_layer*1e37*10", exitCode: 65,
        message: "does not fit in 128 bits"),
      Mistake(
        words: "sweep gpt2 --vary n_layer=1,2 --budget -5", exitCode: 64, message: "above 0"),
      Mistake(
        words: "sweep gpt2 --vary n_layer=1,2 --columns baseline.", exitCode: 64,
        message: "the expression ends too soon"),
      Mistake(
        words: "sweep gpt2 --vary n_layer=full,2 --where 'total < 1' --by phase --hold total",
        exitCode: 64, message: "expected a size"),
      Mistake(
        words: "sweep gpt2 --vary foo=1,3 --hold total --by vocab_size", exitCode: 65,
        message: "does not read a key 'foo'"),
      Mistake(
        words: "solve mod-220m --for mod_capacity --target flops=1x --multiple-of 2", exitCode: 64,
        message: "without --multiple-of"),
      Mistake(
        words: "solve llama2-7b --for hidden_size", exitCode: 64, message: "--target is missing."),
      Mistake(
        words: "solve llama2-7b --for hidden_size --target total=much", exitCode: 64,
        message: "a number, as in 7e9, 7B, 8GiB or 0.5x"),
      Mistake(
        words: "solve llama2-7b --for hiden_size --target total=7B", exitCode: 65,
        message: "Did you mean 'hidden_size'?"),
    ])
  func mistakes(_ row: Mistake) {
    let outcome = Self.run(row.words)
    #expect(outcome.exitCode == row.exitCode)
    #expect(outcome.output == "")
    #expect(outcome.errors.contains(row.message), "\(outcome.errors)")
  }

  @Test("A target out of reach is answered with no, and the nearest that can be reached")
  func reach() {
    // Every other block is dense, so less than half cannot be.
    let outcome = Self.run(
      "solve mod-220m --for mod_capacity --target flops=0.5x --baseline dense-220m")
    #expect(outcome.exitCode == 1)
    #expect(outcome.errors.contains("the nearest it can be is"))
    #expect(outcome.output.contains("reach"))
    // 4096 is the most heads that divide the width; more parameters than with 32 there are not.
    let heads = Self.run("solve llama2-7b --for num_attention_heads --target total=1.1x")
    #expect(heads.exitCode == 1)
  }

  @Test("Where a figure does not depend on the size, the size stays what it was, and that is said")
  func independent() throws {
    // Mixtral has 8 experts, of which a token meets 2; all are parameters, whatever a token meets.
    let some = Self.run(
      "sweep mixtral-8x7b --vary num_local_experts=4,8,16 --hold total --by num_experts_per_tok"
        + " --columns total --format csv")
    #expect(some.exitCode == 0)
    #expect(
      some.output == """
        num_local_experts,num_experts_per_tok,parameters.total,residual
        4,2,24153690112,-22549102592
        8,2,46702792704,0
        16,2,91800997888,45098205184

        """)
    #expect(
      some.errors.contains(
        "parameters.total does not depend on num_experts_per_tok, which stays what it is; "
          + "1 of 3 points hold it. Name another size."))
    let none = Self.run(
      "sweep mixtral-8x7b --vary num_local_experts=4,16 --hold total --by num_experts_per_tok")
    #expect(none.exitCode == 1)
    #expect(none.output.contains("-22.55B"))
    let solved = Self.run("solve mixtral-8x7b --for num_experts_per_tok --target total=90B")
    #expect(solved.exitCode == 1)
    #expect(solved.errors.contains("parameters.total does not depend on num_experts_per_tok."))
  }

  @Test(
    "A point that is no model is left out, and in any order",
    arguments: [("0,1", "llama2-7b"), ("1,0", "llama2-7b"), ("1,0,4", "gemma2-9b")])
  func impossible(_ values: String, _ model: String) {
    let outcome = Self.run(
      "sweep \(model) --vary num_hidden_layers=\(values) --hold total --by vocab_size")
    #expect(outcome.exitCode == 0)
    #expect(outcome.errors.contains("the first is num_hidden_layers=0"), "\(outcome.errors)")
  }

  @Test("A drawing of no point and of one point is a drawing", arguments: ["1", "64"])
  func drawings(_ least: String) throws {
    let outcome = Self.run(
      "sweep llama2-7b --vary vocab_size=64 --where 'vocab_size > \(least)' --format svg")
    #expect(outcome.output.hasPrefix("<svg"))
    #expect(outcome.output.hasSuffix("</svg>\n"))
    #expect(XMLParser(data: Data(outcome.output.utf8)).parse())
  }

  @Test("A drawing shows what moves, from zero, and joins no words")
  func drawing() {
    // Another number of experts changes the parameters, and 0.06 % of the FLOPs by its router.
    let experts = Self.run("sweep mixtral-8x7b --vary num_local_experts=4,8,16 --format svg").output
    #expect(experts.contains("<title>mixtral-8x7b: parameters</title>"))
    #expect(experts.contains("<title>num_local_experts = 16: 91.80B</title>"))
    let words = Self.run("sweep llama2-7b --vary convention=exact,palm --format svg").output
    #expect(words.contains("prefill of 2048 tokens, batch 1, full mask"))
    #expect(words.contains("Scatter plot"))
    let grid = Self.run(
      "sweep llama2-7b --vary num_hidden_layers=1,2,3,4 --vary tokens=1,2,3,4 --columns flops "
        + "--format svg"
    ).output
    #expect(grid.contains("Heat map of 4 rows and 4 columns"))
  }

  @Test("A figure that no value of the size can hold is said, and no point holds it")
  func outOfReach() {
    let outcome = Self.run(
      "sweep deepseek-v3 --vary num_hidden_layers=1,2 --hold total --by vocab_size --format csv")
    #expect(outcome.exitCode == 1)
    #expect(
      outcome.errors.contains(
        "2 of 2 points cannot hold parameters.total with the values of vocab_size that are tried"))
    let wide = Self.run(
      "sweep deepseek-v3 --vary num_hidden_layers=1,2 --hold total --by vocab_size --format csv "
        + "--between 1:100M")
    #expect(wide.exitCode == 0 && !wide.errors.contains("cannot hold"))
  }
}
