import Charts

/// Charts that the tests draw.
enum Samples {
  static let hostile = "<script>&\"' \u{0}\u{1B}\u{FFFE}\u{202E}\n]]>--><!-- &amp;"

  static func points(_ values: [(Double, Double)]) -> [Chart.Point] {
    values.map { Chart.Point(x: $0.0, y: $0.1) }
  }

  static func lines(_ values: [(Double, Double)], kind: Chart.Kind = .line) -> Chart {
    Chart(
      title: "Lines", kind: kind, x: Chart.Axis(label: "x"), y: Chart.Axis(label: "y"),
      series: [Chart.Series(name: "a", points: points(values))])
  }

  static let line = Chart(
    title: "Compute", subtitle: "of a small model", x: Chart.Axis(label: "capacity κ"),
    y: Chart.Axis(label: "FLOPs per forward pass", unit: "FLOPs"),
    series: [
      Chart.Series(
        name: "routed", points: points((1...8).map { (Double($0) / 8, 1e11 * Double($0)) })),
      Chart.Series(name: "dense", points: points([(0.125, 8e11), (1, 8e11)])),
    ], marks: [Chart.Mark(x: 0.125, y: 1e11, label: "12.5 %")])

  static let heatMap = Chart(
    title: "Heat", kind: .heatMap, x: Chart.Axis(label: "column", categories: ["a", "b", "c"]),
    y: Chart.Axis(label: "row", categories: ["one", "two"]),
    marks: [Chart.Mark(x: 1, y: 0, label: "best")],
    cells: [[1, 2, nil], [.nan, 5.5, 6]], colorAxis: Chart.Axis(label: "loss"))

  static func many(_ count: Int) -> Chart {
    Chart(
      series: (0..<count).map {
        Chart.Series(name: "series \($0)", points: points([(0, Double($0)), (1, Double($0) + 2)]))
      })
  }

  /// Whatever a caller might come up with.
  static let odd: [Chart] = [
    Chart(), Chart(kind: .scatter), Chart(kind: .heatMap), lines([]), lines([(1, 1)]),
    lines([(3, 7), (3, 7), (3, 7)]), lines([(0, 0)], kind: .scatter),
    lines([(.nan, 1), (1, .infinity), (-.infinity, 2)]), lines([(.nan, 1), (2, 3), (4, .nan)]),
    lines([(-5, -1e9), (-1, -3)]), lines([(1e30, -1e30), (2e30, 1e-30)]),
    lines([(1e300, 1e-300), (-1e300, .leastNonzeroMagnitude)]), lines([(1e308, 1), (-1e308, 2)]),
    lines([(1e15, 1), (1e15 + 0.125, 2)]), lines([(1e-9, 1e9), (1, 1e30), (0.1, 0.3)]),
    Chart(kind: .heatMap, cells: [[nil, .nan], []]), Chart(kind: .heatMap, cells: [[3]]),
    Chart(kind: .heatMap, cells: [[-1e30, 1e30], [0]]),
    Chart(
      kind: .heatMap, marks: [Chart.Mark(x: .nan, y: 9, label: "x")],
      cells: Array(repeating: Array(repeating: 2, count: 90), count: 70)),
    Chart(
      x: Chart.Axis(categories: (0..<300).map { "a rather long word \($0)" }),
      y: Chart.Axis(categories: [String(repeating: "wide", count: 90)]),
      series: [Chart.Series(name: "", points: points([(0, 0), (299, 7), (-3, 1)]))]),
    Chart(
      x: Chart.Axis(unit: "bytes", isLogarithmic: true), y: Chart.Axis(unit: "bytes"),
      series: [Chart.Series(name: "b", points: points([(1, 0), (1e30, 5e9)]))],
      marks: [
        Chart.Mark(x: .nan, y: 1, label: "nowhere"),
        Chart.Mark(x: 1, y: 1, label: String(repeating: "long ", count: 99)),
      ]),
    many(300), line, heatMap,
  ]
}
