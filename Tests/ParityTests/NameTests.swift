import Checkpoints
import Foundation
import Testing

@testable import tally

/// The same numbers under other names, and in other pieces: the answers stay, and what was left out
/// is said.
@Suite struct NameTests {
  /// A checkpoint whose tensors can be renamed and cut before it is written again.
  struct Rewriting {
    let folder: URL
    var tensors: [String: (shape: [Int], numbers: [Float])] = [:]
    let expected: Expected

    init(_ name: String) throws {
      folder = ParityTests.root.appending(path: name)
      expected = try Expected(folder.appending(path: "expected.json"))
      for (name, tensor) in try Checkpoint(folder: folder.path(percentEncoded: false)).tensors {
        let numbers = [Float](unsafeUninitializedCapacity: tensor.count) { buffer, count in
          if let start = buffer.baseAddress {
            TensorView(tensor).read(0..<tensor.count, into: start)
          }
          count = tensor.count
        }
        tensors[name] = (tensor.shape, numbers)
      }
    }

    mutating func rename(_ body: (String) -> String) {
      tensors = Dictionary(uniqueKeysWithValues: tensors.map { (body($0.key), $0.value) })
    }

    /// Takes tensors away and returns them one behind another.
    mutating func take(_ names: [String]) throws -> [Float] {
      var numbers: [Float] = []
      for name in names {
        let tensor = tensors.removeValue(forKey: name)
        numbers += try #require(tensor, "\(name)").numbers
      }
      return numbers
    }

    /// Writes the files into a folder of their own, and runs the tokens.
    func answer(_ change: (String) -> String = { $0 }) throws -> Answer {
      let folder = URL.temporaryDirectory.appending(path: "tally-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let configuration = try String(
        contentsOf: self.folder.appending(path: "config.json"), encoding: .utf8)
      try change(configuration).write(
        to: folder.appending(path: "config.json"), atomically: true, encoding: .utf8)
      var header: [String] = []
      var data = Data()
      for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
        let end = data.count + 4 * tensor.numbers.count
        header.append(
          "\"\(name)\": {\"dtype\": \"F32\", \"shape\": \(tensor.shape), "
            + "\"data_offsets\": [\(data.count), \(end)]}")
        data += tensor.numbers.withUnsafeBytes { Data($0) }
      }
      let text = Data("{\(header.joined(separator: ", "))}".utf8)
      let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
      try (length + text + data).write(to: folder.appending(path: "model.safetensors"))
      do {
        return try Answer(folder, [expected.tokens])
      } catch Failure.checkpoint(let error) {
        // The folder's name is another each time.
        throw Refusal(
          sentence: "\(error)".replacing(folder.path(percentEncoded: false), with: "F"))
      }
    }
  }

  struct Refusal: Error, Equatable { let sentence: String }

  private func expectSame(_ rewriting: Rewriting, notes: [String] = []) throws {
    let answer = try rewriting.answer()
    #expect(Expected.largestError(answer.rows, rewriting.expected.logits) <= ParityTests.tolerance)
    if let routing = rewriting.expected.routing { #expect(answer.routing == routing) }
    #expect(answer.notes == notes)
  }

  @Test("The wrapped model may be saved alone, or inside another")
  func frames() throws {
    for (inner, outer) in [("", ""), ("language_model.model.", "language_model."), ("x.y.", "")] {
      var rewriting = try Rewriting("llama-usual")
      rewriting.rename { name in
        name.hasPrefix("model.") ? inner + name.dropFirst(6) : outer + name
      }
      try expectSame(rewriting)
    }
    var alone = try Rewriting("gpt2-usual")
    alone.rename { $0.hasPrefix("transformer.") ? String($0.dropFirst(12)) : $0 }
    try expectSame(alone)
  }

  @Test("Stacked experts, as save_pretrained of the library's own classes names them")
  func stacked() throws {
    for (name, block, gate, up, down) in [
      ("mixtral-usual", "block_sparse_moe", "w1", "w3", "w2"),
      ("qwen3_moe-usual", "mlp", "gate_proj", "up_proj", "down_proj"),
    ] {
      var rewriting = try Rewriting(name)
      for layer in 0..<2 {
        let path = "model.layers.\(layer).\(block)"
        let count = rewriting.tensors.keys.count {
          $0.hasPrefix("\(path).experts.") && $0.hasSuffix(".\(gate).weight")
        }
        let shape = try #require(rewriting.tensors["\(path).experts.0.\(gate).weight"]).shape
        let both = try rewriting.take(
          (0..<count).flatMap { expert in
            [gate, up].map { "\(path).experts.\(expert).\($0).weight" }
          })
        let out = try rewriting.take(
          (0..<count).map { "\(path).experts.\($0).\(down).weight" })
        rewriting.tensors["\(path).experts.gate_up_proj"] = (
          [count, 2 * shape[0], shape[1]], both
        )
        rewriting.tensors["\(path).experts.down_proj"] = ([count, shape[1], shape[0]], out)
      }
      rewriting.rename { $0.replacing(".block_sparse_moe.", with: ".mlp.") }
      try expectSame(rewriting)
    }
  }

  @Test("Maps of experts under the names of another family")
  func separate() throws {
    var rewriting = try Rewriting("qwen3_moe-usual")
    rewriting.rename { name in
      guard name.contains(".experts.") else { return name }
      return name.replacing(".mlp.", with: ".block_sparse_moe.")
        .replacing("gate_proj", with: "w1").replacing("up_proj", with: "w3")
        .replacing("down_proj", with: "w2")
    }
    try expectSame(rewriting)
  }

  @Test("A tied head that is stored again is the table, or a note says that it is not")
  func tied() throws {
    var rewriting = try Rewriting("llama-usual-half")
    let table = try #require(rewriting.tensors["model.embed_tokens.weight"])
    rewriting.tensors["lm_head.weight"] = table
    try expectSame(rewriting)
    rewriting.tensors["lm_head.weight"]?.numbers[3] += 1
    try expectSame(
      rewriting,
      notes: [
        """
        'lm_head.weight' is not 'model.embed_tokens.weight', which config.json says it is; \
        'model.embed_tokens.weight' is used.
        """
      ])
  }

  @Test("What the model does not have is left out and named")
  func rest() throws {
    var rewriting = try Rewriting("llama-usual")
    for name in [
      "model.layers.0.self_attn.rotary_emb.inv_freq",
      "model.layers.1.self_attn.rotary_emb.inv_freq",
      "model.layers.2.eh_proj.weight", "mtp.norm.weight", "vision.a", "vision.b", "vision.c",
      "vision.d",
    ] { rewriting.tensors[name] = ([1], [1]) }
    try expectSame(
      rewriting,
      notes: [
        """
        2 tensors that follow from the configuration are left out: \
        model.layers.0.self_attn.rotary_emb.inv_freq, model.layers.1.self_attn.rotary_emb.inv_freq.
        """,
        """
        2 tensors of layers that predict several tokens are left out: \
        model.layers.2.eh_proj.weight, mtp.norm.weight.
        """,
        "4 tensors that the model does not have are left out: vision.a, vision.b, vision.c and 1 more.",
      ])
  }

  @Test("A checkpoint of another model is refused with what is wrong first")
  func refusals() throws {
    var missing = try Rewriting("llama-usual")
    missing.tensors["model.norm.weight"] = nil
    missing.tensors["lm_head.weight"] = nil
    #expect(
      throws: Refusal(
        sentence: """
          F does not hold the tensor 'model.norm.weight'; 2 of 21 are missing. Name the folder of \
          the checkpoint that config.json describes.
          """)
    ) { try missing.answer() }
    let other = try Rewriting("llama-usual")
    #expect(
      throws: Refusal(
        sentence: """
          F/model.safetensors: the tensor 'model.embed_tokens.weight' has the shape [37, 24], and \
          config.json gives it [38, 24]. Correct config.json, or take the one that was saved with \
          the weights.
          """)
    ) {
      try other.answer { $0.replacing("\"vocab_size\": 37", with: "\"vocab_size\": 38") }
    }
  }
}
