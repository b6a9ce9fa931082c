import Arguments
import Foundation
import JSON
import Testing

@testable import tally

/// What `tally run` prints and writes, and how it ends.
@Suite struct RunTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Oracle/Checkpoints/mixtral-usual")
    .path(percentEncoded: false)
  static let tokens = "35,20,35,11,9,25,13,27,30,3,22,26"

  static func run(_ words: String...) -> Outcome {
    Tally.tool.run(["run"] + words, failure: Failure.describe)
  }

  @Test("The whole table is the expected one")
  func table() throws {
    let outcome = Self.run(Self.folder, "--tokens", Self.tokens, "--top", "3", "--generate", "8")
    #expect(outcome.exitCode == 0)
    #expect(outcome.errors == "")
    let text = try String(
      contentsOf: CommandTests.expected.appending(path: "run-mixtral.txt"), encoding: .utf8)
    // The last digits of a score are those of the machine.
    func rounded(_ text: String) -> [String] {
      text.split(separator: "\n").map { line in
        line.split(separator: " ").map { word in
          word.contains(".")
            ? Double(word).map { String(format: "%.4f", $0) } ?? "\(word)" : "\(word)"
        }.joined(separator: " ")
      }
    }
    #expect(rounded(outcome.output.replacing(Self.folder, with: "mixtral-usual")) == rounded(text))
  }

  /// The tokens are those of `generate(do_sample=False)` of transformers 5.23.0, from these files.
  @Test(
    "What is generated is what transformers generates",
    arguments: [
      ("mixtral-usual", RunTests.tokens, [23, 26, 23, 20, 21, 25, 22, 24]),
      (
        "llama-usual-brain", "4,30,7,12,36,33,26,22,6,7,25,31", [36, 17, 13, 25, 19, 24, 17, 13]
      ),
    ])
  func generate(_ name: String, _ tokens: String, _ expected: [Int128]) throws {
    let folder = Self.folder.replacing("mixtral-usual", with: name)
    let document = try JSONValue(
      parsing: Self.run(folder, "--tokens", tokens, "--generate", "8", "--format", "json").output)
    #expect(document["generated"]?.array?.map(\.integer) == expected)
  }

  @Test("The document has the keys that scripts rely on")
  func document() throws {
    let outcome = Self.run(
      Self.folder, "--tokens", Self.tokens, "--validate", "--format", "json")
    #expect(outcome.exitCode == 0)
    let document = try JSONValue(parsing: outcome.output)
    #expect(
      document.object?.keys == [
        "schema_version", "name", "model_type", "tokens", "logits", "next", "routing", "validation",
      ])
    #expect(document["schema_version"]?.integer == 1)
    #expect(
      document["tokens"]?.array?.map(\.integer) == [35, 20, 35, 11, 9, 25, 13, 27, 30, 3, 22, 26])
    #expect(document["logits"]?.array?.map { $0.array?.count } == [Int?](repeating: 37, count: 12))
    #expect(document["next"]?.array?.map { $0["token"]?.integer } == [23, 26, 6, 12, 14])
    let routing = try #require(document["routing"]?.array)
    #expect(routing.map { $0["layer"]?.integer } == [0, 1])
    #expect(routing[1]["path"]?.string == "model.layers.1.block_sparse_moe")
    // By transformers, from these files.
    #expect(
      routing[1]["experts"]?.array?.prefix(3).map { $0.array?.map(\.integer) }
        == [[5, 2], [0, 5], [5, 2]])
    #expect(document["validation"]?["mismatches"]?.integer == 0)
    #expect(document["validation"]?["workload"]?["tokens"]?.integer == 12)
    #expect(document["validation"]?["parameters"]?["analytic"]?.integer == 15432)
    #expect(document["validation"]?["parameters"]?["allocated"]?.integer == 15432)
  }

  @Test("Routed layers that let some tokens in say which")
  func depth() throws {
    let folder = Self.folder.replacing("mixtral-usual", with: "mod_llama")
    let document = try JSONValue(
      parsing: Self.run(folder, "--tokens", "1,2,3,4,5,6,7,8", "--format", "json").output)
    let routing = try #require(document["routing"]?.array)
    #expect(routing.map { $0["layer"]?.integer } == [1, 3])
    // ⌊κ·T⌋ of eight tokens.
    #expect(routing.allSatisfy { $0["tokens"]?.array?.count == 3 && $0["experts"] == nil })
  }

  @Test("Every pass over a token that is generated is compared too")
  func steps() throws {
    for (name, counts) in [("mixtral-usual", 111), ("mod_llama", 183), ("jamba", 173)] {
      let folder = Self.folder.replacing("mixtral-usual", with: name)
      let outcome = Self.run(folder, "--tokens", "1,2,3", "--generate", "4", "--validate")
      #expect(outcome.exitCode == 0)
      // As many rows as in the pass over the prompt, three times.
      #expect(
        outcome.output.hasSuffix(
          "3 passes over generated tokens, \(3 * counts) counts, all equal.\n"),
        "\(outcome.output)")
    }
  }

  @Test("A map of routing counts the tokens of each expert")
  func map() throws {
    let url = URL.temporaryDirectory.appending(path: "tally-\(UUID().uuidString).svg")
    defer { try? FileManager.default.removeItem(at: url) }
    let path = url.path(percentEncoded: false)
    let outcome = Self.run(Self.folder, "--tokens", Self.tokens, "--routing-map", path)
    #expect(outcome.exitCode == 0)
    let drawing = try String(contentsOf: url, encoding: .utf8)
    #expect(drawing.contains("Share of each expert"))
    // Of twelve tokens; by transformers expert 3 of layer 0 is among the two of nine of them.
    #expect(drawing.contains("layer 0, expert 3: 9"), "\(drawing.prefix(4000))")
    let dense = Self.folder.replacing("mixtral-usual", with: "gpt2-usual")
    let refused = Self.run(dense, "--tokens", "1", "--routing-map", path)
    #expect(refused.exitCode == 65)
    #expect(
      refused.errors
        == "error: \(dense) has no layer that chooses experts or tokens. Leave --routing-map out.\n"
    )
  }

  /// What torch computes from the same weights: `Tests/Oracle/trained.py`.
  @Test("Trained routers choose for each domain what they choose in torch")
  func domains() throws {
    func run(_ name: String) throws -> (sequences: [JSONValue], expected: JSONValue) {
      let folder = Self.folder.replacing("Checkpoints/mixtral-usual", with: "Trained/\(name)")
      let outcome = Self.run(
        folder, "--tokens-file", "\(folder)/domains.json", "--validate", "--format", "json")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let sequences = try #require(try JSONValue(parsing: outcome.output)["domains"]?.array)
      #expect(
        sequences.map { $0["domain"]?.string } == ["letters", "digits", "code", "arithmetic"])
      let learned = try Data(contentsOf: URL(filePath: "\(folder)/learned.json"))
      return (sequences, try JSONValue(parsing: Array(learned)))
    }
    let (mixtral, experts) = try run("mixtral")
    for sequence in mixtral {
      let domain = try #require(sequence["domain"]?.string)
      let counts = sequence["routing"]?.array?.map { layer in
        (0..<8).map { expert in
          layer["experts"]?.array?.count { $0.array?.contains(.integer(expert)) == true }
        }
      }
      let expected = experts["domains"]?[domain]?["counts"]?.array?.map { layer in
        layer.array?.map { $0.integer.map { Int($0) } } ?? []
      }
      #expect(counts == expected, "\(domain)")
      #expect(sequence["validation"]?["mismatches"]?.integer == 0)
    }
    let (depths, entered) = try run("mixture-of-depths")
    for sequence in depths {
      let domain = try #require(sequence["domain"]?.string)
      let layers = sequence["routing"]?.array ?? []
      #expect(layers.map { $0["layer"]?.integer } == [1, 3, 5, 7])
      for layer in layers {
        let number = try #require(layer["layer"]?.integer)
        let expected = entered["domains"]?[domain]?["entered"]?["\(number)"]
        // An eighth of 128 tokens.
        #expect(expected?.array?.count == 16)
        #expect(layer["tokens"] == expected, "\(domain), layer \(number)")
      }
      #expect(sequence["validation"]?["mismatches"]?.integer == 0)
    }
  }

  @Test("A file of several sequences has no single array of scores")
  func severalOutputs() {
    let folder = Self.folder.replacing("Checkpoints/mixtral-usual", with: "Trained/mixtral")
    let outcome = Self.run(
      folder, "--tokens-file", "\(folder)/domains.json", "--output", "/tmp/never.npy")
    #expect(outcome.exitCode == 64)
    #expect(outcome.errors.contains("An array holds one sequence, and the file names 4."))
  }

  // MARK: - NumPy

  /// The bytes are those that `numpy.save` writes for an array of this shape and type.
  @Test("The header of an array is that of NumPy")
  func arrayHeader() {
    let header = ArrayFile.header(rows: 12, columns: 37)
    #expect(header.count == 128)
    #expect(Array(header[..<10]) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 0x76, 0])
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 37), }"
    #expect(
      String(decoding: header[10...], as: UTF8.self)
        == text + String(repeating: " ", count: 117 - text.count) + "\n")
  }

  @Test("An array is written whole, with the scores of every position")
  func array() throws {
    let url = URL.temporaryDirectory.appending(path: "tally-\(UUID().uuidString).npy")
    defer { try? FileManager.default.removeItem(at: url) }
    let path = url.path(percentEncoded: false)
    let outcome = Self.run(
      Self.folder, "--tokens", "1,2,3", "--output", path, "--format", "json")
    #expect(outcome.exitCode == 0)
    #expect(try JSONValue(parsing: outcome.output)["logits"] == nil)
    let bytes = try Data(contentsOf: url)
    #expect(bytes.count == 128 + 3 * 37 * 4)
    let written = (0..<3 * 37).map { index in
      Float(
        bitPattern: bytes.withUnsafeBytes {
          UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 128 + 4 * index, as: UInt32.self))
        })
    }
    let printed = try JSONValue(
      parsing: Self.run(Self.folder, "--tokens", "1,2,3", "--format", "json").output)
    var numbers: [Float?] = []
    for row in try #require(printed["logits"]?.array) {
      for case .number(let text) in row.array ?? [] { numbers.append(Float(text)) }
    }
    #expect(numbers == written)
  }

  // MARK: - Tokens

  @Test(
    "A list on the command line",
    arguments: [
      ("1,2,3", [1, 2, 3]), ("7", [7]), ("1, 2 ,3", [1, 2, 3]), ("0", [0]), ("", nil), (",", nil),
      ("-1", nil), ("1,-2", nil), ("1.5", nil), ("a", nil), ("99999999999999999999", nil),
    ] as [(String, [Int]?)])
  func option(_ text: String, _ tokens: [Int]?) {
    #expect(TokenList.option(text) == tokens)
  }

  @Test(
    "A file of tokens",
    arguments: [
      ("[1, 2, 3]\n", [1, 2, 3]), ("1 2\n3\t4\r\n", [1, 2, 3, 4]), ("  5", [5]), ("[0]", [0]),
    ] as [(String, [Int])])
  func file(_ text: String, _ tokens: [Int]) throws {
    #expect(try TokenList.parsed(Array(text.utf8), "ids") == [TokenList(tokens)])
  }

  @Test(
    "A file that is no list of tokens says why",
    arguments: [
      ("", "it holds no tokens"), (" \n", "it holds no tokens"), ("[]", "it holds no tokens"),
      ("[1, 2", "it is not JSON (line 1, column 6"),
      ("{}", "it holds no tokens"), ("{\"a\": []}", "'a' holds no tokens"),
      ("{\"ids\": [1], \"b\": 7}", "'b' holds 7, and no list"),
      ("{\"ids\": [1, [2]]}", "the list 'ids' holds a list, which is no token"),
      ("\"1 2\"", "it holds the string \"1 2\", and no list"),
      ("[1, \"2\"]", "its list holds the string \"2\", which is no token"),
      ("[1, 2.5]", "its list holds 2.5, which is no token"),
      ("[1, -2]", "its list holds -2, which is no token"),
      ("[[1, 2]]", "its list holds a list, which is no token"), ("1 x", "'x' is no token"),
      ("1,2", "'1,2' is no token"), ("1 -2", "'-2' is no token"),
    ])
  func badFile(_ text: String, _ what: String) throws {
    let error = #expect(throws: Failure.self) {
      try TokenList.parsed(Array(text.utf8), "ids")
    }
    let (code, message) = Failure.describe(try #require(error))
    #expect(code == 65)
    #expect(message.hasPrefix("ids: \(what)"), "\(message)")
  }

  @Test("Of equal scores the lowest token comes first, and what is no number last")
  func ties() {
    let scores: [Float] = [1, 3, .nan, 3, -.infinity]
    #expect(RunReport.likeliest(5, scores[...]).map(\.token) == [1, 3, 0, 4, 2])
    #expect(RunReport.likeliest(1, scores[...]).map(\.token) == [1])
  }

  // MARK: - What cannot run

  @Test(
    "Each mistake has its sentence and its code",
    arguments: [
      (["FOLDER"], 64, "--tokens is missing."),
      (["FOLDER", "--tokens", ","], 64, "',' is not valid for --tokens: expected whole numbers"),
      (
        ["FOLDER", "--tokens", "1", "--tokens-file", "x"], 64,
        "--tokens and --tokens-file contradict each other."
      ),
      (
        ["FOLDER", "--tokens", "1,37"], 64,
        "The token 37 is not in the vocabulary, whose 37 tokens are 0 to 36. Give other tokens."
      ),
      (
        ["FOLDER", "--tokens", "1", "--output", "x.json"], 64,
        "'x.json' is not valid for --output: expected a name that ends in .npy."
      ),
      (
        ["FOLDER", "--tokens", "1", "--output", "/nowhere/x.npy"], 73,
        "/nowhere/x.npy cannot be written: no such file or directory."
      ),
      (["FOLDER", "--tokens", "1", "--memory", "1000"], 65, "are allowed. Give fewer tokens"),
      (
        ["FOLDER/../gpt2-usual", "--tokens", "1,2", "--generate", "48"], 65,
        "The tokens need 49 positions, but the model's table of positions has 48. Give fewer tokens"
      ),
      (
        ["mixtral-8x7b", "--tokens", "1"], 66,
        "'mixtral-8x7b' is a preset, which has no weights. Name a folder that holds config.json"
      ),
      (["/nowhere", "--tokens", "1"], 66, "'/nowhere' is not there. Name a folder"),
      (["FOLDER/config.json", "--tokens", "1"], 66, "config.json' is no folder. Name a folder"),
      (["FOLDER/..", "--tokens", "1"], 66, "holds no config.json"),
      (
        ["FOLDER", "--tokens-file", "FOLDER/config.json"], 65,
        "the list 'architectures' holds the string"
      ),
    ] as [([String], Int32, String)])
  func mistakes(_ words: [String], _ code: Int32, _ message: String) {
    let outcome = Tally.tool.run(
      ["run"] + words.map { $0.replacing("FOLDER", with: Self.folder) }, failure: Failure.describe)
    #expect(outcome.exitCode == code)
    #expect(outcome.output == "")
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
  }

  @Test("Quantised weights are refused by their method")
  func quantised() throws {
    let url = URL.temporaryDirectory.appending(path: "tally-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    let configuration = try String(contentsOfFile: "\(Self.folder)/config.json", encoding: .utf8)
    try configuration.replacing(
      "{\n", with: "{\n\"quantization_config\": {\"quant_method\": \"fp8\"},\n", maxReplacements: 1
    ).write(to: url.appending(path: "config.json"), atomically: true, encoding: .utf8)
    let path = url.path(percentEncoded: false)
    let outcome = Self.run(path, "--tokens", "1")
    #expect(outcome.exitCode == 65)
    #expect(
      outcome.errors == """
        error: \(path)/config.json: 'quantization_config' says that the weights are quantised (fp8), \
        which is not run. Name a checkpoint with F32, F16 or BF16 weights.

        """)
  }
}
