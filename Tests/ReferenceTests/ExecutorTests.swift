import Architecture
import Families
import JSON
import Presets
import Reference
import Testing

/// What comes out of a pass, whichever way it runs.
@Suite struct ExecutorTests {
  static let names = [
    "llama2-13b", "mistral-7b", "gemma2-9b", "gemma3-4b", "gpt-oss-20b", "llama4-scout", "mpt-7b",
    "gpt2", "deepseek-v3", "deepseek-moe-16b", "mixtral-8x7b", "qwen3-14b", "falcon-7b",
    "mamba-130m", "mamba2-130m", "jamba-v0.1", "lfm2-1.2b", "qwen3-next-80b-a3b",
    "minimax-text-01", "nemotron-h-8b", "mode-integrated",
  ]

  static func model(_ name: String, _ overrides: [String: String] = [:]) throws -> Model {
    let preset = try #require(Catalog.preset(named: name))
    return try Description(overrides: overrides).reduced(
      from: preset.configuration, named: name, positions: 64
    ).model
  }

  /// The greatest difference of two rows of logits, over the greatest logit.
  static func difference(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Float {
    let scale = left.map(abs).max() ?? 1
    return zip(left, right).map { abs($0 - $1) }.max().map { $0 / max(scale, 1e-6) } ?? .infinity
  }

  /// The logits of tokens that run together.
  static func logits(
    _ model: Model, _ count: Int, _ evidence: Evidence = .literal, _ pass: Pass = Pass(),
    seed: UInt64 = 1, threads: Int = 1, weights: WeightPolicy = .streamed
  ) throws -> Logits {
    let executor = try Executor(
      model, evidence: evidence, seed: seed, weights: weights, threads: threads)
    return try executor.run(executor.randomTokens(1, 0..<count), pass)
  }

  @Test("Logits of both forms of the kernels agree", arguments: names)
  func forms(_ name: String) throws {
    let model = try Self.model(name)
    let literal = try Self.logits(model, 20)
    let kernel = try Self.logits(model, 20, .kernel)
    // In units of the greatest logit of the row.
    for row in 0..<20 { #expect(Self.difference(literal[row], kernel[row]) < 2e-4) }
  }

  @Test("One token after a cache has the logits that it has in a prompt", arguments: names)
  func decode(_ name: String) throws {
    let model = try Self.model(name)
    let whole = try Self.logits(model, 22, .kernel)
    let executor = try Executor(model, evidence: .kernel, seed: 1)
    _ = try executor.run(executor.randomTokens(1, 0..<19))
    for position in 19..<22 {
      let step = try executor.run(executor.randomTokens(1, position..<position + 1))
      #expect(Self.difference(whole[position], step[0]) < 5e-4)
    }
  }

  @Test("What a mask hides changes nothing, computed or not", arguments: names)
  func masks(_ name: String) throws {
    let model = try Self.model(name)
    var pass = Pass()
    pass.mask = .causal
    for evidence in Evidence.allCases {
      let full = try Self.logits(model, 20, evidence)
      let causal = try Self.logits(model, 20, evidence, pass)
      for row in 0..<20 { #expect(Self.difference(full[row], causal[row]) < 2e-4) }
    }
  }

  @Test("Latent attention gives the same in all of its forms")
  func latentForms() throws {
    let model = try Self.model("deepseek-v3")
    let whole = try Self.logits(model, 12)
    for form in [Pass.LatentForm.expanded, .absorbed] {
      var pass = Pass()
      pass.latentForm = form
      let other = try Self.logits(model, 12, .kernel, pass)
      for row in 0..<12 { #expect(Self.difference(whole[row], other[row]) < 2e-4) }
    }
  }

  @Test("Sequences of a batch do not see each other", arguments: names)
  func batches(_ name: String) throws {
    let model = try Self.model(name)
    let executor = try Executor(model, evidence: .kernel, seed: 3)
    let tokens = try executor.randomTokens(2, 0..<9)
    let both = try executor.run(tokens)
    executor.forget()
    let second = try executor.run([tokens[1]])
    for row in 0..<9 { #expect(Self.difference(both[9 + row], second[row]) < 2e-4) }
  }

  @Test("The same seed gives the same bytes, with one thread or two", arguments: names)
  func determinism(_ name: String) throws {
    let model = try Self.model(name)
    let once = try Self.logits(model, 33, .kernel)
    #expect(try Self.logits(model, 33, .kernel) == once)
    #expect(try Self.logits(model, 33, .kernel, threads: 2) == once)
    #expect(try Self.logits(model, 33, .kernel, weights: .resident) == once)
    #expect(try Self.logits(model, 33, .kernel, seed: 2) != once)
  }

  @Test("Tokens that do not enter a routed block pass it unchanged")
  func depth() throws {
    // With every block routed and the least capacity, one token enters each block.
    let model = try Self.model(
      "mod-220m", ["mod_every": "1", "mod_offset": "0", "mod_capacity": "0.01"])
    let executor = try Executor(model, evidence: .literal, seed: 1)
    let tokens = try executor.randomTokens(1, 0..<6)
    let together = try executor.run(tokens)
    var alone = 0
    for position in 0..<6 {
      executor.forget()
      var pass = Pass()
      // A lone token whose predictor lets nothing in is only embedded, normed and scored.
      pass.isSampling = false
      let other = try executor.run([[tokens[0][position]]], pass)
      if Self.difference(together[position], other[0]) > 1e-3 { alone += 1 }
    }
    // Alone every token is the best of its sequence and enters; together one does.
    #expect(alone >= 4)
  }

  @Test("What is not executed is named, with what it is")
  func obstacles() throws {
    let preset = try #require(Catalog.preset(named: "llama2-7b"))
    var configuration = preset.configuration
    configuration["hidden_act"] = .string("mish")
    let model = try Description().model(from: configuration, named: "x")
    #expect(
      throws: ExecutionError.notExecuted(modelType: "llama", what: "the activation 'mish'")
    ) {
      try Executor(model, evidence: .literal)
    }
  }

  @Test(
    "Sizes that do not fit each other are refused before anything runs",
    arguments: [
      ("llama2-13b", ["head_dim": "5"], "6 rotated channels of a head of 5"),
      ("deepseek-v3", ["n_group": "7"], "16 experts in 7 groups"),
      // The best two of one there are not.
      ("deepseek-v3", ["n_group": "16"], "16 experts in 16 groups"),
      ("deepseek-v3", ["qk_rope_head_dim": "7"], "an odd number of rotated channels"),
      ("olmoe-1b-7b", ["head_dim": "40"], "the width of the norm 'q_norm'"),
    ])
  func misfits(_ name: String, _ overrides: [String: String], _ what: String) throws {
    let model = try Self.model(name, overrides)
    #expect(throws: ExecutionError.notExecuted(modelType: model.modelType, what: what)) {
      try Executor(model, evidence: .kernel)
    }
  }

  @Test("A table of positions has an end")
  func positions() throws {
    let model = try Self.model("gpt2")
    let executor = try Executor(model, evidence: .kernel)
    #expect(throws: ExecutionError.tooManyPositions(70, table: 64)) {
      _ = try executor.run(executor.randomTokens(1, 0..<70))
    }
  }
}
