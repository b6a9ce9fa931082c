extension Panel {
  /// The names of a cell's row and column, or their numbers.
  func cellWords(_ row: Int, _ column: Int) -> String {
    let names = [(row, chart.y.categories), (column, chart.x.categories)]
      .map { $1.indices.contains($0) ? $1[$0] : "\($0 + 1)" }
    return names.joined(separator: ", ") + ": "
  }

  /// Outlines marked cells; their words stand below, where they hide nothing.
  func drawCellMarks(
    in frame: Frame, rows: Int, columns: Int, scale: Scale, bottom: Double,
    on canvas: inout Canvas
  ) -> Double {
    var baseline = bottom
    let (width, height) = (frame.width / Double(columns), frame.height / Double(rows))
    // Where cells touch there is no room for an outline inside.
    let inset = min(width, height) >= 12 ? 1.8 : -0.75
    for mark in chart.marks.prefix(Legend.most) {
      guard let column = Int(exactly: mark.x.rounded()), let row = Int(exactly: mark.y.rounded()),
        (0..<columns).contains(column), (0..<rows).contains(row)
      else { continue }
      let (x, y) = (frame.left + Double(column) * width, frame.top + Double(row) * height)
      canvas.rectangle(
        x: x + inset, y: y + inset, width: width - 1.5 - 2 * inset,
        height: height - 1.5 - 2 * inset, style: outline(row, column, on: scale),
        tooltip: mark.label)
      baseline += baseline == bottom ? 26 : 19
      canvas.rectangle(x: Self.margin + 1, y: baseline - 10, width: 12, height: 12, style: "ring")
      let words = cellWords(row, column) + Markup.clean(mark.label)
      canvas.text(
        TextBox.truncated(words, width: room - 22, size: 12), x: Self.margin + 22, y: baseline,
        style: "key")
    }
    return baseline
  }

  /// The outline that stands out from the colour of the cell.
  private func outline(_ row: Int, _ column: Int, on scale: Scale) -> String {
    guard chart.cells.indices.contains(row), chart.cells[row].indices.contains(column),
      let value = chart.cells[row][column].flatMap(Numbers.drawable)
    else { return "ring" }
    return HeatColors.wantsDarkInk(scale.fraction(value)) ? "onpale" : "ondark"
  }
}
