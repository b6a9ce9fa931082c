import Accounting
import Charts
import JSON
import Validation
import Wording

/// Measured times against computed FLOPs: a table, a plot in characters, and a drawing.
struct TimingReport {
  let name: String
  let ladder: TimingLadder

  func text(_ format: ReportFormat) -> String {
    let rate = ladder.fit.slope > 0 ? 1 / ladder.fit.slope : 0
    let line =
      ladder.points.count < 3 || ladder.fit.slope <= 0
      ? "Too few passes, or too short ones, for a line: raise --tokens, or take --scale full.\n"
      : "time = \(Self.milliseconds(ladder.fit.intercept)) ms + FLOPs / "
        + "(\(Quantity.short(Int128(rate)))/s), by least squares of relative differences\n"
    guard format != .csv else { return table.csv }
    return table.text(format) + "\n" + line + comparisons + "\n" + plot
  }

  private var table: Table {
    var table = Table(
      heading: ["\(name): pass", "varied", "FLOPs", "ms measured", "ms of the line", "residual"],
      alignments: [.left, .left])
    for point in ladder.points {
      let residual = Int((ladder.fit.residual(point.flops, point.seconds) * 1000).rounded())
      table.rows.append([
        point.label, point.rung.rawValue, "\(Int128(point.flops))",
        Self.milliseconds(point.seconds),
        Self.milliseconds(ladder.fit.value(point.flops)),
        (residual < 0 ? "-" : "+")
          + Quantity.decimal(Int128(residual.magnitude), over: 10, places: 1) + " %",
      ])
    }
    return table
  }

  /// The passes as a table of runs, which `--measured` reads.
  var runs: Table {
    Table(
      heading: ["phase", "batch", "tokens", "past", "seconds", "flops", "varied", "pass"],
      rows: ladder.points.map { point in
        [
          point.workload.phase.rawValue, "\(point.workload.batch)", "\(point.workload.tokens)",
          "\(point.workload.past)", "\(point.seconds)", "\(Int128(point.flops))",
          point.rung.rawValue, point.label,
        ]
      })
  }

  /// What a rung saves in FLOPs, and in time.
  private var comparisons: String {
    var text = ""
    for rung in [TimingLadder.Rung.capacity, .experts] {
      let points = ladder.points.filter { $0.rung == rung }.sorted { $0.flops < $1.flops }
      guard let least = points.first, let most = points.last, least.flops < most.flops else {
        continue
      }
      let saved = Self.share(least.flops / most.flops)
      let time = Self.share(least.seconds / most.seconds)
      text += "\(least.label) has \(saved) of the FLOPs of \(most.label), and takes \(time) of its "
      text +=
        least.seconds / most.seconds > 1.1 * least.flops / most.flops
        ? "time: what no FLOP accounts for (gathering, weights read for few tokens) stays.\n"
        : "time.\n"
    }
    return text
  }

  var json: JSONValue {
    .object([
      "schema_version": .integer(1), "name": .string(name),
      "points": .array(
        ladder.points.map { point in
          .object([
            "label": .string(point.label), "varied": .string(point.rung.rawValue),
            "flops": .integer(Int128(point.flops)), "seconds": .number("\(point.seconds)"),
            "residual": .number("\(ladder.fit.residual(point.flops, point.seconds))"),
          ])
        }),
      "fit": .object([
        "intercept_seconds": .number("\(ladder.fit.intercept)"),
        "seconds_per_flop": .number("\(ladder.fit.slope)"),
      ]),
    ])
  }

  private static func share(_ ratio: Double) -> String {
    Quantity.decimal(Int128((ratio * 10000).rounded()), over: 10000, places: 3)
  }

  private static func milliseconds(_ seconds: Double) -> String {
    Quantity.decimal(Int128((seconds * 1e6).rounded()), over: 1000, places: 3)
  }

  private var mostFLOPs: Double { ladder.points.map(\.flops).max() ?? 1 }

  /// Time over FLOPs in characters.
  private var plot: String { chart.characters(width: 64) }

  /// The same as a drawing that stands by itself.
  var svg: String { chart.svg }

  private var chart: Chart {
    let ends = [0, mostFLOPs]
    var chart = Chart(
      title: "\(name): measured time against computed FLOPs",
      subtitle: ladder.fit.slope > 0
        ? "time = \(Self.milliseconds(ladder.fit.intercept)) ms + FLOPs / "
          + "(\(Quantity.short(Int128(1 / ladder.fit.slope)))/s)" : "",
      kind: .scatter, x: Chart.Axis(label: "FLOPs", unit: "FLOPs", isLogarithmic: false),
      y: Chart.Axis(label: "milliseconds", isLogarithmic: false))
    (chart.x.startsAtZero, chart.y.startsAtZero) = (true, true)
    chart.series = [TimingLadder.Rung.length, .capacity, .experts].compactMap { rung in
      let points = ladder.points.filter { $0.rung == rung }
      guard !points.isEmpty else { return nil }
      return Chart.Series(
        name: rung.rawValue,
        points: points.map { point in
          Chart.Point(
            x: point.flops, y: point.seconds * 1000,
            label: "\(point.label): \(Quantity.short(Int128(point.flops))) FLOPs, "
              + "\(Self.milliseconds(point.seconds)) ms")
        })
    }
    chart.series.append(
      Chart.Series(
        name: "least squares",
        points: ends.map { Chart.Point(x: $0, y: ladder.fit.value($0) * 1000) }, isJoined: true))
    return chart
  }
}
