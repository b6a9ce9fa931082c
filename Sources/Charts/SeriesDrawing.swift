extension Panel {
  /// The most points of a line with a marker each.
  static let marked = 60
  /// The most points of a chart with words for a pointer each.
  private static let worded = 400

  /// Draws the lines and markers of all series, the first one at the back.
  func drawSeries(in frame: Frame, on canvas: inout Canvas) {
    let count = chart.series.reduce(0) { $0 + $1.points.count }
    for (series, style) in zip(chart.series, styles) where !series.points.isEmpty {
      if chart.joins(series) {
        drawLine(series, style: style, in: frame, on: &canvas)
        guard series.points.count <= Self.marked else { continue }
      }
      if count <= Self.worded {
        drawMarkers(series, style: style, in: frame, on: &canvas)
      } else {
        drawCloud(series, style: style, count: count, in: frame, on: &canvas)
      }
    }
  }

  /// A line through the points in their order; a value that cannot be drawn interrupts it.
  private func drawLine(
    _ series: Chart.Series, style: Int, in frame: Frame, on canvas: inout Canvas
  ) {
    let isCoarse = series.points.count > 1500
    // A point between two gaps has no line, yet must be seen.
    let dot = "m-1 0h2"
    var (commands, last, run) = ("", "", 0)
    for point in series.points {
      guard let place = frame.place(x: point.x, y: point.y) else {
        if run == 1 { commands += dot }
        run = 0
        last = ""
        continue
      }
      let text = Self.coordinates(place, isCoarse: isCoarse)
      guard text != last else { continue }
      commands += (run == 0 ? "M" : run == 1 ? "L" : " ") + text
      last = text
      run += 1
    }
    if run == 1 { commands += dot }
    guard !commands.isEmpty else { return }
    canvas.path(
      commands, style: "\(Style.color(style)) line", attributes: Style.dash(style),
      tooltip: series.name)
  }

  /// A marker for each point, with its words.
  private func drawMarkers(
    _ series: Chart.Series, style: Int, in frame: Frame, on canvas: inout Canvas
  ) {
    let shape = Style.shape(style)
    let path = shape.path(chart.joins(series) ? 3.6 : 4.2)
    canvas.open(style: "\(Style.color(style)) \(shape.isOpen ? "open" : "full")")
    for point in series.points {
      guard let place = frame.place(x: point.x, y: point.y) else { continue }
      canvas.path(
        "M" + Self.coordinates(place) + path,
        tooltip: point.label.isEmpty ? words(point, of: series) : point.label)
    }
    canvas.close()
  }

  /// All points of a series in one path, each place once.
  private func drawCloud(
    _ series: Chart.Series, style: Int, count: Int, in frame: Frame, on canvas: inout Canvas
  ) {
    let shape = Style.shape(style)
    let radius = count > 4000 ? 1.8 : count > 1500 ? 2.4 : 3
    // A stroke without a length but with round ends is the shortest circle.
    let isDot = shape == .circle
    let path = isDot ? "h0" : shape.path(radius)
    var commands = ""
    var seen: Set<String> = []
    for point in series.points {
      guard let place = frame.place(x: point.x, y: point.y) else { continue }
      let text = Self.coordinates(place, isCoarse: count > 1500)
      if seen.insert(text).inserted { commands += "M" + text + path }
    }
    guard !commands.isEmpty else { return }
    let width = isDot ? Numbers.coordinate(radius * 2) : shape.isOpen ? "1.2" : "0.4"
    canvas.path(
      commands, style: "\(Style.color(style)) \(isDot ? "dots" : "cloud") many",
      attributes: (shape.isOpen ? " fill-opacity=\"0\"" : "") + " stroke-width=\"\(width)\"",
      tooltip: series.name)
  }

  private func words(_ point: Chart.Point, of series: Chart.Series) -> String {
    let values = Self.word(point.x, on: chart.x) + ", " + Self.word(point.y, on: chart.y)
    return series.name.isEmpty ? values : "\(series.name): \(values)"
  }

  /// A value on an axis as a word or a short number.
  static func word(_ value: Double, on axis: Chart.Axis) -> String {
    guard let value = Numbers.drawable(value) else { return "no value" }
    if let index = Int(exactly: value), axis.categories.indices.contains(index) {
      return axis.categories[index]
    }
    return NumberLabel.short(value, unit: axis.unit)
  }

  private static func coordinates(_ place: Place, isCoarse: Bool = false) -> String {
    isCoarse
      ? "\(Numbers.coordinate(place.x.rounded())) \(Numbers.coordinate(place.y.rounded()))"
      : "\(Numbers.coordinate(place.x)) \(Numbers.coordinate(place.y))"
  }
}
