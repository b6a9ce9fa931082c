import Accounting
import Architecture
import Testing

/// The words for formats of weights.
@Suite struct WeightFormatTests {
  @Test(
    "A word that is a format",
    arguments: [
      "bf16", "fp8", "int4", "4.5bpw", "16bpw", "mxfp4", "nvfp4", "nf4", "nf4-dq", "fp8-b128",
      "fp8-b32", "fp8-row", "fp8-channel", "fp8-tensor", "llm-int8", "int8-channel", "gptq-channel",
      "awq-g128", "gptq-g64", "gptq8-g32", "int4-g128", "mlx4-g64", "q4_k_m", "q8_0",
    ])
  func words(_ word: String) { #expect(WeightFormat(word)?.description == word) }

  @Test("Capitals are small letters, as in the names of files")
  func capitals() { #expect(WeightFormat("Q4_K_M") == WeightFormat("q4_k_m")) }

  @Test(
    "A word that is none",
    arguments: [
      "", "bpw", "0bpw", "-1bpw", "65bpw", "abpw", "awq", "awq-g", "awq-g0", "awq9-g128",
      "gptq-g9999999999", "xyz-g128", "fp8-b0", "fp8-b", "mlx4-channel", "awq-channels", "iq5_k",
      "config",
    ])
  func others(_ word: String) { #expect(WeightFormat(word) == nil) }

  /// The rule of `should_convert_module` in transformers 5.23.0, by its own examples.
  @Test(
    "A module stays wide by its beginning, its end, or a name with a gap",
    arguments: [
      ("gate", "model.layers.3.mlp.gate", true), ("gate", "model.layers.3.mlp.gate_proj", false),
      ("lm_head", "lm_head", true), ("model.layers.1", "model.layers.1.mlp.up_proj", true),
      ("model.layers.1", "model.layers.12.mlp.up_proj", false),
      ("model.layers.*.self_attn", "model.layers.7.self_attn.q_proj", true),
      ("model.layers.*.self_attn", "model.layers.7.mlp.up_proj", false),
      ("*self_attn*", "model.layers.7.self_attn.q_proj", true), ("", "model.norm", false),
    ])
  func wideModules(_ pattern: String, _ module: String, _ isWide: Bool) {
    #expect(StoredFormat("fp8-tensor", wideModules: [pattern]).keepsWide(module) == isWide)
  }
}
