import Accounting
import Testing

/// The words for formats of weights.
@Suite struct WeightFormatTests {
  @Test(
    "A word that is a format",
    arguments: [
      "bf16", "fp8", "int4", "4.5bpw", "16bpw", "mxfp4", "nvfp4", "nf4", "nf4-dq", "fp8-b128",
      "awq-g128", "gptq-g64", "gptq8-g32", "int4-g128", "mlx4-g64", "q4_k_m", "q8_0",
    ])
  func words(_ word: String) { #expect(WeightFormat(word)?.description == word) }

  @Test("Capitals are small letters, as in the names of files")
  func capitals() { #expect(WeightFormat("Q4_K_M") == WeightFormat("q4_k_m")) }

  @Test(
    "A word that is none",
    arguments: [
      "", "bpw", "0bpw", "-1bpw", "65bpw", "abpw", "awq", "awq-g", "awq-g0", "awq9-g128",
      "gptq-g9999999999", "xyz-g128", "iq4_nl", "config",
    ])
  func others(_ word: String) { #expect(WeightFormat(word) == nil) }
}
