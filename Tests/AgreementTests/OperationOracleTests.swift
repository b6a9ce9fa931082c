import Accounting
import Architecture
import Families
import Foundation
import JSON
import Presets
import Publications
import Symbolic
import Testing

/// What torch counts while `transformers` runs a model, against what is described here.
///
/// The rows are made by `Tests/Oracle/operations.py`: small models of every type, and dense presets
/// at full size, with eager attention and eager experts under `FlopCounterMode`.
@Suite struct OperationOracleTests {
  static let folder = OracleTests.folder.appending(path: "Operations")

  static let files: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? [])
    .filter { $0.hasSuffix(".jsonl") }.sorted()

  /// The key of Falcon whose models spread keys and values over all heads before they are cached.
  static let copied = "new_decoder_architecture"

  /// Differences of `transformers` that are known, with the reason.
  static let bounded: [String: String] = [
    "longcat_flash": "what a token gives to experts that do nothing is decided by the data"
  ]

  @Test("There are rows for the families that are described")
  func coverage() {
    #expect(Self.files.count >= 120)
  }

  @Test("Matrix products, kept positions and caches agree, run by run", arguments: files)
  func rows(file: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    var differing: [String] = []
    var count = 0
    for line in text.split(separator: "\n") {
      let row = try JSONValue(parsing: String(line))
      let model = try Self.model(row)
      guard model.operationGap == nil else { continue }
      for run in row["runs"]?.array ?? [] {
        count += 1
        if let difference = try Self.difference(model, run, copies: Self.copies(row, model)) {
          differing.append("\(row["id"]?.string ?? "?") \(run.line.prefix(90)): \(difference)")
        }
      }
    }
    #expect(differing.isEmpty, "\(differing.count) of \(count) differ; \(differing.prefix(3))")
  }

  @Test("Every convention has a number", arguments: files)
  func conventions(file: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    // This is about which layers a symbol means, so one row of a type is enough.
    for line in text.split(separator: "\n").prefix(1) {
      let model = try Self.model(try JSONValue(parsing: String(line)))
      guard model.operationGap == nil else { continue }
      let report = try OperationReport(model, Workload())
      for convention in Convention.all {
        #expect(try convention.value(of: report.ledger).constant != nil, "\(convention.name)")
      }
    }
  }

  @Test("Full recomputation repeats the layers that kept something, of both stacks of HRM")
  func recomputation() throws {
    let configuration = try JSONValue(
      parsing: """
        {"model_type": "hrm_text", "hidden_size": 72, "num_hidden_layers": 6, "vocab_size": 73,
         "intermediate_size": 23, "tie_word_embeddings": true, "attention_bias": true}
        """)
    let model = try Families.Description().model(
      from: try #require(configuration.object), named: "hrm")
    var workload = Workload()
    (workload.phase, workload.tokens) = (.train, 10)
    // FlopCounterMode over the class of transformers, with gradient checkpointing that does not
    // stop early: two runs of one stack and three of the other keep something, three do not.
    let expected: [(Workload.Recompute, Int128)] = [(.none, 1_271_795_040), (.full, 1_624_983_840)]
    for (recompute, products) in expected {
      workload.recompute = recompute
      let report = try OperationReport(model, workload)
      #expect(report.matrixProducts.wholeConstant == products, "\(recompute)")
    }
  }

  @Test("A prompt never runs the predictor of a routed block; decode and training do")
  func predictor() throws {
    let preset = try #require(Catalog.preset(named: "mod-220m"))
    for routing in ["expert_choice", "token_choice"] {
      let model = try preset.model([
        "mod_routing": routing, "mod_predictor": "mlp", "mod_predictor_size": "16",
      ])
      for (phase, runs) in [(Workload.Phase.prefill, 0), (.decode, 2), (.train, 6)] {
        var workload = Workload()
        (workload.phase, workload.tokens) = (phase, phase == .decode ? 1 : 8)
        let products = OperationLedger(model, workload).rows.filter {
          $0.path.contains("mod_predictor") && $0.work.product != nil
        }
        #expect(products.count == runs, "\(routing) \(phase)")
      }
    }
  }

  private static func model(_ row: JSONValue) throws -> Model {
    if let name = row["preset"]?.string {
      return try #require(Catalog.preset(named: name)).model()
    }
    let configuration = try #require(row["config"]?.object)
    return try Families.Description().model(from: configuration, named: "row")
  }

  /// How often the library caches one key.
  private static func copies(_ row: JSONValue, _ model: Model) throws -> Int128 {
    let configuration =
      row["config"]?.object
      ?? row["preset"]?.string.flatMap { Catalog.preset(named: $0)?.configuration }
    return configuration?[copied] == .boolean(true) ? try model.headsOfOneKey() : 1
  }

  private static func difference(
    _ model: Model, _ run: JSONValue, copies: Int128
  ) throws -> String? {
    var workload = Workload()
    workload.phase = try #require(run["phase"]?.string.flatMap(Workload.Phase.init))
    workload.batch = try #require(run["batch"]?.integer)
    workload.tokens = try #require(run["tokens"]?.integer)
    workload.past = try #require(run["past"]?.integer)
    let type = model.modelType
    // The ledger and not a report, which counts the element-wise work too and takes longer.
    let ledger = OperationLedger(model, workload)
    let expected = try #require(run["total"]?.integer)
    let total = try #require(try ledger.value(ledger.matrixProducts, "").wholeConstant)
    if bounded[type] != nil {
      let report = try OperationReport(model, workload)
      #expect(report.exactness == .bounded)
      let least = try #require(report.bounds?.least.wholeConstant)
      return least <= expected && expected <= total ? nil : "\(expected) is out of bounds"
    }
    guard total == expected else { return "products are \(total), not \(expected)" }
    if let difference = try cacheDifference(ledger, run, copies) { return difference }
    guard let kept = run["causal"]?.integer else { return nil }
    workload.mask = .causal
    let masked = OperationLedger(model, workload)
    let causal = try masked.value(masked.flops(of: .attentionCore), "").wholeConstant
    return causal == kept ? nil : "kept products are \(causal ?? 0), not \(kept)"
  }

  /// Every number that the library keeps after a run: of attention, and of recurrent layers.
  private static func cacheDifference(
    _ ledger: OperationLedger, _ run: JSONValue, _ copies: Int128
  ) throws -> String? {
    let (held, state) = (run["cache"]?.integer, run["state"]?.integer)
    // Nothing is said of what a run keeps in training, or where no cache is handed out.
    guard held != nil || state != nil else { return nil }
    if let held {
      let cache = try ledger.value(ledger.cacheElements, "The cache")
      let own = try #require(cache.wholeConstant) * copies
      guard own == held else { return "the cache is \(own), not \(held)" }
    }
    let expected = state ?? 0
    let own = try ledger.value(ledger.stateElements, "The state")
    return own.wholeConstant == expected ? nil : "the state is \(own), not \(expected)"
  }
}

extension Model {
  /// How many heads of queries share one key.
  fileprivate func headsOfOneKey() throws -> Int128 {
    for branch in groups.flatMap(\.layer.branches) {
      guard case .selfAttention(let attention) = branch.module else { continue }
      let values = values
      let heads = attention.heads.evaluated(in: values).wholeConstant
      let keys = attention.keyValueHeads.evaluated(in: values).wholeConstant
      return try #require(heads) / #require(keys)
    }
    return 1
  }
}
