import Symbolic

/// A way of counting the FLOPs of a pass that somebody uses: data, formula and source.
///
/// Two tools that are both right differ by up to 1.6 times on one model, because each leaves other
/// things in or out. A convention says which, so that a printed number can be read.
package struct Convention: Sendable {
  /// What is multiplied with every token.
  enum Projections: Hashable, Sendable {
    /// Two operations for each weight of these parts that a token meets.
    case products(Set<Product.Part>)
    /// Two operations for each parameter that a token meets, norms left out; with the tables or not.
    case parameters(includingTables: Bool)
    /// `(4 + c)·d²` for each layer, whatever its real heads and widths.
    case squares(isDense: Bool)
  }

  /// What attention costs for a query and all keys, `4·h·d_h·S` at the most.
  enum Attention: Hashable, Sendable {
    case none
    /// Every position of the square, windows ignored.
    case full
    /// Half of the square of the new tokens.
    case half
    /// Exactly the positions that the mask keeps.
    case kept
    /// `4·L·d·S`, the square for as many heads as fill the model's width.
    case modelWidth
  }

  /// How the tables of tokens count.
  enum Table: Hashable, Sendable {
    /// As a look-up, which is nothing.
    case none
    /// As a product of one-hot rows with the table, `2·V·d`.
    case product
    /// `4·d`.
    case fourWidths
  }

  /// How the figure comes about.
  enum Method: Hashable, Sendable {
    /// From the ledger: all rows, or its matrix products alone, or half of them.
    case ledger(Ledger)
    case terms(Terms)
  }

  enum Ledger: Hashable, Sendable {
    case everything
    case products
    case multiplyAdds
  }

  struct Terms: Hashable, Sendable {
    var projections: Projections
    var attention: Attention
    /// Operations of the softmax for each score.
    var softmax: Formula = 0
    var table = Table.none
    var hasHead = true
    /// How often the work of a forward pass counts in a training step, and how often the head's.
    var training: Formula = 3
    var headTraining: Formula = 3
  }

  package let name: String
  let method: Method
  /// What a forward pass costs, in the letters of `docs/notation.md`.
  package let formula: String
  /// What it leaves in and out, in words.
  package let scope: String
  package let source: String

  private init(
    _ name: String, _ method: Method, formula: String, scope: String, source: String
  ) {
    self.name = name
    self.method = method
    self.formula = formula
    self.scope = scope
    self.source = source
  }

  /// The convention of a name.
  package static func named(_ name: String) -> Convention? { all.first { $0.name == name } }
}

// MARK: - The conventions

extension Convention {
  private static let blocks: Set<Product.Part> = [
    .attentionProjections, .denseFeedForward, .routedExperts, .sharedExperts, .router, .mixer,
  ]
  private static let blocksWithoutRouter = blocks.subtracting([.router])

  package static let exact = Convention(
    "exact", .ledger(.everything), formula: "every row of the ledger",
    scope: "everything: matrix products, and element-wise work by kind",
    source: "docs/operations.md")

  package static let all: [Convention] = [
    exact,
    Convention(
      "matmul", .ledger(.products), formula: "Σ 2·m·n·k",
      scope: "matrix products and convolutions; no element-wise work",
      source: "docs/operations.md"),
    Convention(
      "kaplan",
      .terms(Terms(projections: .products(blocks), attention: .none, hasHead: false)),
      formula: "2·N per token, N without tables and head",
      scope: "no attention scores, no head, no tables",
      source: "Kaplan et al. 2020, Table 1, https://arxiv.org/abs/2001.08361"),
    Convention(
      "kaplan-attention",
      .terms(Terms(projections: .products(blocks), attention: .half, hasHead: false)),
      formula: "2·N + 2·L·S·d_attn per token",
      scope: "half of the attention square; no head, no tables",
      source: "Kaplan et al. 2020, Table 1, https://arxiv.org/abs/2001.08361"),
    Convention(
      "chinchilla",
      .terms(
        Terms(
          projections: .products(blocks), attention: .full, softmax: 3, table: .product)),
      formula: "products + 4·L·h·d_h·S + 3·L·h·S + 4·V·d per token",
      scope: "full attention, 3 per score for the softmax, head and tables as products",
      source: "Hoffmann et al. 2022, appendix F, https://arxiv.org/abs/2203.15556"),
    Convention(
      "chinchilla-a4",
      .terms(
        Terms(projections: .products(blocks), attention: .full, softmax: 3, hasHead: false)),
      formula: "products + 4·L·h·d_h·S + 3·L·h·S per token",
      scope: "as chinchilla, without head and tables: what Table A4 prints",
      source: "Hoffmann et al. 2022, Table A4, https://arxiv.org/abs/2203.15556"),
    Convention(
      "palm",
      .terms(
        Terms(
          projections: .parameters(includingTables: true), attention: .full, hasHead: false)),
      formula: "2·N + 4·L·h·d_h·S per token, N of all active parameters",
      scope: "full attention; every active parameter, tables too; norms left out",
      source: "Chowdhery et al. 2022, appendix B, https://arxiv.org/abs/2204.02311"),
    Convention(
      "deepseek-llm",
      .terms(
        Terms(projections: .squares(isDense: true), attention: .modelWidth, hasHead: false)),
      formula: "24·L·d² + 4·L·d·S per token",
      scope: "a dense layer of 12·d² whatever the real widths; no head, no tables",
      source: "DeepSeek-AI 2024, eq. 2, https://arxiv.org/abs/2401.02954"),
    Convention(
      "deepseek-moe",
      .terms(Terms(projections: .squares(isDense: false), attention: .modelWidth)),
      formula: "2·(4 + c)·L·d² + 4·L·d·S + 2·V·d per token, c = 8·(active experts · share)",
      scope: "every layer taken as sparse, 4·d² of attention whatever the heads; no router",
      source: "Dai et al. 2024, Tables 1 to 6, https://arxiv.org/abs/2401.06066"),
    Convention(
      "megatron",
      .terms(Terms(projections: .products(blocksWithoutRouter), attention: .half)),
      formula: "products + 2·L·h·d_h·S + 2·V·d per token",
      scope: "half of the attention square; head; no router, no tables",
      source: "NVIDIA Megatron-LM, megatron/training/training.py"),
    Convention(
      "nemo",
      .terms(Terms(projections: .products(blocksWithoutRouter), attention: .kept)),
      formula: "products + 4·L·h·d_h·(positions kept)/T + 2·V·d per token",
      scope: "exactly the positions the mask keeps; head; no router, no tables",
      source: "NVIDIA NeMo, flops_formulas.py"),
    Convention(
      "torchtitan",
      .terms(
        Terms(
          projections: .parameters(includingTables: false), attention: .full, hasHead: false)),
      formula: "2·(N − N_table) + 2·L·h·(d_qk + d_v)·S per token; a tied table stays",
      scope: "full attention; active parameters without the input table; norms left out",
      source: "PyTorch torchtitan, torchtitan/models/utils.py"),
    Convention(
      "maxtext", .terms(Terms(projections: .products(blocks), attention: .half)),
      formula: "products + 2·L·h·d_h·S + 2·V·d per token",
      scope: "half of the attention square; head and router; no tables",
      source: "Google maxtext, maxtext_utils.py"),
    Convention(
      "verl",
      .terms(Terms(projections: .products(blocks), attention: .half, table: .product)),
      formula: "products + 2·L·h·d_h·S + 4·V·d per token",
      scope: "half of the attention square; head, tables and router",
      source: "verl, verl/utils/flops_counter.py"),
    Convention(
      "levanter",
      .terms(Terms(projections: .products(blocks), attention: .full, softmax: 3)),
      formula: "products + 4·L·h·d_h·S + 3·L·h·S + 2·V·d per token",
      scope: "full attention, 3 per score for the mask; head and router; no tables",
      source: "Stanford levanter, flop_utils.py"),
    Convention(
      "cookbook",
      .terms(
        Terms(
          projections: .products(blocks), attention: .full, table: .fourWidths, training: 4,
          headTraining: 1)),
      formula: "products + 4·L·h·d_h·S + 4·d + 2·V·d per token",
      scope: "full attention; training counts 4 forward passes (recompute), the head only 1",
      source: "EleutherAI cookbook, calc_transformer_flops.py"),
    Convention(
      "torch", .ledger(.products), formula: "Σ 2·m·n·k",
      scope: "what torch's FlopCounterMode reports with eager attention and eager experts",
      source: "PyTorch 2.15, torch/utils/flop_counter.py"),
    Convention(
      "fvcore", .ledger(.multiplyAdds), formula: "Σ m·n·k",
      scope: "as matmul, with one operation for a multiply-add",
      source: "facebookresearch/fvcore, docs/flop_count.md"),
  ]
}
