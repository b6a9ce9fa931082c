/// What the colours and shapes stand for, beside or below the values and never on them.
struct Legend {
  struct Entry: Equatable {
    var name: String
    var style: Int
    var hasLine: Bool
    var hasMarker = true
  }

  static let most = 20
  private static let row = 19.0

  private(set) var entries: [Entry]
  /// How many more there are than the legend shows.
  private(set) var hidden = 0

  init(_ entries: [Entry]) {
    let named = entries.filter { !Markup.clean($0.name).allSatisfy { $0 == " " } }
    self.entries = Array(named.prefix(Self.most))
    hidden = named.count - self.entries.count
  }

  /// The legend of one chart.
  init(_ chart: Chart) {
    self.init(
      chart.series.enumerated().map { index, series in
        Entry(
          name: series.name, style: index, hasLine: chart.joins(series),
          hasMarker: Self.hasMarker(series, in: chart))
      })
  }

  /// The legend of charts in which a name always means the same.
  init(sharedBy charts: [Chart], names: [String]) {
    var (lined, marked): (Set<String>, Set<String>) = ([], [])
    for chart in charts {
      for series in chart.series {
        if chart.joins(series) { lined.insert(series.name) }
        if Self.hasMarker(series, in: chart) { marked.insert(series.name) }
      }
    }
    self.init(
      names.enumerated().map {
        Entry(
          name: $1, style: $0, hasLine: lined.contains($1), hasMarker: marked.contains($1))
      })
  }

  private static func hasMarker(_ series: Chart.Series, in chart: Chart) -> Bool {
    !chart.joins(series) || series.points.count <= Panel.marked
  }

  /// The width of a piece of line, or of a marker alone.
  private var sample: Double { entries.contains(where: \.hasLine) ? 34 : 20 }

  var isEmpty: Bool { entries.isEmpty }

  private var remark: String { hidden > 0 ? "and \(hidden) more" : "" }

  private func width(_ entry: Entry, limit: Double) -> Double {
    let text = min(limit, TextBox.width(Markup.clean(entry.name), size: 12))
    return sample + text + 18
  }

  /// The longest name a legend below the chart shows in full.
  private func limit(_ room: Double) -> Double { min(300, room - sample) }

  /// The left edge of every column, if each is as wide as what it holds.
  private func columns(in room: Double) -> [Double] {
    let widths = entries.map { width($0, limit: limit(room)) }
    for count in stride(from: entries.count, to: 1, by: -1) {
      var edges = [0.0]
      for column in 0..<count {
        let own = stride(from: column, to: widths.count, by: count).map { widths[$0] }
        edges.append((edges.last ?? 0) + (own.max() ?? 0))
      }
      if (edges.last ?? 0) - 18 <= room { return edges }
    }
    return [0, room]
  }

  /// How many rows the entries need below a chart.
  func rows(in room: Double) -> Int {
    guard !isEmpty else { return 0 }
    let columns = columns(in: room).count - 1
    return (entries.count + columns - 1) / columns + (hidden > 0 ? 1 : 0)
  }

  /// The width of the legend beside a chart.
  var columnWidth: Double {
    sample
      + min(170, entries.map { TextBox.width(Markup.clean($0.name), size: 12) }.max() ?? 0)
  }

  var columnHeight: Double { Double(entries.count + (hidden > 0 ? 1 : 0)) * Self.row }

  /// Draws the entries in rows, and answers how high they are together.
  func drawBelow(on canvas: inout Canvas, left: Double, top: Double, width: Double) -> Double {
    guard !isEmpty else { return 0 }
    let edges = columns(in: width)
    for (index, entry) in entries.enumerated() {
      let (row, column) = index.quotientAndRemainder(dividingBy: edges.count - 1)
      draw(
        entry, on: &canvas, left: left + edges[column],
        middle: top + (Double(row) + 0.5) * Self.row,
        limit: limit(width))
    }
    let rows = Double(rows(in: width))
    drawRemark(on: &canvas, left: left, middle: top + (rows - 0.5) * Self.row)
    return rows * Self.row
  }

  /// Draws the entries one under another.
  func drawColumn(on canvas: inout Canvas, left: Double, top: Double) {
    for (index, entry) in entries.enumerated() {
      draw(
        entry, on: &canvas, left: left, middle: top + (Double(index) + 0.5) * Self.row, limit: 170)
    }
    drawRemark(on: &canvas, left: left, middle: top + columnHeight - 0.5 * Self.row)
  }

  private func draw(
    _ entry: Entry, on canvas: inout Canvas, left: Double, middle: Double, limit: Double
  ) {
    let (color, shape) = (Style.color(entry.style), Style.shape(entry.style))
    let (start, end) = (Numbers.coordinate(left), Numbers.coordinate(left + 26))
    let (center, height) = (Numbers.coordinate(left + (sample - 8) / 2), Numbers.coordinate(middle))
    if entry.hasLine {
      canvas.path(
        "M\(start) \(height)H\(end)", style: "\(color) line", attributes: Style.dash(entry.style))
    }
    if entry.hasMarker {
      canvas.path(
        "M\(center) \(height)" + shape.path(4), style: "\(color) \(shape.isOpen ? "open" : "full")")
    }
    let name = Markup.clean(entry.name)
    let shown = TextBox.truncated(name, width: limit, size: 12)
    canvas.text(
      shown, x: left + sample, y: middle + 4, style: "key",
      tooltip: shown == name ? "" : String(name.prefix(500)))
  }

  private func drawRemark(on canvas: inout Canvas, left: Double, middle: Double) {
    guard hidden > 0 else { return }
    canvas.text(remark, x: left + sample, y: middle + 4, style: "sub")
  }
}
