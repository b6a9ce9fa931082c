extension Panel {
  /// Draws the cells with their names, the colour bar and the marks, and answers the height.
  func drawHeatMap(on canvas: inout Canvas, top: Double) -> Double {
    let rows = max(chart.cells.count, chart.y.categories.count)
    let columns = max(chart.cells.map(\.count).max() ?? 0, chart.x.categories.count)
    let values = chart.cells.joined().compactMap { $0.flatMap(Numbers.drawable) }
    let names = (0..<rows).map {
      chart.y.categories.indices.contains($0) ? chart.y.categories[$0] : ""
    }
    let labelWidth = names.map { TextBox.width(Markup.clean($0), size: 11) }.max() ?? 0
    let left = Self.margin + min(AxisLabels.most, labelWidth) + (labelWidth > 0 ? 9 : 0)
    let bar = HeatBar(axis: chart.colorAxis, values: values)
    let room = width - Self.margin - bar.width - 20 - left
    let cellWidth = min(120, room / Double(max(1, columns)))
    let cellHeight = min(42, 420 / Double(max(1, rows)))
    var frame = Frame(
      left: left, top: top, width: cellWidth * Double(columns), height: cellHeight * Double(rows),
      x: Scale(), y: Scale())
    (frame.x.lower, frame.x.upper) = (-0.5, Double(columns) - 0.5)
    // The first row is above, so the axis points down.
    (frame.y.lower, frame.y.upper) = (-0.5, Double(rows) - 0.5)
    frame.x.ticks = chart.x.categories.enumerated().map {
      Tick(value: Double($0), label: Markup.clean($1))
    }
    guard rows > 0, columns > 0 else {
      canvas.text("no data", x: left, y: top + 14, style: "sub")
      return top + 40
    }
    // More cells than anyone would point at share paths by colour.
    if rows * columns <= 2500 {
      drawCells(in: frame, rows: rows, columns: columns, scale: bar.scale, on: &canvas)
    } else {
      drawMosaic(in: frame, rows: rows, columns: columns, scale: bar.scale, on: &canvas)
    }
    let rowTicks = names.enumerated().map { Tick(value: Double($0), label: Markup.clean($1)) }
    let vertical = Scale.Room(length: frame.height, isHorizontal: false, size: 10)
    for tick in AxisLabels.thinned(rowTicks, on: frame.y, room: vertical) where tick.label != "" {
      let middle = top + (tick.value + 0.5) * cellHeight
      AxisLabels.drawRow(tick.label, right: left - 8, middle: middle, on: &canvas)
    }
    var bottom = AxisLabels.drawColumns(frame, hasGrid: false, on: &canvas)
    bottom = drawXLabel(frame, bottom: bottom, on: &canvas)
    if !values.isEmpty {
      bottom = max(bottom, bar.draw(on: &canvas, left: frame.right + 20, top: top, beside: frame))
    }
    return drawCellMarks(
      in: frame, rows: rows, columns: columns, scale: bar.scale, bottom: bottom, on: &canvas) + 16
  }

  /// Draws each cell with its words for a pointer, and its value if all of them have room.
  private func drawCells(
    in frame: Frame, rows: Int, columns: Int, scale: Scale, on canvas: inout Canvas
  ) {
    let (width, height) = (frame.width / Double(columns), frame.height / Double(rows))
    let gap = min(width, height) >= 8 ? 1.5 : 0
    let values = chart.cells.joined().compactMap { $0.flatMap(Numbers.drawable) }
    let labels = NumberLabel.alike(values, unit: chart.colorAxis.unit)
    let widest = labels.map { TextBox.width($0, size: 11) }.max() ?? 0
    let isLabelled = widest + 6 <= width && height >= 16
    var next = labels.makeIterator()
    for (row, cells) in chart.cells.enumerated() {
      for (column, cell) in cells.enumerated() {
        let (x, y) = (frame.left + Double(column) * width, frame.top + Double(row) * height)
        guard let value = cell.flatMap(Numbers.drawable), let label = next.next() else {
          canvas.rectangle(
            x: x, y: y, width: width - gap, height: height - gap, style: "void",
            tooltip: cellWords(row, column) + "no value")
          continue
        }
        let share = scale.fraction(value)
        canvas.rectangle(
          x: x, y: y, width: width - gap, height: height - gap, fill: HeatColors.color(share),
          tooltip: cellWords(row, column) + NumberLabel.short(value, unit: chart.colorAxis.unit))
        guard isLabelled else { continue }
        canvas.text(
          label, x: x + (width - gap) / 2, y: y + (height - gap) / 2 + 4,
          style: HeatColors.wantsDarkInk(share) ? "cell dark" : "cell pale", anchor: .middle)
      }
    }
  }

  /// Draws cells as stripes of equal colour, of which there are a hundred.
  private func drawMosaic(
    in frame: Frame, rows: Int, columns: Int, scale: Scale, on canvas: inout Canvas
  ) {
    let (width, height) = (frame.width / Double(columns), frame.height / Double(rows))
    func n(_ value: Double) -> String { Numbers.coordinate(value) }
    var paths: [Int: String] = [:]
    for (row, cells) in chart.cells.enumerated() {
      let colors = cells.map { cell in
        cell.flatMap(Numbers.drawable).map { Int((scale.fraction($0) * 100).rounded()) }
      }
      let (top, bottom) = (Double(row) * height, Double(row + 1) * height)
      var start = 0
      while start < colors.count {
        let end = colors[start...].firstIndex { $0 != colors[start] } ?? colors.count
        if let color = colors[start] {
          let (left, right) = (Double(start) * width, Double(end) * width)
          paths[color, default: ""] +=
            "M\(n(frame.left + left)) \(n(frame.top + top))H\(n(frame.left + right))"
            + "V\(n(frame.top + bottom))H\(n(frame.left + left))z"
        }
        start = end
      }
    }
    for (color, path) in paths.sorted(by: { $0.key < $1.key }) {
      let fill = " fill=\"\(HeatColors.color(Double(color) / 100))\""
      canvas.path(path, attributes: fill + " shape-rendering=\"crispEdges\"")
    }
  }
}
