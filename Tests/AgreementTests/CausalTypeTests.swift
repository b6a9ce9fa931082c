import Accounting
import Architecture
import Families
import Foundation
import JSON
import Symbolic
import Testing

/// Every type that `AutoModelForCausalLM` of `transformers` 5.23.0 builds is described, or refused by
/// its name.
///
/// The list, and the configuration of each class as `save_pretrained` writes it, are made by
/// `Tests/Oracle/causal.py`.
@Suite struct CausalTypeTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let type: String
    let configuration: JSONObject

    var testDescription: String { type }
  }

  static let lines: [JSONValue] = {
    let file = OracleTests.folder.appending(path: "causal.jsonl")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) }
  }()

  static let rows: [Row] = lines.dropFirst().compactMap { line in
    guard let type = line["type"]?.string, let configuration = line["config"]?.object else {
      return nil
    }
    return Row(type: type, configuration: configuration)
  }

  /// What is no decoder of text by itself: encoders, encoders with decoders, and decoders that read
  /// what another model computes.
  static let ofOtherKinds: Set<String> = [
    "bart", "bert", "bert-generation", "big_bird", "bigbird_pegasus", "blenderbot",
    "blenderbot-small", "camembert", "data2vec-text", "electra", "ernie", "gemma4_assistant",
    "gemma4_unified_assistant", "git", "marian", "mbart", "megatron-bert", "musicgen",
    "musicgen_melody", "mvp", "pegasus", "plbart", "prophetnet", "rembert", "roberta",
    "roberta-prelayernorm", "roc_bert", "roformer", "trocr", "whisper", "xlm", "xlm-roberta",
    "xlm-roberta-xl", "xlnet", "xmod",
  ]

  /// Classes whose defaults are no whole model: a file has to say a number of experts, the kinds of
  /// layers, the heads of an indexer, the width of a head, or that it is a decoder.
  static let withoutSizes: Set<String> = [
    "deepseek_v2", "dots1", "glm4_moe", "lfm2_moe", "qwen4_exp", "qwen4_exp_text", "reformer",
  ]

  @Test("The list is whole, and that of the version")
  func list() {
    #expect(Self.lines.first?["version"]?.string == "5.23.0")
    #expect(Self.rows.count == 189)
    #expect(Self.lines.first?["types"]?.integer == 189)
    #expect(Set(Self.rows.map(\.type)).count == 189)
    #expect(Self.ofOtherKinds.count == 35)
  }

  @Test("A type is described, or refused by its name", arguments: rows)
  func type(row: Row) throws {
    do {
      let model = try Families.Description().model(from: row.configuration, named: row.type)
      let total = try #require(ParameterReport(model).total.wholeConstant)
      #expect(total > 0)
      #expect(
        !Self.ofOtherKinds.contains(row.type), "\(row.type) is described: take it from the list")
    } catch let error as DescriptionError {
      switch error {
      case .otherKind(row.type, _): #expect(Self.ofOtherKinds.contains(row.type))
      default:
        #expect(Self.withoutSizes.contains(row.type), "\(row.type): \(error)")
        #expect(Family.named[row.type] != nil || Family.knowsWrapper(row.type))
      }
    }
  }
}
