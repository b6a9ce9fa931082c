/// One chart in its place in a drawing: its words, its values and its legend.
struct Panel {
  static let margin = 20.0

  let chart: Chart
  let width: Double
  /// Which colour and shape each series has.
  let styles: [Int]
  /// The legend of this chart, unless all charts of a sheet share one.
  let legend: Legend?

  var room: Double { width - 2 * Self.margin }

  private var titleLines: [String] {
    TextBox.wrapped(chart.title, width: room, size: 16, isBold: true, lines: 3)
  }

  private var subtitleLines: [String] {
    TextBox.wrapped(chart.subtitle, width: room, size: 12, lines: 3)
  }

  private var yLabelLines: [String] {
    TextBox.wrapped(Self.label(chart.y), width: room * 0.7, size: 12, lines: 2)
  }

  /// How much of the chart lies above the values.
  var headerHeight: Double {
    let words =
      Double(titleLines.count) * 21 + Double(subtitleLines.count) * 16
      + Double(yLabelLines.count) * 16
    let gap = !yLabelLines.isEmpty && (!titleLines.isEmpty || !subtitleLines.isEmpty) ? 10.0 : 0
    return 14 + words + gap + 14
  }

  /// An axis in words, with its unit where the words do not name it.
  static func label(_ axis: Chart.Axis) -> String {
    // Bytes carry their unit at every tick.
    guard !axis.unit.isEmpty, axis.unit != "bytes" else { return axis.label }
    guard !axis.label.isEmpty else { return axis.unit }
    let words = axis.label.split { $0 == " " || $0 == "(" || $0 == ")" }
    return words.contains { $0 == axis.unit } ? axis.label : "\(axis.label) (\(axis.unit))"
  }

  /// Draws the chart and answers its height; a header may be higher than it needs to be.
  func draw(on canvas: inout Canvas, header: Double? = nil) -> Double {
    let top = header ?? headerHeight
    var baseline = 8.0
    for line in titleLines {
      baseline += 21
      canvas.text(line, x: Self.margin, y: baseline, style: "title")
    }
    for line in subtitleLines {
      baseline += 16
      canvas.text(line, x: Self.margin, y: baseline, style: "sub")
    }
    for (index, line) in yLabelLines.reversed().enumerated() {
      canvas.text(line, x: Self.margin, y: top - 15 - 16 * Double(index), style: "label")
    }
    return chart.kind == .heatMap
      ? drawHeatMap(on: &canvas, top: top) : drawPlot(on: &canvas, top: top)
  }

  private func drawPlot(on canvas: inout Canvas, top: Double) -> Double {
    let beside = legend.flatMap { $0.rows(in: room) > 3 ? $0 : nil }
    let height = max(width < 600 ? 290 : 320, beside?.columnHeight ?? 0)
    let places =
      chart.series.flatMap { $0.points.map { ($0.x, $0.y) } } + chart.marks.map { ($0.x, $0.y) }
    let values = places.compactMap { x, y in
      Numbers.drawable(x).flatMap { x in Numbers.drawable(y).map { (x, $0) } }
    }
    let vertical = Scale.Room(length: height, isHorizontal: false)
    var frame = Frame(
      left: 0, top: top, width: 0, height: height, x: Scale(),
      y: Scale(chart.y, values: values.map(\.1), room: vertical))
    frame.y.ticks = AxisLabels.thinned(frame.y.ticks, on: frame.y, room: vertical)
    let labels = frame.y.ticks.map { TextBox.width($0.label, size: 11) }
    frame.left = Self.margin + max(16, min(AxisLabels.most, labels.max() ?? 0)) + 9
    let right = width - Self.margin - (beside.map { $0.columnWidth + 16 } ?? 0)
    frame.width = right - frame.left - 8
    let xs = values.map(\.0)
    var horizontal = Scale.Room(length: frame.width, isHorizontal: true)
    frame.x = Scale(chart.x, values: xs, room: horizontal)
    // The last label may be wider than the margin.
    if chart.x.categories.isEmpty, let last = frame.x.ticks.last {
      let end = frame.horizontal(last.value) + TextBox.width(last.label, size: 11) / 2
      if end > right + 6 {
        frame.width -= end - right - 6
        horizontal.length = frame.width
        frame.x = Scale(chart.x, values: xs, room: horizontal)
      }
    }
    // So may the first one be, if the labels are turned.
    let overhang = min(60, AxisLabels.overhang(frame))
    frame.left += overhang
    frame.width -= overhang
    var bottom = AxisLabels.draw(frame, isEmpty: values.isEmpty, on: &canvas)
    bottom = drawXLabel(frame, bottom: bottom, on: &canvas)
    drawSeries(in: frame, on: &canvas)
    drawMarks(in: frame, on: &canvas)
    if let beside {
      beside.drawColumn(on: &canvas, left: right + 16, top: top)
    } else if let legend, !legend.isEmpty {
      bottom += 12
      bottom += legend.drawBelow(on: &canvas, left: Self.margin, top: bottom, width: room)
    }
    return bottom + 16
  }

  /// Writes what the horizontal axis means under its labels, and answers where that ends.
  func drawXLabel(_ frame: Frame, bottom: Double, on canvas: inout Canvas) -> Double {
    var bottom = bottom
    let lines = TextBox.wrapped(
      Self.label(chart.x), width: max(frame.width, 200), size: 12, lines: 2)
    for line in lines {
      bottom += 17
      let half = TextBox.width(line, size: 12) / 2
      canvas.text(
        line, x: max(frame.left + frame.width / 2, Self.margin + half), y: bottom, style: "label",
        anchor: .middle)
    }
    return bottom + (lines.isEmpty ? 0 : 4)
  }
}
