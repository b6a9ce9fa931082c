import Symbolic

extension Convention {
  private static let blocks: Set<Product.Part> = [
    .attentionProjections, .denseFeedForward, .routedExperts, .sharedExperts, .router, .mixer,
  ]
  private static let blocksWithoutRouter = blocks.subtracting([.router])
  private static let verlWindows: Set<String> = ["gemma3_text", "gpt_oss"]

  /// Every row of the ledger: matrix products, and element-wise work by kind.
  package static let exact = Convention(
    "exact", .ledger(.everything), formula: "every row of the ledger",
    scope: "everything: matrix products, and element-wise work by kind",
    source: "docs/operations.md",
    state: "this version")

  /// Every convention, `exact` first and the others by age and kind.
  package static let all: [Convention] = [
    exact,
    Convention(
      "matmul", .ledger(.products), formula: "Σ 2·m·n·k",
      scope: "matrix products and convolutions; no element-wise work",
      source: "docs/operations.md",
      state: "this version"),
    Convention(
      "kaplan",
      .terms(Terms(projections: .products(blocks), attention: .none, hasHead: false)),
      formula: "2·N per token, N without tables and head",
      scope: "no attention scores, no head, no tables",
      source: "Kaplan et al. 2020, Table 1, https://arxiv.org/abs/2001.08361",
      state: "January 2020"),
    Convention(
      "kaplan-attention",
      .terms(Terms(projections: .products(blocks), attention: .half(), hasHead: false)),
      formula: "2·N + 2·L·S·d_attn per token",
      scope: "half of the attention square; no head, no tables",
      source: "Kaplan et al. 2020, Table 1, https://arxiv.org/abs/2001.08361",
      state: "January 2020"),
    Convention(
      "chinchilla",
      .terms(
        Terms(
          projections: .products(blocks), attention: .full(), softmax: 3, table: .product)),
      formula: "products + 4·L·h·d_h·S + 3·L·h·S + 4·V·d per token",
      scope: "full attention, 3 per score for the softmax, head and tables as products",
      source: "Hoffmann et al. 2022, appendix F, https://arxiv.org/abs/2203.15556",
      state: "March 2022"),
    Convention(
      "chinchilla-a4",
      .terms(
        Terms(projections: .products(blocks), attention: .full(), softmax: 3, hasHead: false)),
      formula: "products + 4·L·h·d_h·S + 3·L·h·S per token",
      scope: "as chinchilla, without head and tables: what Table A4 prints",
      source: "Hoffmann et al. 2022, Table A4, https://arxiv.org/abs/2203.15556",
      state: "March 2022"),
    Convention(
      "palm",
      .terms(
        Terms(
          projections: .parameters(includingTables: true, norms: .none), attention: .full(),
          hasHead: false)),
      formula: "2·N + 4·L·h·d_h·S per token, N of all active parameters",
      scope: "full attention; every active parameter, tables too; norms left out",
      source: "Chowdhery et al. 2022, appendix B, https://arxiv.org/abs/2204.02311",
      state: "April 2022"),
    Convention(
      "deepseek-llm",
      .terms(
        Terms(projections: .squares(isDense: true), attention: .modelWidth, hasHead: false)),
      formula: "24·L·d² + 4·L·d·S per token",
      scope: "a dense layer of 12·d² whatever the real widths; no head, no tables",
      source: "DeepSeek-AI 2024, eq. 2, https://arxiv.org/abs/2401.02954",
      state: "January 2024"),
    Convention(
      "deepseek-moe",
      .terms(Terms(projections: .squares(isDense: false), attention: .modelWidth)),
      formula: "2·(4 + c)·L·d² + 4·L·d·S + 2·V·d per token, c = 8·(active experts · share)",
      scope: "every layer taken as sparse, 4·d² of attention whatever the heads; no router",
      source: "Dai et al. 2024, Tables 1 to 6, https://arxiv.org/abs/2401.06066",
      state: "January 2024"),
    Convention(
      "megatron",
      .terms(Terms(projections: .products(blocksWithoutRouter), attention: .half())),
      formula: "products + 2·L·h·d_h·S + 2·V·d per token",
      scope: "half of the attention square; head; no router, no tables",
      source: "NVIDIA Megatron-LM, megatron/training/training.py",
      state: "early 2026; pull request 3280, which would add windows, was open"),
    Convention(
      "nemo",
      .terms(Terms(projections: .products(blocksWithoutRouter), attention: .kept)),
      formula: "products + 4·L·h·d_h·(positions kept)/T + 2·V·d per token",
      scope: "exactly the positions the mask keeps; head; no router, no tables",
      source: "NVIDIA NeMo, flops_formulas.py",
      state: "April 2025"),
    Convention(
      "torchtitan",
      .terms(
        Terms(
          projections: .parameters(includingTables: false, norms: .all),
          attention: .full(.all), states: StateProducts(delta: 3, channelDelta: 3),
          hasHead: false)),
      formula: "2·(N − N_table) + 2·L·h·(d_qk + d_v)·min(S, W) per token; a tied table stays",
      scope: "full attention within windows; active parameters without the input table",
      source: "PyTorch torchtitan, torchtitan/models/utils.py",
      state: "since pull request 4300 (August 2026), at commit 01c01c8"),
    Convention(
      "torchtitan@2026-07",
      .terms(
        Terms(
          projections: .parameters(includingTables: false, norms: .all), attention: .full(),
          hasHead: false)),
      formula: "2·(N − N_table) + 2·L·h·(d_qk + d_v)·S per token; a tied table stays",
      scope: "full attention, windows ignored; active parameters without the input table",
      source: "PyTorch torchtitan 0.3.0, torchtitan/models/utils.py",
      state: "before pull request 4300 (August 2026)"),
    Convention(
      "maxtext",
      .terms(
        Terms(
          projections: .products(blocks),
          attention: .area(
            .ofTypes([
              "gemma2", "gemma3_text", "gemma4_text", "gemma4_unified_text", "gpt_oss",
              "llama4_text", "deepseek_v32",
            ])))),
      formula: "products + 4·L·h·d_h·(T·W − W²/2)/T + 2·V·d per token, W = T without a window",
      scope: "half of the attention square, windows of Gemma, gpt-oss, Llama 4; head and router",
      source: "Google maxtext, src/maxtext/utils/maxtext_utils.py",
      state: "at commit 00902f3 (2026)"),
    Convention(
      "maxtext@2025-08",
      .terms(
        Terms(
          projections: .products(blocks),
          attention: .half(.ofTypes(["gemma2", "gemma3_text", "llama4_text"])))),
      formula: "products + 2·L·h·d_h·min(S, W) + 2·V·d per token",
      scope: "half of the attention square, windows of Gemma 2 and 3; head and router",
      source: "Google maxtext, MaxText/maxtext_utils.py",
      state: "since pull request 2009 (July 2025), before windows counted as T·W − W²/2"),
    Convention(
      "verl",
      .terms(
        Terms(
          projections: .products(blocks), attention: .half(.ofTypes(verlWindows)),
          table: .product)),
      formula: "products + 2·L·h·d_h·min(S, W) + 4·V·d per token",
      scope: "half of the attention square, windows of Gemma 3 and gpt-oss; head, tables, router",
      source: "verl 0.9.1, verl/utils/flops_counter.py",
      state: "since pull request 4959 (January 2026), in version 0.9.1"),
    Convention(
      "verl@2025-12",
      .terms(
        Terms(
          projections: .products(blocks), attention: .fullScores(.ofTypes(verlWindows)),
          table: .product)),
      formula: "products + 4·L·h·d_qk·min(S, W) + 4·V·d per token",
      scope: "full attention, windows of Gemma 3 and gpt-oss; head, tables and router",
      source: "verl, verl/utils/flops_counter.py",
      state: "before pull request 4959 (January 2026)"),
    Convention(
      "olmo-core",
      .terms(
        Terms(
          projections: .parameters(includingTables: false, norms: .last), attention: .kept,
          states: StateProducts(delta: 4, channelDelta: 5), hasHead: false)),
      formula: "2·(N − N_table) + 4·L·h·d_h·(positions kept)/T per token",
      scope: "exactly the positions the mask keeps; active parameters without the input table",
      source: "Ai2 OLMo-core 3.0.0, src/olmo_core/nn/attention/__init__.py",
      state: "version 3.0.0 (October 2026)"),
    Convention(
      "olmo-core@2026-01",
      .terms(
        Terms(
          projections: .parameters(includingTables: false, norms: .last),
          attention: .full(.all), states: StateProducts(delta: 4, channelDelta: 5),
          hasHead: false)),
      formula: "2·(N − N_table) + 4·L·h·d_h·min(S, W) per token",
      scope: "full attention within windows; active parameters without the input table",
      source: "Ai2 OLMo-core, src/olmo_core/nn/attention/__init__.py",
      state: "since pull request 511 (December 2025), before the mask counted"),
    Convention(
      "levanter",
      .terms(Terms(projections: .products(blocks), attention: .full(), softmax: 3)),
      formula: "products + 4·L·h·d_h·S + 3·L·h·S + 2·V·d per token",
      scope: "full attention, 3 per score for the mask; head and router; no tables",
      source: "Stanford levanter, flop_utils.py",
      state: "at commit 406a35a"),
    Convention(
      "cookbook",
      .terms(
        Terms(
          projections: .products(blocks), attention: .full(), table: .fourWidths, training: 4,
          headTraining: 1)),
      formula: "products + 4·L·h·d_h·S + 4·d + 2·V·d per token",
      scope: "full attention; training counts 4 forward passes (recompute), the head only 1",
      source: "EleutherAI cookbook, calc_transformer_flops.py",
      state: "at commit ad9a859"),
    Convention(
      "torch", .ledger(.products), formula: "Σ 2·m·n·k",
      scope: "what torch's FlopCounterMode reports with eager attention and eager experts",
      source: "PyTorch 2.15, torch/utils/flop_counter.py",
      state: "version 2.15"),
    Convention(
      "fvcore", .ledger(.multiplyAdds), formula: "Σ m·n·k",
      scope: "as matmul, with one operation for a multiply-add",
      source: "facebookresearch/fvcore, docs/flop_count.md",
      state: "2024"),
  ]
}
