import Arguments
import Testing

@testable import tally

/// An option that changes nothing of what is printed is said, and why.
@Suite struct UnusedOptionTests {
  struct Line: CustomTestStringConvertible, Sendable {
    let words: String
    /// The notes that the option adds; nil where it has an effect.
    let note: String?

    init(_ words: String, _ note: String?) {
      self.words = words
      self.note = note
    }

    var testDescription: String { words }
  }

  /// What is true of each model is in its paper: Llama 2 caches keys and values of every head,
  /// Mamba has no attention, DeepSeek-V3 caches latents.
  static let lines = [
    Line(
      "flops llama2-7b --mla absorbed",
      "llama2-7b: --mla changes nothing: the model has no latent attention."),
    Line(
      "compare llama2-7b gpt2 --mla absorbed",
      "gpt2: --mla changes nothing: the model has no latent attention."),
    Line(
      "explain llama2-7b --flops --mla absorbed",
      "llama2-7b: --mla changes nothing: the model has no latent attention."),
    Line(
      "validate llama2-7b --mla absorbed",
      "llama2-7b: --mla changes nothing: the model has no latent attention."),
    Line("flops deepseek-v3 --mla absorbed", nil),
    Line(
      "params mixtral-8x7b --capacity-factor 1",
      "mixtral-8x7b: --capacity-factor changes no figure of this report."),
    Line("flops mixtral-8x7b --capacity-factor 1", nil),
    Line("flops mixtral-8x7b --capacity-factor 1 --capacity-padding drop", nil),
    Line(
      "flops mamba-130m --mask causal",
      "mamba-130m: --mask changes nothing: the model has no attention scores."),
    Line(
      "flops llama2-7b --phase decode --mask causal --past 8",
      "llama2-7b: --mask changes nothing: the mask hides no position of this pass."),
    Line("flops mistral-7b --mask causal", nil),
    Line("flops llama2-7b --mask causal", nil),
    Line(
      "flops llama2-7b --phase decode --logits last",
      "llama2-7b: --logits changes nothing: the pass has one token."),
    Line("flops llama2-7b --logits last", nil),
    Line(
      "flops mamba-130m --phase train --recompute selective",
      "mamba-130m: --recompute changes nothing: the model has no attention scores to compute again."
    ),
    Line("flops mamba-130m --phase train --recompute full", nil),
    Line(
      "flops llama2-7b --phase train --kv-dtype fp8",
      "llama2-7b: --kv-dtype changes nothing: a training step caches nothing."),
    Line("flops mamba-130m --kv-dtype fp8", nil),
    Line(
      "compare llama2-7b gpt2 --kv-dtype fp8",
      "--kv-dtype changes bytes, of which this table has none; --format json has them, and "
        + "'tally flops'."),
    Line("compare llama2-7b gpt2 --kv-dtype fp8 --format json", nil),
    Line(
      "params llama2-7b --set hidden_act=gelu",
      "llama2-7b: --set hidden_act=gelu changes no figure of this report."),
    Line("flops llama2-7b --set hidden_act=gelu", nil),
    Line("compare llama2-7b gpt2-xl --set hidden_act=gelu", nil),
    Line(
      "params mixtral-8x7b --transform segment=1",
      "mixtral-8x7b: --transform segment=1 changes no figure of this report."),
    Line("params mixtral-8x7b --transform segment=2", nil),
    Line(
      "params llama2-7b --assume llama",
      "llama2-7b: --assume llama changes no figure of this report."),
    Line("params llama2-7b --assume gpt_neox", nil),
    Line(
      "sweep llama2-7b --vary num_hidden_layers=1,2 --mla absorbed",
      "llama2-7b: --mla changes nothing: the model has no latent attention."),
    Line(
      "sweep llama2-7b --vary mla=expanded,absorbed",
      "llama2-7b: --vary mla changes nothing: the model has no latent attention."),
    Line(
      "sweep llama2-7b --vary num_hidden_layers=1,2 --columns total --tokens 9",
      "llama2-7b: --tokens changes nothing: no requested figure is of a pass."),
    Line(
      "sweep llama2-7b --vary num_hidden_layers=1,2 --columns total --convention palm",
      "llama2-7b: --convention changes nothing: no requested figure is of a pass."),
    Line(
      "sweep llama2-7b --vary num_hidden_layers=1,2 --columns flops --kv-dtype fp8",
      "llama2-7b: --kv-dtype changes nothing: no requested figure is in bytes."),
    Line(
      "sweep llama2-7b --vary num_hidden_layers=1,2 --columns total --budget 1e20",
      "llama2-7b: --budget changes nothing: no requested figure is of a training run."),
    Line(
      "sweep llama2-7b --vary num_hidden_layers=1,2 --columns total --baseline gpt2",
      "llama2-7b: --baseline changes nothing: no requested figure is compared with another "
        + "model's."),
    Line("sweep llama2-7b --vary num_hidden_layers=1,2 --baseline gpt2 --tokens 9", nil),
    Line(
      "solve llama2-7b --for hidden_size --target total=7e9 --tokens 9",
      "llama2-7b: --tokens changes nothing: no requested figure is of a pass."),
    Line("solve llama2-7b --for hidden_size --target flops=1e12 --tokens 9", nil),
  ]

  @Test("An option without effect is noted, and one with an effect is not", arguments: lines)
  func idle(_ line: Line) {
    let notes = SweepTests.run(line.words).errors.split(separator: "\n").map(String.init)
    if let note = line.note {
      #expect(notes.contains("note: \(note)"), "\(notes)")
    } else {
      #expect(!notes.contains { $0.contains("changes no") || $0.contains("changes bytes") })
    }
  }

  @Test("A pass is listed by operation, so explain has no tensors of one")
  func tensorsOfPass() {
    let outcome = SweepTests.run("explain llama2-7b --flops --by tensor")
    #expect(outcome.exitCode == 64)
    #expect(
      outcome.errors.hasPrefix(
        "error: --by tensor and --flops contradict each other. A pass lists its operations; leave "
          + "one out."))
  }
}
