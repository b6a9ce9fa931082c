import Accounting
import Architecture
import Arguments
import JSON
import Sweeping
import Symbolic
import Wording

extension Command {
  /// Varies sizes: `tally sweep mod-220m --vary mod_capacity=0.125,0.25,0.5,1`.
  static let sweep = Command(
    "sweep", "Vary any size, structure, pass or convention, and print the figures of each point.",
    discussion: """
      KEY is a key of config.json, one of a pass (tokens, past, batch, phase, mask, logits, mla,
      recompute, weight-dtype, kv-dtype), convention, budget, or a change (segment, shared, upcycle,
      mod, recursion, skip, mode; mod/2 is the κ of mod=κ/2). FIGURE is a path of the JSON documents,
      as parameters.routed_experts or flops.matmul.total, or short: total, active, flops, kv_cache,
      intensity. baseline.FIGURE is that of the unchanged model, relative.FIGURE the ratio to it.
      docs/designing.md is a tutorial.
      """,
    examples: [
      ("tally sweep mod-220m --vary mod_capacity=0.125,0.25,0.5,1", "what a capacity costs"),
      ("tally sweep mixtral-8x7b --vary segment=1,2,4,8 --vary shared=1,2", "as in DeepSeekMoE"),
      (
        "tally sweep llama2-7b --vary upcycle=4,8,16 --hold active --by intermediate_size", "to MoE"
      ),
      ("tally sweep llama2-7b --vary hidden_size=1024:8192:128 --where 'total < 3B'", "a filter"),
      (
        "tally sweep mod-220m --vary mod_capacity=0.05:1:0.05 --format svg --output mod.svg",
        "a plot"
      ),
    ],
    [SweepOptions.model.declaration, SweepOptions.vary.declaration] + ModelSource.options
      + WorkloadOptions.declarations
      + [
        SweepOptions.convention.declaration, SweepOptions.baseline.declaration,
        SweepOptions.hold.declaration,
        SweepOptions.by.declaration, SweepOptions.multiple.declaration,
        SweepOptions.between.declaration, SweepOptions.budget.declaration,
        SweepOptions.filter.declaration, SweepOptions.columns.declaration,
        SweepOptions.pareto.declaration,
        SweepOptions.top.declaration, SweepOptions.order.declaration,
        SweepOptions.format.declaration, SweepOptions.plot.declaration, SweepOptions.x.declaration,
        SweepOptions.output.declaration,
        SweepOptions.shard.declaration, SweepOptions.resume.declaration,
        SweepOptions.check.declaration, SweepOptions.yes.declaration,
        SweepOptions.threads.declaration,
      ]
  ) { arguments in
    let request = try SweepRequest(arguments)
    return try request.run(arguments)
  }
}

/// The forms of a sweep.
enum SweepFormat: String, CaseIterable {
  case table
  case csv
  case json
  case jsonl
  case markdown
  case svg
  /// A drawing in characters.
  case plot

  /// Whether it is a drawing.
  var isDrawn: Bool { self == .svg || self == .plot }

  /// Whether each row can be written when it comes.
  var isWrittenByRow: Bool { self == .csv || self == .json || self == .jsonl }

  /// The most rows that are held at once.
  var mostRows: Int {
    switch self {
    case .table, .markdown: 100_000
    case .svg, .plot: 20_000
    case .csv, .json, .jsonl: 1_000_000
    }
  }
}
