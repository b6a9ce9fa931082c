import Accounting
import Arguments
import Families
import Kernels
import Presets
import Sweeping

/// The program: its commands in one list, and the edge where text is printed and the process ends.
@main enum Tally {
  static let tool: CommandLineTool = CommandLineTool(
    name: "tally", version: "0.1.0", released: "November 30, 2026", origin: Build.origin,
    summary: "the parameter and FLOP accountant for transformer language models",
    footer: """
      MODEL is a preset ('tally presets' lists them), a config.json, a model.gguf, a folder
      that holds one, or - for standard input.
      """,
    commands: [
      Command.params, Command.flops, Command.reproduce, Command.explain, Command.compare,
      Command.sweep, Command.solve, Command.validate, Command.run, Command.audit,
      Command.figures, Command.devices,
      Command.presets, Command.completion,
    ],
    exitCodes: [
      (0, "The question was answered."),
      (1, "A comparison failed: validate, audit, reproduce --strict, or the target of solve."),
      (64, "The command line is wrong."),
      (65, "A configuration, a checkpoint or a size is wrong, or what it requires cannot be done."),
      (66, "A file does not exist or cannot be read."),
      (70, "The program is wrong: two of its ways to compute a figure differ."),
      (73, "An output file cannot be written."),
      (130, "Ctrl-C ended the command; a sweep with --output goes on with --resume."),
    ],
    unnamed: (Command.params, { ModelSource.isModel($0) }),
    candidates: { declaration in
      switch declaration.name {
      case "model": Catalog.names
      case "assume": Family.all.map(\.modelType)
      case "hold", "order-by", "pareto", "columns", "x": FigureName.words
      case "target": FigureName.words.map { "\($0)=" }
      case "word": FigureName.words
      case "device": Device.all.map(\.name)
      case "set": Family.keys.map { "\($0)=" }
      case "vary": (Family.keys + Axis.targets.keys.sorted()).map { "\($0)=" }
      case "for", "by": Family.keys + Axis.targets.keys.sorted()
      case "transform":
        ["segment=", "shared=", "upcycle=", "mod=", "recursion=", "mode=staged", "mode=integrated"]
      case "baseline": Catalog.names
      case "weight-dtype":
        WeightFormat.listed
      default: []
      }
    })

  static func main() {
    Terminal.stopOnInterrupt()
    Storage.exhausted = { bytes in
      Terminal.write(
        "error: The system has no more memory; \(bytes) bytes were requested. Lower --tokens, --past "
          + "or --batch, or run --weights streamed.\n", to: .errors)
      Terminal.exit(65)
    }
    let outcome = tool.run(Array(CommandLine.arguments.dropFirst()), failure: Failure.describe)
    guard Terminal.write(outcome.output, to: .output) else {
      Terminal.write("error: Standard output cannot be written.\n", to: .errors)
      Terminal.exit(73)
    }
    Terminal.write(outcome.errors, to: .errors)
    Terminal.exit(outcome.exitCode)
  }
}
