import Arguments
import Checkpoints
import JSON

extension Command {
  /// Compares the tensors of a checkpoint with those of its model.
  static let audit = Command(
    "audit", "Compare a checkpoint's tensors with what its config.json describes.",
    discussion: """
      CHECKPOINT is a folder with config.json and safetensors files, or one such file beside its
      config.json, or a file of llama.cpp (GGUF), or a repository in the local Hugging Face cache.
      Only headers are read: the name, shape and type of each tensor. What is left out on purpose is said: tables that follow from the
      configuration, a head stored again, layers that predict several tokens, parts for images.
      Packed weights (GPTQ, AWQ, bitsandbytes, FP8, MXFP4, NVFP4, compressed-tensors, MLX) count as
      the weights they stand for. The exit code is 0 if all is explained and 1 if not. Without a
      config.json the tensors are counted by type and part. See docs/audit.md.
      """,
    examples: [
      ("tally audit path/to/folder", "is every tensor there, and nothing else?"),
      ("tally audit path/to/model.safetensors", "one file, beside its config.json"),
      ("tally audit path/to/model.gguf", "a file of llama.cpp, beside its metadata"),
      ("tally audit path/to/folder --format json", "the lists, for a script"),
    ],
    [
      checkpoint.declaration, ModelSource.settings.declaration, ModelSource.assume.declaration,
      ReportFormat.plain.declaration,
    ]
  ) { arguments in
    let report = try AuditReport(arguments)
    let text =
      switch arguments[ReportFormat.plain] {
      case .json: report.json.text
      case let format: report.text(format)
      }
    return Outcome(text, exitCode: report.agrees ? 0 : 1)
  }

  static let checkpoint = Parameter<String>.positional(
    "CHECKPOINT", help: "A folder with config.json and safetensors files.")
}
