import Accounting
import Architecture
import Families
import JSON
import Symbolic
import Testing

/// A configuration with one thing wrong is answered with that thing, and never counted.
@Suite struct BadInputTests {
  static let llama: [(String, JSONValue)] = [
    ("model_type", .string("llama")), ("hidden_size", .integer(64)),
    ("num_hidden_layers", .integer(2)), ("num_attention_heads", .integer(4)),
    ("num_key_value_heads", .integer(2)), ("intermediate_size", .integer(96)),
    ("vocab_size", .integer(100)),
  ]

  struct Row: CustomTestStringConvertible {
    /// Keys that replace those of a small Llama; nil removes one.
    let changes: [(String, String?)]
    let message: String

    init(_ changes: [(String, String?)], _ message: String) {
      self.changes = changes
      self.message = message
    }

    var testDescription: String { "\(changes)" }
  }

  @Test(
    "One thing wrong, one sentence that names it",
    arguments: [
      Row(
        [("hidden_size", nil)],
        """
        hidden_size is missing, and 'llama' has no safe default for it. Add it to the \
        configuration, or give it with --set hidden_size=VALUE (papers write it d).
        """),
      Row(
        [("num_hidden_layers", "null")],
        """
        num_hidden_layers is missing, and 'llama' has no safe default for it. Add it to the \
        configuration, or give it with --set num_hidden_layers=VALUE (papers write it L).
        """),
      Row(
        [("hidden_size", "0")],
        """
        hidden_size is 0, but it must be a whole number of at least 1. Correct hidden_size.
        """),
      Row(
        [("hidden_size", "1e40")],
        "hidden_size is 1e40, but it must be at most 2^127 - 1. Correct hidden_size."),
      Row(
        [("vocab_size", "-5")],
        """
        vocab_size is -5, but it must be a whole number of at least 1. Correct vocab_size.
        """),
      Row(
        [("intermediate_size", "10.5")],
        """
        intermediate_size is 10.5, but it must be a whole number of at least 1. \
        Correct intermediate_size.
        """),
      Row(
        [("intermediate_size", "96.0")],
        """
        intermediate_size is 96.0, but it must be a whole number of at least 1. \
        Correct intermediate_size.
        """),
      Row(
        [("vocab_size", "Infinity")],
        """
        vocab_size is Infinity, but it must be a whole number of at least 1. Correct vocab_size.
        """),
      Row(
        [("hidden_size", "\"64\"")],
        """
        hidden_size is the string "64", but it must be a whole number. Correct hidden_size.
        """),
      Row(
        [("hidden_size", "[64]")],
        """
        hidden_size is a list, but it must be a whole number. Correct hidden_size.
        """),
      Row(
        [("tie_word_embeddings", "1")],
        """
        tie_word_embeddings is 1, but it must be true or false. Correct tie_word_embeddings.
        """),
      Row(
        [("hidden_size", "66")],
        """
        hidden_size (66) is not a multiple of num_attention_heads (4). \
        The nearest multiple is hidden_size = 68.
        """),
      Row(
        [("num_key_value_heads", "3")],
        """
        num_attention_heads (4) is not a multiple of num_key_value_heads (3). \
        The nearest multiple is num_attention_heads = 3.
        """),
      Row(
        [("vocab_size", "99999999999999999999999999999999999999999")],
        """
        vocab_size is 99999999999999999999999999999999999999999, but it must be at most 2^127 - 1. \
        Correct vocab_size.
        """),
      Row(
        [
          ("model_type", nil), ("peft_type", "\"LORA\""),
          ("base_model_name_or_path", "\"meta-llama/Llama-3.1-8B\""),
        ],
        """
        This is the file of an adapter, which adds to another model. Count that model, \
        meta-llama/Llama-3.1-8B.
        """),
      Row(
        [("model_type", "\"bert\"")],
        """
        'bert' is an encoder, and only decoders that predict the next token are described. \
        Take such a model.
        """),
      Row(
        [("model_type", "\"t5\"")],
        """
        't5' is an encoder with a decoder, and only decoders that predict the next token are \
        described. Take such a model.
        """),
      Row(
        [("model_type", nil)],
        """
        model_type is missing, so the family is unknown. Add it to the configuration, or name it \
        with --assume FAMILY; 'tally presets --families' lists them.
        """),
      Row([("model_type", "7")], "model_type is 7, but it must be a text. Correct model_type."),
      Row(
        [("model_type", "\"lama\"")],
        """
        model_type 'lama' is not known. Did you mean 'llama'? Then say --assume llama.
        """),
      Row(
        [("add_cross_attention", "true")],
        """
        add_cross_attention is true, which changes the count in a way that is not described here, \
        so this model is not counted.
        """),
      Row(
        [
          ("model_type", "\"mistral_large4_text\""), ("num_hidden_layers", "4"),
          ("no_rope_layers", "[1, 1, 1, 1]"), ("kv_source_layers", "[0, 1, 1, 0]"),
        ],
        """
        kv_source_layers[3] is 0, which changes the count in a way that is not described here. \
        Supported: 1, the last layer of its kind that lends its latents.
        """),
      Row(
        [
          ("model_type", "\"mistral_large4_text\""), ("no_rope_layers", "[1, 0]"),
          ("kv_source_layers", "[0, 0]"),
        ],
        """
        kv_source_layers[1] is 0, which changes the count in a way that is not described here. \
        Supported: 1, its own, because no layer of its kind before it lends latents.
        """),
      Row(
        [
          ("model_type", "\"mistral_large4_text\""),
          ("kv_source_layers", "[0, 99999999999999999999]"),
        ],
        """
        kv_source_layers[1] is 99999999999999999999, which changes the count in a way that is not \
        described here. Supported: its own index, or that of an earlier layer that is its own source.
        """),
    ])
  func oneThingWrong(_ row: Row) throws {
    var configuration = JSONObject(Self.llama)
    for (key, value) in row.changes {
      configuration[key] = try value.map { try JSONValue(parsing: $0) }
    }
    let error = #expect(throws: DescriptionError.self) {
      try Families.Description().model(from: configuration, named: "test")
    }
    #expect(error?.description == row.message)
  }

  @Test("A key that the family does not read is an error on the command line, with the nearest")
  func unknownSetting() {
    let error = #expect(throws: DescriptionError.self) {
      try Families.Description(overrides: ["hiden_size": "4"]).model(
        from: JSONObject(Self.llama), named: "test")
    }
    #expect(
      error == .unknownKey("hiden_size", modelType: "llama", nearest: "hidden_size"))
  }

  @Test(
    "A key that the family reads with another setting is answered with that setting",
    arguments: [
      ("num_experts", "mod_mode=staged or mod_mode=integrated"),
      ("mod_predictor_size", "mod_predictor=mlp"),
    ])
  func unusedSetting(key: String, setting: String) {
    var configuration = JSONObject(Self.llama)
    configuration["model_type"] = .string("mod_llama")
    configuration["mod_mode"] = .string("mod")
    configuration["mod_capacity"] = .number("0.5")
    let error = #expect(throws: DescriptionError.self) {
      try Families.Description(overrides: [key: "4"]).model(from: configuration, named: "test")
    }
    #expect(error == .unusedKey(key, modelType: "mod_llama", with: setting))
  }

  @Test("Meta's own file of a small Llama does not say whether its table is its head, and is asked")
  func unsaidTies() throws {
    let file = JSONObject([
      ("dim", .integer(2048)), ("ffn_dim_multiplier", .number("1.5")),
      ("multiple_of", .integer(256)),
      ("n_heads", .integer(32)), ("n_kv_heads", .integer(8)), ("n_layers", .integer(16)),
      ("vocab_size", .integer(128_256)), ("use_scaled_rope", .boolean(true)),
    ])
    let error = #expect(throws: DescriptionError.self) {
      try Families.Description().model(from: file, named: "test")
    }
    #expect(error == .missing(key: "tie_word_embeddings", symbol: "", modelType: "llama"))
    // 1,235,814,400: Llama 3.2 1B, Meta 2024.
    let model = try Families.Description(overrides: ["tie_word_embeddings": "true"])
      .model(from: file, named: "test")
    #expect(try ParameterReport(model).total.wholeConstant == 1_235_814_400)
  }

  @Test("A Mixture-of-Depths model in which no block is routed says so")
  func noRoutedBlock() throws {
    var configuration = JSONObject(Self.llama)
    configuration["model_type"] = .string("mod_llama")
    for (key, value) in [("mod_mode", "\"mod\""), ("mod_capacity", "0.5"), ("mod_every", "4")] {
      configuration[key] = try JSONValue(parsing: value)
    }
    let routed = try Families.Description().model(from: configuration, named: "test")
    #expect(!routed.notes.contains { $0.contains("No block is routed") })
    configuration["mod_offset"] = .integer(3)
    let none = try Families.Description().model(from: configuration, named: "test")
    #expect(
      none.notes.contains(
        "No block is routed: the first would be block 3, and the last is 1."))
  }

  @Test("In a file such a key is a note, and the answer stands")
  func unknownKey() throws {
    var configuration = JSONObject(Self.llama)
    configuration["num_experts"] = .integer(8)
    configuration["rope_theta"] = .number("10000.0")
    let model = try Families.Description().model(from: configuration, named: "test")
    #expect(model.notes.contains("Not read by llama: num_experts."))
  }

  /// What the class of `transformers` does: DeepSeek-V3 scores by sigmoid, GPT-2 has a table of
  /// `n_positions`, Zamba2 computes `kv_channels`, MPT has one kind of attention.
  @Test(
    "A key that says what the class does is no note; one that says something else is",
    arguments: [
      ("deepseek_v3", #""scoring_func": "sigmoid""#, false),
      ("deepseek_v3", #""scoring_func": "softmax""#, true),
      ("deepseek_v3", #""topk_method": "noaux_tc""#, false),
      ("kimi_k2", #""scoring_func": "sigmoid""#, false),
      ("gpt2", #""n_ctx": 64, "n_positions": 64"#, false),
      ("gpt2", #""n_ctx": 32, "n_positions": 64"#, true),
      ("qwen3_moe", #""max_window_layers": 48, "use_sliding_window": false"#, false),
      ("qwen3_moe", #""max_window_layers": 48, "use_sliding_window": true"#, true),
      ("zamba2", #""kv_channels": 32, "layers_block_type": ["mamba", "hybrid"]"#, false),
      ("zamba2", #""kv_channels": 16, "layers_block_type": ["mamba", "hybrid"]"#, true),
      ("mpt", #""attn_config": {"alibi": true, "clip_qkv": null}"#, false),
      ("mpt", #""attn_config": {"attn_type": "multiquery_attention"}"#, true),
    ] as [(String, String, Bool)])
  func stated(modelType: String, keys: String, isNoted: Bool) throws {
    let configuration = try JSONValue(
      parsing: """
        {"model_type": "\(modelType)", "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 50,
         "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 96,
         "num_experts": 4, "n_routed_experts": 8, "num_experts_per_tok": 2, \(keys)}
        """)
    let model = try Families.Description().model(
      from: try #require(configuration.object), named: "test")
    let key = try #require(keys.split(separator: "\"").first)
    let said = model.notes.filter { $0.contains(key) && !$0.hasPrefix("Absent") }
    #expect(said.isEmpty != isNoted, "\(model.notes)")
  }

  @Test("Two names of one size that disagree are a note that says which was taken")
  func conflict() throws {
    let configuration = JSONObject([
      ("model_type", .string("gpt2")), ("n_embd", .integer(64)), ("hidden_size", .integer(32)),
      ("n_layer", .integer(2)), ("n_head", .integer(4)),
    ])
    let model = try Families.Description().model(from: configuration, named: "test")
    #expect(
      model.notes.contains(
        "hidden_size and n_embd mean the same here and differ; hidden_size is taken."))
  }

  @Test("Another family's name of a key has no effect in a file, as in transformers")
  func foreignName() throws {
    let configuration = JSONObject([
      ("model_type", .string("dots1")), ("hidden_size", .integer(64)), ("num_experts", .integer(8)),
      ("n_routed_experts", .integer(4)), ("num_hidden_layers", .integer(2)),
      ("num_experts_per_tok", .integer(2)),
    ])
    let inFile = try Families.Description().model(from: configuration, named: "test")
    #expect(inFile.notes.contains("Not read by dots1: num_experts."))
    #expect(inFile.sizes.first { $0.size == .experts }?.value == 4)
    let set = try Families.Description(overrides: ["num_experts": "8"])
      .model(from: configuration, named: "test")
    #expect(set.sizes.first { $0.size == .experts }?.value == 8)
  }

  @Test("A default that was taken is named")
  func defaults() throws {
    var configuration = JSONObject(Self.llama)
    configuration["vocab_size"] = nil
    let model = try Families.Description().model(from: configuration, named: "test")
    let note = try #require(model.notes.first)
    #expect(note.hasPrefix("Absent, so the default of llama: "))
    #expect(note.contains("vocab_size = 32000"))
  }

  @Test("An unknown family is never taken for Llama, but may be called it")
  func assume() throws {
    var configuration = JSONObject(Self.llama)
    configuration["model_type"] = .string("brand_new")
    #expect(
      throws: DescriptionError.unknownModelType("brand_new", advice: .commonKeys)
    ) {
      try Families.Description().model(from: configuration, named: "test")
    }
    let model = try Families.Description(assumed: "llama").model(from: configuration, named: "test")
    #expect(model.modelType == "llama")
  }
}
