import Accounting
import Architecture
import Families
import Foundation
import JSON
import Symbolic
import Testing
import Wording

/// Every hint is followed: what it leads to is right, or says what is missing.
@Suite struct HintTests {
  /// A configuration of each type, and its parameters as `transformers` counts them.
  static let truths: [(type: String, configuration: JSONObject, total: Int128)] =
    DefaultsTests.classes.keys.compactMap { type in
      let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Oracle/Data/Parameters/\(type).jsonl")
      guard let text = try? String(contentsOf: file, encoding: .utf8),
        let line = text.split(separator: "\n").last,
        let row = try? JSONValue(parsing: String(line)), let total = row["total"]?.integer,
        let configuration = row["config"]?.object
      else { return nil }
      return (type, configuration, total)
    }

  /// Words that somebody may write for a type: slips of the finger, and other versions of it.
  private static func misspellings(of type: String) -> [String] {
    let letters = Array(type)
    let middle = letters.count / 2
    var swapped = letters
    swapped.swapAt(middle - 1, middle)
    return [
      String(letters.dropLast()), String(swapped), type.replacing("_", with: "-"), type + "2",
      "my_" + type, type + "_moe",
    ]
  }

  /// What a file gives, or what following its error's proposal gives; nil for a refusal that
  /// proposes nothing.
  private func followed(_ configuration: JSONObject) throws -> (total: Int128?, proposal: String?)?
  {
    func total(_ description: Families.Description) throws -> Int128? {
      try ParameterReport(description.model(from: configuration, named: "row")).total.wholeConstant
    }
    do {
      return (try total(Families.Description()), nil)
    } catch DescriptionError.unknownModelType(_, let advice) {
      guard let proposal = advice.proposal else { return nil }
      return (try total(Families.Description(assumed: proposal)), proposal)
    } catch is DescriptionError {
      return nil
    }
  }

  @Test("A misspelt model_type leads to the model that was meant, or to no proposal")
  func misspelt() throws {
    let known = Set(Family.all.map(\.modelType))
    var (right, silent) = (0, 0)
    for truth in Self.truths {
      for word in Self.misspellings(of: truth.type) where !known.contains(word) {
        var configuration = truth.configuration
        configuration["model_type"] = .string(word)
        guard let (total, proposal) = try followed(configuration) else {
          silent += 1
          continue
        }
        right += 1
        #expect(
          total == truth.total,
          "'\(word)' for \(truth.type) leads to \(proposal ?? "a count") with \(total ?? 0)")
      }
    }
    // Slips are understood, other versions are not.
    #expect(right > 80)
    #expect(silent > 200)
  }

  @Test("A type of nobody with the keys of any family is not taken for another family")
  func unknown() throws {
    for truth in Self.truths {
      for name in ["SomethingElseForCausalLM", nil] {
        var configuration = truth.configuration
        configuration["model_type"] = .string("something_else")
        configuration["architectures"] = name.map { .array([.string($0)]) }
        let result = try followed(configuration)
        #expect(result == nil, "\(truth.type) as \(result?.proposal ?? "itself")")
      }
    }
  }

  @Test("The text model of a wrapper that nobody knows is counted as what it says it is")
  func unknownWrapper() throws {
    var count = 0
    for truth in Self.truths {
      let file = JSONObject([
        ("model_type", .string("something_else")), ("text_config", .object(truth.configuration)),
      ])
      guard let (total, proposal) = try followed(file) else { continue }
      #expect(proposal == truth.type)
      #expect(total == truth.total, "\(truth.type): \(total ?? 0)")
      count += 1
    }
    #expect(count > 100)
  }

  @Test("A wrapper that nobody knows may say that the head is the token table")
  func unknownTie() throws {
    let file = try #require(
      JSONValue(
        parsing: """
          {"model_type": "my_vl", "tie_word_embeddings": true, "text_config":
          {"model_type": "llama", \(NameTests.small)}}
          """
      ).object)
    let model = try Families.Description(assumed: "llama").model(from: file, named: "row")
    // 1,017,472 by the class of transformers, less a head of 512 x 128.
    #expect(try ParameterReport(model).total.wholeConstant == 1_017_472 - 65_536)
  }

  @Test("A misspelt key of a file is named with the key that was meant, and that one is right")
  func misspeltKey() throws {
    var file = JSONObject(BadInputTests.llama)
    let meant = try ParameterReport(
      Families.Description().model(from: file, named: "row")
    ).total.wholeConstant
    let value = file["num_key_value_heads"]
    file["num_key_value_heads"] = nil
    file["num_key_value_head"] = value
    let notes = try Families.Description().model(from: file, named: "row").notes
    #expect(
      notes.contains(
        "num_key_value_head is not read. Did you mean num_key_value_heads, which is absent?"))
    file["num_key_value_head"] = nil
    file["num_key_value_heads"] = value
    #expect(
      try ParameterReport(Families.Description().model(from: file, named: "row")).total
        .wholeConstant == meant)
  }

  @Test("A key that only looks like another is not taken for it")
  func otherKeys() throws {
    var file = JSONObject(BadInputTests.llama)
    for key in ["num_experts", "hidden_dim", "head_count", "num_layers", "moe_intermediate_size"] {
      file[key] = .number("4")
    }
    let notes = try Families.Description().model(from: file, named: "row").notes
    #expect(!notes.contains { $0.contains("Did you mean") })
  }

  @Test(
    "Words are alike if a slip lies between them, and never if their digits differ",
    arguments: [
      ("lama", "llama"), ("qwen3_vl", nil), ("gpt-oss", "gpt_oss"), ("GptNeox", "gpt_neox"),
      ("llama2-70", nil), ("mixtrall", "mixtral"), ("flosp", nil), ("phi4", nil),
      ("gpt_neoxx", "gpt_neox"), ("qwen2moe", "qwen2_moe"), ("hidden_dim", nil),
      ("hiden_size", "hidden_size"), ("num_key_value_head", "num_key_value_heads"),
    ] as [(String, String?)])
  func slips(_ word: String, _ meant: String?) {
    let words = [
      "llama", "qwen3_5", "gpt_oss", "gpt_neox", "llama2-7b", "mixtral", "phi3", "qwen2_moe",
      "hidden_act", "hidden_size", "num_key_value_heads", "num_attention_heads",
    ]
    #expect(nearestWord(to: word, among: words) == meant)
  }
}
