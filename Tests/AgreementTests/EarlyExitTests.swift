import Accounting
import Architecture
import Families
import JSON
import Reference
import Symbolic
import Testing
import Validation

/// Tokens that leave early, and budgets for the whole depth: counted by hand, and executed.
@Suite struct EarlyExitTests {
  private static let keys = ConditionalDepthTests.small.merging([
    "exit_layers": "[1, 3]", "exit_shares": "[0.25, 0.5]", "exit_threshold": "0.5",
  ]) { $1 }

  private static func products(
    _ workload: Workload, _ part: Product.Part, _ assumption: DepthRouter.Assumption = .expected
  ) throws -> Rational {
    let ledger = OperationLedger(
      try ConditionalDepthTests.model(keys), workload, assuming: assumption)
    return try ledger.value(ledger.flops(of: part), "FLOPs").evaluated(with: [:])
  }

  private static var token: Workload {
    var workload = Workload()
    (workload.phase, workload.tokens, workload.past) = (.decode, 1, 9)
    return workload
  }

  @Test("A token costs the layers and heads that it meets, and keys and values of all layers")
  func expected() throws {
    // 2 layers for every token, 2 for three quarters, 4 for a quarter: 4.5 of 8.
    let feedForward: Int128 = 2 * 3 * 16 * 12
    #expect(
      try Self.products(Self.token, .denseFeedForward)
        == Rational(9 * feedForward, over: 2))
    #expect(
      try Self.products(Self.token, .denseFeedForward, .none) == Rational(2 * feedForward))
    #expect(
      try Self.products(Self.token, .denseFeedForward, .all) == Rational(8 * feedForward))
    // Queries and outputs, 16 by 16 each, where the token is; keys and values, 16 by 8, everywhere.
    #expect(
      try Self.products(Self.token, .attentionProjections)
        == Rational(9 * 2 * 2 * 16 * 16, over: 2).adding(Rational(8 * 2 * 2 * 16 * 8)))
    // Ten keys, of which all are there; scores and values of 4 heads of 4.
    #expect(
      try Self.products(Self.token, .attentionCore)
        == Rational(9 * 4 * 16 * 10, over: 2))
    // A head at the first exit for every token, at the second for 3/4, at the end for 1/4.
    #expect(try Self.products(Self.token, .head) == Rational(2 * 2 * 16 * 29))
    #expect(try Self.products(Self.token, .head, .none) == Rational(2 * 16 * 29))
    #expect(try Self.products(Self.token, .head, .all) == Rational(3 * 2 * 16 * 29))
    let report = try OperationReport(ConditionalDepthTests.model(Self.keys), Self.token)
    #expect(report.exactness == .expected)
    #expect(report.cacheElements == Evaluated(8 * 10 * 16))
  }

  @Test("A prompt and a training step run every layer, and the head once")
  func prompt() throws {
    var workload = Workload()
    workload.tokens = 10
    let report = try OperationReport(ConditionalDepthTests.model(Self.keys), workload)
    let dense = try OperationReport(
      ConditionalDepthTests.model(ConditionalDepthTests.small), workload)
    #expect(report.exactness == .exact)
    #expect(report.total == dense.total)
    workload.phase = .train
    #expect(
      try OperationReport(ConditionalDepthTests.model(Self.keys), workload).total
        == OperationReport(ConditionalDepthTests.model(ConditionalDepthTests.small), workload).total
    )
  }

  @Test("Where everyone leaves at the first exit, or nobody leaves, that is the least or the most")
  func extremes() throws {
    for (threshold, isLeast) in [("0", true), ("2", false)] {
      var keys = Self.keys
      keys["exit_threshold"] = threshold
      let model = try ConditionalDepthTests.model(keys)
      var workload = Self.token
      workload.batch = 3
      let validation = try Validation(model, workload, Validation.Settings())
      #expect(validation.holds)
      let bounds = try #require(try OperationReport(model, workload).bounds)
      let end = try (isLeast ? bounds.least : bounds.most).evaluated(with: [:])
      #expect(Rational(validation.comparison.measuredFLOPs) == end)
    }
  }

  @Test("A change makes any model of plain layers one with exits")
  func change() throws {
    let model = try ConditionalDepthTests.model(ConditionalDepthTests.small)
      .transformed(by: Transformation(parsing: "exit=0.5/1:0.25,3:0.5"))
    #expect(
      try OperationReport(model, Self.token).total
        == OperationReport(ConditionalDepthTests.model(Self.keys), Self.token).total)
  }

  @Test("A budget shifts all shares by one number, between the least and 1")
  func budget() throws {
    func decimal(_ text: String) throws -> Rational { try #require(Rational(decimal: text)) }
    let curve = try ["1", "0.75", "0.25", "0"].map(decimal)
    // No end is reached: 0.5 and a shift of −0.125 would take 1 and 0 to 0.875 and −0.125, which is
    // 0; so three layers are shifted by −x: 2 − 3x = 1.5, x = 1/6.
    #expect(
      try CapacityBudget(mean: decimal("0.375"), least: .zero).shares(curve)
        == [Rational(5, over: 6), Rational(7, over: 12), Rational(1, over: 12), .zero])
    // Upwards 1 stays: 1 + 3x = 2.5 − 1 of the others.
    #expect(
      try CapacityBudget(mean: decimal("0.625"), least: .zero).shares(curve)
        == [.one, Rational(11, over: 12), Rational(5, over: 12), Rational(1, over: 6)])
    let error = #expect(throws: DescriptionError.self) {
      try CapacityBudget(mean: decimal("0.1"), least: decimal("0.2")).shares(curve)
    }
    #expect("\(try #require(error))".contains("from 1/5 to 1"))
  }

  @Test("A budget of half the tokens costs half of the feed-forward layers")
  func budgeted() throws {
    var keys = ConditionalDepthTests.small.merging([
      "mod_mode": "\"mod\"", "mod_every": "1", "mod_offset": "0", "mod_capacity": "1",
      "mod_capacity_decay": "\"linear\"", "mod_capacity_last": "0",
      "mod_routing": "\"token_choice\"",
    ]) { $1 }
    keys["mod_budget"] = "0.25"
    var workload = Workload()
    workload.tokens = 10
    // Each token decides for itself, so that shares need no floor: 8 layers of 10 tokens, a quarter.
    #expect(
      try OperationReport(ConditionalDepthTests.model(keys), workload)
        .products[.denseFeedForward] == Evaluated(8 * 10 * 2 * 3 * 16 * 12 / 4))
    let change = try ConditionalDepthTests.model(ConditionalDepthTests.small)
      .transformed(by: Transformation(parsing: "mod=1..0/1/mean:0.25"))
    // 1, 6/7, …, 0 less 11/35 are 24/35, 19/35, 14/35, 9/35, 4/35 and three times 0, two layers in
    // all. Of 10 tokens 6, 5, 4, 2 and 1 enter, and one each where the share is 0.
    let report = try OperationReport(change, workload)
    #expect(report.products[.denseFeedForward] == Evaluated(21 * 2 * 3 * 16 * 12))
    #expect(report.exactness == .exact)
  }

  @Test(
    "What cannot be is said",
    arguments: [
      (["exit_layers": "[7]", "exit_shares": "[0.5]"], "num_hidden_layers - 2"),
      (["exit_layers": "[3, 1]", "exit_shares": "[0.1, 0.1]"], "ascending"),
      (["exit_layers": "[1, 3]", "exit_shares": "[0.6, 0.6]"], "no more than 1"),
      (["exit_layers": "[1, 3]", "exit_shares": "[0.6]"], "each of the 2 exits"),
      (["exit_layers": "[1]", "exit_shares": "null"], "exit_shares is missing"),
      (["exit_threshold": "null"], "exit_threshold is missing"),
      (["recursion_steps": "3"], "beside exit_layers"),
      (["mod_mode": "\"mod\"", "mod_capacity": "0.5"], "has a router already"),
    ] as [([String: String], String)])
  func refused(_ row: (keys: [String: String], sentence: String)) throws {
    let error = #expect(throws: DescriptionError.self) {
      try ConditionalDepthTests.model(Self.keys.merging(row.keys) { $1 })
    }
    #expect("\(try #require(error))".contains(row.sentence))
  }
}
