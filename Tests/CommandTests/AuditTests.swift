import Arguments
import Foundation
import JSON
import Testing

@testable import tally

/// Checkpoints beside the tensors of their models: whole ones, damaged ones, packed ones.
@Suite struct AuditTests {
  private static let oracle = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Oracle")

  private static func folders(_ name: String, beside file: String = "config.json") -> [String] {
    let path = oracle.appending(path: name).path(percentEncoded: false)
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      .filter {
        FileManager.default.fileExists(atPath: "\(path)/\($0)/expected.json")
          && FileManager.default.fileExists(atPath: "\(path)/\($0)/\(file)")
      }.sorted()
  }

  static let checkpoints = folders("Checkpoints")
  static let packings = folders("Packings")

  /// The answer of `tally audit PATH --format json`, and its exit code.
  private static func audit(_ path: String) throws -> (json: JSONValue, code: Int32) {
    let outcome = Tally.tool.run(["audit", path, "--format", "json"], failure: Failure.describe)
    guard !outcome.output.isEmpty else { return (.string(outcome.errors), outcome.exitCode) }
    return (try JSONValue(parsing: Array(outcome.output.utf8)), outcome.exitCode)
  }

  /// What the files of a folder say of themselves, read by nothing of ours but JSON.
  private struct Headers {
    var tensors = 0
    var elements = 0
    var bytes = 0

    init(_ folder: URL, without isLeft: (String) -> Bool = { _ in false }) throws {
      for file in try FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: nil)
      where file.pathExtension == "safetensors" {
        let data = try Data(contentsOf: file)
        let length = data.prefix(8).enumerated().reduce(0) {
          $0 + Int($1.element) << (8 * $1.offset)
        }
        bytes += data.count - 8 - length
        let object = try #require(
          try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any])
        for case (let name, let entry as [String: Any]) in object where name != "__metadata__" {
          if isLeft(name), let range = entry["data_offsets"] as? [Int] {
            bytes -= range[1] - range[0]
            continue
          }
          tensors += 1
          elements += (entry["shape"] as? [Int] ?? []).reduce(1, *)
        }
      }
    }
  }

  @Test("Every tensor of a checkpoint is explained", arguments: checkpoints)
  func whole(_ name: String) throws {
    let folder = Self.oracle.appending(path: "Checkpoints/\(name)")
    let (json, code) = try Self.audit(folder.path(percentEncoded: false))
    let headers = try Headers(folder)
    #expect(code == 0)
    #expect(json["agrees"] == .boolean(true))
    #expect(json["tensors"]?["found"]?.integer == Int128(headers.tensors))
    #expect(json["parameters"]?["stored"]?.integer == Int128(headers.elements))
    #expect(json["bytes"]?["on_disk"]?.integer == Int128(headers.bytes))
    #expect(json["parameters"]?["logical"] == json["parameters"]?["analytic"])
  }

  /// `expected.json` is what torch counts in the plain model and in the packed file.
  @Test("Packed weights count as those they stand for", arguments: packings)
  func packed(_ name: String) throws {
    let folder = Self.oracle.appending(path: "Packings/\(name)")
    let expected = try JSONValue(
      parsing: Array(Data(contentsOf: folder.appending(path: "expected.json"))))
    let (json, code) = try Self.audit(folder.path(percentEncoded: false))
    #expect(code == 0)
    #expect(json["parameters"]?["logical"] == expected["logical"])
    #expect(json["parameters"]?["analytic"] == expected["logical"])
    #expect(json["parameters"]?["stored"] == expected["stored"])
    #expect(json["tensors"]?["found"] == expected["tensors"])
    #expect(json["bytes"]?["on_disk"] == expected["bytes"])
    #expect(json["bytes"]?["computed"] == expected["bytes"])
  }

  /// What is left out is beside the weights: text of settings, and codes that are the same for all.
  @Test("The bytes that a configuration gives are those of the packed file", arguments: packings)
  func configured(_ name: String) throws {
    let folder = Self.oracle.appending(path: "Packings/\(name)")
    let left = ["quant_map", "bitsandbytes__nf4", "weight_format"]
    let headers = try Headers(folder) { tensor in left.contains { tensor.hasSuffix($0) } }
    let outcome = Tally.tool.run(
      ["flops", folder.path(percentEncoded: false), "--format", "json"], failure: Failure.describe)
    let models = try JSONValue(parsing: outcome.output)["models"]?.array
    // Older files also hold a bias of 16 bits for each output of a map, here of two layers: four
    // maps of attention, of 64, 32, 32 and 64 outputs, and three of the rest, of 128, 128 and 64.
    let biases = name.hasPrefix("gptq") ? 2 * 2 * (64 + 32 + 32 + 64 + 128 + 128 + 64) : 0
    #expect(models?.first?["memory"]?["weight_bytes"] == .integer(headers.bytes + biases))
  }

  @Test("Packed weights are counted without a configuration too", arguments: packings)
  func uncompared(_ name: String) throws {
    let copy = try CheckpointCopy(Self.oracle.appending(path: "Packings/\(name)"))
    try FileManager.default.removeItem(at: copy.folder.appending(path: "config.json"))
    let expected = try JSONValue(
      parsing: Array(
        Data(contentsOf: Self.oracle.appending(path: "Packings/\(name)/expected.json"))))
    let (json, code) = try Self.audit(copy.folder.path(percentEncoded: false))
    #expect(code == 0)
    #expect(json["parameters"]?["logical"] == expected["logical"])
    #expect(json["bytes"]?["on_disk"] == expected["bytes"])
    #expect(json["agrees"] == .null)
  }

  static let llamaFiles = folders("GGUF", beside: "model.gguf")

  /// Names and block sizes are those of llama.cpp's own library, the parameters those of torch.
  @Test("A file of llama.cpp is what its metadata describe", arguments: llamaFiles)
  func gguf(_ name: String) throws {
    let folder = Self.oracle.appending(path: "GGUF/\(name)")
    let expected = try JSONValue(
      parsing: Array(Data(contentsOf: folder.appending(path: "expected.json"))))
    let path = folder.appending(path: "model.gguf").path(percentEncoded: false)
    let (json, code) = try Self.audit(path)
    #expect(code == 0)
    #expect(json["model_type"] == expected["type"])
    #expect(json["tensors"]?["found"] == expected["tensors"])
    #expect(json["parameters"]?["logical"] == expected["logical"])
    #expect(json["bytes"]?["on_disk"] == expected["bytes"])
    let params = Tally.tool.run(["params", path, "--format", "json"], failure: Failure.describe)
    let models = try JSONValue(parsing: Array(params.output.utf8))["models"]?.array
    #expect(models?.first?["parameters"]?["total"] == expected["logical"])
  }

  @Test("A folder with one file of llama.cpp means that file, and one with two asks which")
  func onlyFile() throws {
    let copy = try CheckpointCopy(Self.oracle.appending(path: "GGUF/gemma"))
    let path = copy.folder.path(percentEncoded: false)
    for name in ["expected.json", "config.json"] {
      try? FileManager.default.removeItem(at: copy.folder.appending(path: name))
    }
    // As counted from the file itself, in `gguf` above.
    let whole = Self.oracle.appending(path: "GGUF/gemma/model.gguf").path(percentEncoded: false)
    let file = Tally.tool.run(["params", whole, "--format", "csv"], failure: Failure.describe)
    let folder = Tally.tool.run(["params", path, "--format", "csv"], failure: Failure.describe)
    #expect(folder.exitCode == 0)
    #expect(
      folder.output.split(separator: "\n").last?.split(separator: ",").dropFirst()
        == file.output.split(separator: "\n").last?.split(separator: ",").dropFirst())
    #expect(try Self.audit(path).code == 0)
    try FileManager.default.copyItem(
      at: copy.folder.appending(path: "model.gguf"), to: copy.folder.appending(path: "other.gguf"))
    for command in ["params", "audit"] {
      let outcome = Tally.tool.run([command, path], failure: Failure.describe)
      #expect(outcome.exitCode == 66)
      #expect(outcome.errors.contains("holds no config.json and 2 GGUF files. Name one of them"))
    }
  }

  @Test(
    "A size that is no extent, or more tensors than can be listed, is one sentence",
    arguments: [
      ("Checkpoints/llama", "num_hidden_layers=99999999999", "more than 2000000 tensors"),
      ("Checkpoints/gpt_oss", "num_local_experts=9999999999", "more than 2000000 tensors"),
      ("Checkpoints/mixtral", "num_local_experts=9999999999", "more than 2000000 tensors"),
      ("Checkpoints/llama", "hidden_size=x", "hidden_size cannot be left free"),
    ])
  func extents(_ folder: String, _ setting: String, _ sentence: String) {
    let path = Self.oracle.appending(path: folder).path(percentEncoded: false)
    let outcome = Tally.tool.run(["audit", path, "--set", setting], failure: Failure.describe)
    #expect(outcome.exitCode == 65)
    #expect(outcome.output == "")
    #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
  }

  @Test(
    "Sizes whose product no machine holds are other shapes",
    arguments: [
      ("Packings/gptq-4", "hidden_size=4611686018427387904"),
      ("Packings/bitsandbytes-4", "intermediate_size=4611686018427387904"),
      ("Packings/mxfp4", "intermediate_size=4611686018427387904"),
      ("Checkpoints/qwen3_moe", "moe_intermediate_size=4611686018427387904"),
      ("Checkpoints/gpt_oss", "intermediate_size=4611686018427387904"),
    ])
  func huge(_ folder: String, _ setting: String) {
    let path = Self.oracle.appending(path: folder).path(percentEncoded: false)
    let outcome = Tally.tool.run(["audit", path, "--set", setting], failure: Failure.describe)
    #expect(outcome.exitCode == 1 || outcome.exitCode == 65)
    #expect(outcome.exitCode == 65 || outcome.output.contains("wrong shape"))
  }

  /// Names of `transformers` 5.23.0, of the classes that have such parts and of the files they read.
  @Test(
    "What is left out on purpose has its reason",
    arguments: [
      ("model.vision_tower.patch_embed.weight", "is of a part for images or sound"),
      ("model.multi_modal_projector.linear_1.weight", "is of a part for images or sound"),
      ("vision_encoder.patch_conv.weight", "is of a part for images or sound"),
      ("vision_language_adapter.w_in.weight", "is of a part for images or sound"),
      ("pre_mm_projector_norm.weight", "is of a part for images or sound"),
      ("model.vision_backbone.image_projector.w1.weight", "is of a part for images or sound"),
      ("patch_merger.merging_layer.weight", "is of a part for images or sound"),
      ("mtp.layers.0.eh_proj.weight", "is of a layer that predicts several tokens"),
      ("mtp_dspark.layers.0.eh_proj.weight", "is of a layer that predicts several tokens"),
      ("layers.9.attention.wq.weight", "is of a layer that predicts several tokens"),
    ])
  func leftOut(_ name: String, _ reason: String) throws {
    let copy = try CheckpointCopy(Self.oracle.appending(path: "Checkpoints/mistral_large4_text"))
    try copy.add(name)
    let (json, code) = try Self.audit(copy.folder.path(percentEncoded: false))
    #expect(code == 0)
    let left = try #require(json["tensors"]?["left_out"]?.array)
    #expect(left.count == 1)
    #expect(left.first?["name"]?.string == name)
    #expect(left.first?["reason"]?.string == reason)
  }

  /// One checkpoint of each type.
  static let types = checkpoints.filter { !$0.contains("-") }

  /// What is done to a map of a layer, or to the file that holds it.
  enum Damage: CaseIterable {
    case renamed, reshaped, retyped, added, truncated
  }

  @Test("A damaged copy is answered with what is wrong", arguments: Damage.allCases, types)
  func damaged(_ damage: Damage, _ name: String) throws {
    let copy = try CheckpointCopy(Self.oracle.appending(path: "Checkpoints/\(name)"))
    let tensor = try copy.damage(damage)
    let (json, code) = try Self.audit(copy.folder.path(percentEncoded: false))
    func names(_ key: String) -> [String] {
      json["tensors"]?[key]?.array?.compactMap { $0.string ?? $0["name"]?.string } ?? []
    }
    switch damage {
    case .renamed:
      #expect(code == 1)
      #expect(!names("missing").isEmpty)
      #expect(names("unexpected") == ["\(tensor).renamed"])
    case .reshaped:
      #expect(code == 1)
      #expect(names("wrong_shape") == [tensor])
    case .retyped:
      #expect(code == 1)
      #expect(names("wrong_type") == [tensor])
    case .added:
      #expect(code == 1)
      #expect(names("unexpected") == ["\(tensor).more"])
      #expect(names("missing").isEmpty)
    case .truncated:
      #expect(code == 65)
      #expect(json.string?.contains("is damaged") == true)
    }
  }
}

/// A copy of a checkpoint that can be damaged, and is removed when nobody needs it.
private final class CheckpointCopy {
  let folder = URL.temporaryDirectory.appending(path: "tally-audit-\(UUID().uuidString)")

  init(_ source: URL) throws {
    try FileManager.default.copyItem(at: source, to: folder)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Adds a tensor of one element.
  func add(_ name: String) throws {
    try change { header, rest in Self.append(name, to: &header, &rest) }
  }

  private static func append(_ name: String, to header: inout JSONObject, _ rest: inout Data) {
    let end = rest.count
    header[name] = .object([
      "dtype": .string("F32"), "shape": .array([.integer(1)]),
      "data_offsets": .array([.integer(Int128(end)), .integer(Int128(end + 4))]),
    ])
    rest += Data([0, 0, 0, 0])
  }

  /// Changes the header, and what stands behind it, of the last file.
  private func change<Result>(
    _ body: (inout JSONObject, inout Data) throws -> Result
  ) throws -> Result {
    let files = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "safetensors" }.sorted { $0.path() < $1.path() }
    let file = try #require(files.last)
    // An index says where each tensor is; without it the files are read as they are.
    try? FileManager.default.removeItem(
      at: folder.appending(path: "model.safetensors.index.json"))
    let data = try Data(contentsOf: file)
    let length = data.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
    var header = try #require(JSONValue(parsing: Array(data[8..<8 + length])).object)
    var rest = data[(8 + length)...]
    let result = try body(&header, &rest)
    let text = Array(JSONValue.object(header).text.utf8)
    var bytes = Data((0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) })
    bytes += text
    bytes += rest
    try bytes.write(to: file)
    return result
  }

  /// Damages a tensor of the last file, and returns its name.
  func damage(_ damage: AuditTests.Damage) throws -> String {
    try change { header, rest in
      // A map of a layer, which nobody leaves out and everybody has.
      let name = try #require(
        header.keys.sorted().first { key in
          guard let shape = header[key]?["shape"]?.array, shape.count == 2,
            shape != [shape[1], shape[0]]
          else { return false }
          return (key.contains(".0.") || key.contains(".1."))
            && ["F32", "F16", "BF16"].contains(header[key]?["dtype"]?.string)
        })
      var entry = try #require(header[name]?.object)
      switch damage {
      case .renamed:
        header[name] = nil
        header["\(name).renamed"] = .object(entry)
      case .reshaped:
        entry["shape"] = (entry["shape"]?.array).map { .array([$0[1], $0[0]]) }
        header[name] = .object(entry)
      case .retyped:
        let form = entry["dtype"]?.string
        entry["dtype"] = .string(form == "F32" ? "I32" : form == "F16" ? "BF16" : "F16")
        header[name] = .object(entry)
      case .added: Self.append("\(name).more", to: &header, &rest)
      case .truncated: rest = rest.dropLast(1)
      }
      return name
    }
  }
}
