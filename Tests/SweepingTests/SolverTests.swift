import Accounting
import Sweeping
import Symbolic
import Testing

/// The answer is the value that trying all of them would find.
@Suite struct SolverTests {
  struct Question: CustomTestStringConvertible, Sendable {
    var model: String
    var key: String
    var figure: String
    var target: Sweep.Hold.Target
    var step: Int128 = 1
    var limits: ClosedRange<Int128>

    var testDescription: String { "\(model): \(key) for \(figure) \(target)" }
  }

  static let questions: [Question] = [
    Question(
      model: "llama2-7b", key: "hidden_size", figure: "total",
      target: .value(Rational(7_000_000_000)),
      step: 32, limits: 3200...6400),
    Question(
      model: "llama2-7b", key: "intermediate_size", figure: "flops",
      target: .timesBaseline(Rational(2)), step: 7, limits: 28_700...29_500),
    Question(
      model: "llama2-7b", key: "num_hidden_layers", figure: "total",
      target: .value(Rational(1_000_000_000)), limits: 2...80),
    Question(
      model: "mixtral-8x7b", key: "num_local_experts", figure: "total",
      target: .value(Rational(100_000_000_000)), limits: 2...64),
    Question(
      model: "mixtral-8x7b", key: "num_experts_per_tok", figure: "active",
      target: .value(Rational(20_000_000_000)), limits: 1...64),
    // The least multiple within the limits is the answer, and not the one before them.
    Question(
      model: "llama2-7b", key: "hidden_size", figure: "total", target: .value(Rational(1)),
      step: 32, limits: 3201...3300),
    // Half way between 32 and 33 layers: the smaller of two that are equally near.
    Question(
      model: "llama2-7b", key: "num_hidden_layers", figure: "total",
      target: .value(Rational(6_839_607_296)), limits: 1...64),
    // One expert of a token is nearest, though no letter stands for 1.
    Question(
      model: "mixtral-8x7b", key: "num_experts_per_tok", figure: "active",
      target: .value(Rational(8_000_000_000)), limits: 1...64),
    Question(
      model: "deepseek-v2-lite", key: "first_k_dense_replace", figure: "total",
      target: .value(Rational(20_000_000_000)), limits: 0...27),
    Question(
      model: "gemma2-9b", key: "num_hidden_layers", figure: "flops",
      target: .timesBaseline(Rational(1)), limits: 1...60),
    Question(
      model: "llama2-7b", key: "num_attention_heads", figure: "kv_cache",
      target: .value(Rational(1_000_000_000)), limits: 32...128),
    Question(
      model: "llama3-8b", key: "tokens", figure: "kv_cache", target: .value(Rational(1 << 30)),
      limits: 8100...8250),
    Question(
      model: "olmoe-1b-7b", key: "intermediate_size", figure: "parameters.routed_experts",
      target: .value(Rational(2_895_076_392)), step: 64, limits: 0...704),
    Question(
      model: "llama2-7b", key: "batch", figure: "flops", target: .timesBaseline(.one),
      limits: 1...10),
    Question(
      model: "opt-6.7b", key: "word_embed_proj_dim", figure: "total",
      target: .value(Rational(6_658_473_984)), limits: 4090...4100),
    Question(
      model: "mistral-7b", key: "segment", figure: "total", target: .value(Rational(1)),
      limits: 2...4),
  ]

  @Test("No other value is nearer", arguments: questions)
  func nearest(_ question: Question) throws {
    var sweep = try SweepPlanTests.sweep(question.model, [], [])
    sweep.hold = Sweep.Hold(
      try #require(FigureName.named(question.figure)), by: question.key, question.target)
    sweep.hold?.step = question.step
    sweep.hold?.limits = question.limits
    let plan = try SweepPlan(sweep)
    let solution = try? plan.solution(at: 0)
    var best: (size: Int128, distance: Rational)?
    for size in question.limits where size.isMultiple(of: question.step) {
      guard let held = try? plan.plain(0, solved: Rational(size)).held else { continue }
      let difference = try held.adding(plan.target.negated())
      let distance = difference < .zero ? try difference.negated() : difference
      if best.map({ distance < $0.distance }) ?? true { best = (size, distance) }
    }
    guard let best else {
      #expect(solution == nil)
      return
    }
    let found = try #require(solution)
    let residual = try found.figure.adding(plan.target.negated())
    #expect((residual < .zero ? try residual.negated() : residual) == best.distance)
    #expect(found.values.lowerBound == Rational(best.size))
    #expect(!found.others.contains { found.values.contains($0) })
  }

  @Test("A share is found among the multiples of 1/T")
  func share() throws {
    var sweep = try SweepPlanTests.sweep("mod-220m", [], [])
    sweep.subject.request.tokens = 64
    let figure = try #require(FigureName.named("flops"))
    // What the preset has is 8 of 64 tokens, and every κ from 8/64 to below 9/64 is that.
    sweep.hold = Sweep.Hold(figure, by: "mod_capacity", .timesBaseline(.one))
    let solution = try #require(try SweepPlan(sweep).solution(at: 0))
    #expect(solution.values.lowerBound == (try Rational(8, over: 64)))
    #expect(solution.values.upperBound == (try Rational(8, over: 64)))
  }

  @Test("At each point of a grid the held figure is as near as its neighbours allow")
  func held() throws {
    var sweep = try SweepPlanTests.sweep(
      "llama2-7b", [("num_hidden_layers", "8:48:8"), ("num_attention_heads", "32,64")],
      ["active", "residual"])
    sweep.hold = Sweep.Hold(
      try #require(FigureName.named("active")), by: "intermediate_size", .timesBaseline(.one))
    let plan = try SweepPlan(sweep)
    var rows: [SweepRow] = []
    try SweepEngine(plan, threads: 2).run(0..<sweep.grid.count, { $0 }) { pieces, _ in
      for piece in pieces { rows += piece.rows }
    }
    #expect(rows.count == 12)
    // One step of intermediate_size is 3·L·d parameters, so the residual is at most half of that.
    for row in rows {
      let layers = try #require(
        sweep.grid.axes[0].values[sweep.grid.coordinates(row.point)[0]].number)
      let residual = try #require(row.values[1])
      #expect(residual.numerator.magnitude * 2 <= layers.numerator.magnitude * 3 * 4096)
      let total = try #require(row.values[0])
      // 6,738,415,616: LLaMA 2, Touvron et al. 2023.
      #expect(try total.adding(residual.negated()) == Rational(6_738_415_616))
    }
  }
}
