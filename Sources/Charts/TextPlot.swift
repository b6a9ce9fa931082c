/// A chart in characters, for a terminal.
extension Chart {
  private static let marks: [Character] = ["o", "x", "+", "*", "#", "@", "%", "&"]
  /// What a cell of a heat map is filled with, from the least value to the most.
  private static let shades: [Character] = [" ", "░", "▒", "▓", "█"]

  /// The title, the points of each series as a mark of its own with dots where a line joins them,
  /// the labels of both axes, and what the marks mean.
  ///
  /// - Parameters:
  ///   - width: The columns that there are.
  ///   - height: The rows of the plot itself.
  /// - Returns: Lines, each with its end.
  package func characters(width: Int, height: Int = 14) -> String {
    let heading = [title, subtitle].filter { !$0.isEmpty }.map { $0 + "\n" }.joined()
    return heading
      + (kind == .heatMap ? shadedCells : points(width: max(width, 40), height: height))
  }

  private func points(width: Int, height: Int) -> String {
    let all = series.flatMap(\.points)
    let vertical = Scale(
      y, values: all.map(\.y), room: Scale.Room(length: Double(height) * 20, isHorizontal: false))
    // A label on the left needs room before it is known how wide the plot is.
    let margin = (vertical.ticks.map(\.label.count).max() ?? 0) + 1
    let columns = max(20, width - margin - 2)
    let horizontal = Scale(
      x, values: all.map(\.x), room: Scale.Room(length: Double(columns) * 7, isHorizontal: true))
    var grid = [[Character]](
      repeating: [Character](repeating: " ", count: columns + 1), count: height + 1)
    func place(_ x: Double, _ y: Double) -> (row: Double, column: Double)? {
      let (across, up) = (horizontal.fraction(x), vertical.fraction(y))
      guard (0...1).contains(across), (0...1).contains(up) else { return nil }
      return ((1 - up) * Double(height), across * Double(columns))
    }
    func put(_ row: Double, _ column: Double, _ mark: Character) {
      grid[Int(row.rounded())][Int(column.rounded())] = mark
    }
    for series in series where joins(series) {
      for (one, next) in zip(series.points, series.points.dropFirst()) {
        guard let from = place(one.x, one.y), let to = place(next.x, next.y) else { continue }
        let steps = max(1, Int(max(abs(to.row - from.row), abs(to.column - from.column))))
        for step in 0...steps {
          let share = Double(step) / Double(steps)
          put(
            from.row + (to.row - from.row) * share,
            from.column + (to.column - from.column) * share, "·")
        }
      }
    }
    for (index, series) in series.enumerated() where series.isJoined != true {
      for point in series.points {
        guard let place = place(point.x, point.y) else { continue }
        put(place.row, place.column, Self.marks[index % Self.marks.count])
      }
    }
    var labels: [Int: String] = [:]
    for tick in vertical.ticks {
      labels[Int(((1 - vertical.fraction(tick.value)) * Double(height)).rounded())] = tick.label
    }
    let blank = String(repeating: " ", count: margin - 1)
    var text = y.label.isEmpty || y.label == title ? "" : "\(y.label)\n"
    for (row, cells) in grid.enumerated() {
      let label = labels[row] ?? ""
      let line = String(blank.dropFirst(label.count)) + label + " │" + String(cells)
      text += line.trimmedAtEnd + "\n"
    }
    text += blank + " └" + String(repeating: "─", count: columns + 1) + "\n"
    text += footer(horizontal, columns: columns, margin: margin)
    let entries = series.enumerated().filter { !$0.element.name.isEmpty }.map { index, series in
      "\(series.isJoined == true ? "·" : Self.marks[index % Self.marks.count]) \(series.name)"
    }
    return text + (entries.count > 1 ? "\n" + entries.joined(separator: "\n") + "\n" : "")
  }

  /// The labels of the horizontal axis, each below its place unless it would touch the one before.
  private func footer(_ scale: Scale, columns: Int, margin: Int) -> String {
    var line = ""
    for tick in scale.ticks {
      let center = margin + 1 + Int((scale.fraction(tick.value) * Double(columns)).rounded())
      let start = max(0, center - tick.label.count / 2)
      guard line.isEmpty || start > line.count else { continue }
      line += String(repeating: " ", count: start - line.count) + tick.label
    }
    let label = x.label.isEmpty ? "" : String(repeating: " ", count: margin + 1) + x.label + "\n"
    return line + "\n" + label
  }

  private var shadedCells: String {
    let values = cells.flatMap { $0.compactMap(\.self) }
    guard let least = values.min(), let most = values.max() else { return "" }
    func shade(_ value: Double?) -> String {
      guard let value else { return "· " }
      let share = most > least ? (value - least) / (most - least) : 1
      let index = min(Self.shades.count - 1, Int(share * Double(Self.shades.count)))
      return String(repeating: Self.shades[index], count: 2)
    }
    let margin = y.categories.map(\.count).max() ?? 0
    var text = ""
    for (row, values) in cells.enumerated() {
      let label = y.categories.indices.contains(row) ? y.categories[row] : ""
      text += String(repeating: " ", count: margin - label.count) + label + " │"
      text += values.map(shade).joined() + "│\n"
    }
    let ends = [x.categories.first, x.categories.last].compactMap(\.self).joined(separator: " to ")
    let unit = colorAxis.unit
    return text + "\(y.label) down, \(x.label) across: \(ends)\n"
      + "from \(NumberLabel.short(least, unit: unit)) (blank) to "
      + "\(NumberLabel.short(most, unit: unit)) (full)\n"
  }
}

extension String {
  fileprivate var trimmedAtEnd: String {
    var line = self
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }
}
