import Accounting
import Architecture
import Families
import Foundation
import JSON
import Symbolic
import Testing

/// What `transformers` builds and torch counts for one configuration: the parameters, and for small
/// models the products of a prompt of 17 tokens, of a token after 15, and of the prompt's kept
/// positions, for two sequences.
struct Figures {
  private let expected: [Int128?]

  init(_ values: some Sequence<JSONValue>) { expected = values.map(\.integer) }

  /// How a description differs, or nil.
  func difference(from configuration: JSONObject) throws -> String? {
    let model: Model
    do {
      model = try Families.Description().model(from: configuration, named: "row")
    } catch let error as DescriptionError {
      return "\(error)"
    }
    var computed = [try ParameterReport(model).total.wholeConstant]
    if expected.count > 1, model.operationGap == nil {
      var workload = Workload()
      workload.batch = 2
      workload.tokens = 17
      // Ledgers and not reports, which count the element-wise work too and take longer.
      let prompt = OperationLedger(model, workload)
      // What the data decide is no figure of a formula.
      if prompt.exactness == .bounded { return computed[0] == expected[0] ? nil : "parameters" }
      computed.append(try prompt.value(prompt.matrixProducts, "").wholeConstant)
      (workload.phase, workload.tokens, workload.past) = (.decode, 1, 15)
      let token = OperationLedger(model, workload)
      computed.append(try token.value(token.matrixProducts, "").wholeConstant)
      if expected.count > 3, expected[3] != nil {
        (workload.phase, workload.tokens, workload.past) = (.prefill, 17, 0)
        workload.mask = .causal
        let masked = OperationLedger(model, workload)
        computed.append(try masked.value(masked.flops(of: .attentionCore), "").wholeConstant)
      }
    }
    for (name, pair) in zip(
      ["parameters", "prompt", "token", "kept"], zip(computed, expected))
    where pair.1 != nil && pair.0 != pair.1 {
      return "\(name): \(pair.0.map { "\($0)" } ?? "nothing"), not \(pair.1 ?? 0)"
    }
    return nil
  }
}

/// Every key of every configuration class, as `Tests/Oracle/keys.py` found what it does.
@Suite struct KeyOracleTests {
  static let folder = OracleTests.folder.appending(path: "Keys")

  static let files: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? [])
    .filter { $0.hasSuffix(".json") }.sorted()

  static func file(_ name: String) throws -> JSONValue {
    try JSONValue(
      parsing: String(contentsOf: folder.appending(path: name), encoding: .utf8))
  }

  @Test("A key that changes a count changes it as in transformers", arguments: files)
  func counts(file: String) throws {
    let data = try Self.file(file)
    let base = try #require(data["base"]?.array?[0].object)
    let changes = try #require(data["count"]?.object)
    var differing: [String] = []
    for key in changes.keys {
      let entry = try #require(changes[key]?.array)
      let configuration = Self.changing(base, key, entry[0])
      if let difference = try Figures(entry.dropFirst()).difference(from: configuration) {
        differing.append("\(key) = \(entry[0].line.prefix(60)): \(difference)")
      }
    }
    #expect(
      differing.isEmpty,
      "\(file) \(differing.count) of \(changes.keys.count)\n\(differing.joined(separator: "\n"))")
  }

  /// Every key that a class has or its model reads, by type.
  static let classes: JSONObject = {
    let text = try? String(
      contentsOf: OracleTests.folder.appending(path: "keys.json"), encoding: .utf8)
    return text.flatMap { try? JSONValue(parsing: $0) }?.object ?? JSONObject()
  }()

  @Test("There are classes to compare with, and most of them are measured")
  func coverage() {
    #expect(Self.classes.keys.count >= 130)
    #expect(Self.files.count >= 95)
  }

  @Test(
    "A family reads every key of its class, or says that it changes no count",
    arguments: classes.keys)
  func everyKey(modelType: String) throws {
    let keys = try #require(Self.classes[modelType]?.string).split(separator: " ").map(String.init)
    var missing = Set(keys)
    // What one configuration does not read, another may.
    for row in try Self.rows(modelType).prefix(6) where !missing.isEmpty {
      missing = try Self.unread(missing, row)
    }
    #expect(missing.isEmpty, "\(modelType): \(missing.sorted().joined(separator: " "))")
  }

  @Test("What is passed over for a family is a key of its class, and no count depends on it")
  func passedOver() throws {
    let measured = try JSONValue(
      parsing: String(
        contentsOf: OracleTests.folder.appending(path: "unread.json"), encoding: .utf8))
    for (key, types) in NumericKeys.families {
      for type in types {
        let keys = Self.classes[type]?.string?.split(separator: " ").map(String.init) ?? []
        #expect(keys.contains(key), "\(type): \(key) is no key of the class")
        let effects = measured[type]?.object
        #expect(effects?[key] != nil, "\(type): \(key) was not measured")
        // FlopCounterMode cannot follow the first, and small models of the second do not run; the layers
        // of the third stand in objects of their own.
        #expect(
          effects?[key] != .string("unmeasured") || ["dbrx", "cpmant", "blt"].contains(type),
          "\(type): \(key) was not measured")
        #expect(effects?[key] != .string("count"), "\(type): \(key) changes a count")
      }
    }
  }

  @Test("What a file may state is no key of the class")
  func stated() {
    for (key, type) in StatedKeys.pairs {
      let keys = Self.classes[type]?.string?.split(separator: " ").map(String.init) ?? []
      #expect(!keys.contains(key), "\(type): the class has \(key)")
    }
  }

  private static func rows(_ modelType: String) throws -> [JSONObject] {
    let file = OracleTests.folder.appending(path: "Parameters/\(modelType).jsonl")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap {
      try JSONValue(parsing: String($0))["config"]?.object
    }
  }

  /// Those of the keys that are said not to be read in a configuration with them.
  private static func unread(_ keys: Set<String>, _ row: JSONObject) throws -> Set<String> {
    var configuration = row
    for key in keys.sorted() where row[key] == nil { configuration[key] = .null }
    if let model = try? Families.Description().model(from: configuration, named: "row") {
      let said = "Not read by \(model.modelType): "
      let words = model.notes.filter { $0.hasPrefix(said) }.flatMap {
        $0.dropFirst(said.count).dropLast().split(separator: ", ").map(String.init)
      }
      return keys.intersection(words)
    }
    // Null may be refused, and what is refused was read.
    guard keys.count > 1 else {
      return (try? Families.Description().model(from: row, named: "row")) == nil ? keys : []
    }
    return try keys.reduce(into: []) { try $0.formUnion(unread([$1], row)) }
  }

  /// The configuration with another value under a key, which may be inside an object.
  private static func changing(
    _ base: JSONObject, _ key: String, _ value: JSONValue
  ) -> JSONObject {
    var result = base
    let outer = key.split(separator: ".").first.map(String.init) ?? key
    result[outer] = value
    return result
  }
}

/// Configurations as `save_pretrained` writes them, which `Tests/Oracle/saved.py` collects.
@Suite struct SavedConfigurationTests {
  static let folder = OracleTests.folder.appending(path: "Saved")

  static let files: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? [])
    .filter { $0.hasSuffix(".jsonl") }.sorted()

  @Test("There are rows of every type that the library has")
  func coverage() {
    // 149 described types, but deepseek, kimi_k2 and mod_llama have no class.
    #expect(Self.files.count == 146)
  }

  @Test("A saved configuration is the model that was saved", arguments: files)
  func rows(file: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    for line in text.split(separator: "\n") {
      let row = try JSONValue(parsing: String(line))
      let configuration = try #require(row["config"]?.object)
      let difference = try Figures(row["figures"]?.array ?? []).difference(from: configuration)
      #expect(difference == nil, "\(row["id"]?.string ?? "?"): \(difference ?? "")")
    }
  }
}
