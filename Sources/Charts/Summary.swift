extension Chart {
  /// The chart in words, for those who do not see it.
  var summary: String {
    var sentences = [opening]
    if !subtitle.isEmpty { sentences.append(subtitle) }
    if kind == .heatMap {
      let values = cells.joined().compactMap { $0.flatMap(Numbers.drawable) }
      let name = colorAxis.label.isEmpty ? "Values" : colorAxis.label
      sentences.append(Self.range(name, values, on: colorAxis))
    } else {
      let points = series.flatMap(\.points).filter {
        Numbers.drawable($0.x) != nil && Numbers.drawable($0.y) != nil
      }
      let names = series.prefix(Legend.most).map { TextBox.truncated($0.name, width: 80, size: 1) }
        .filter { !$0.isEmpty }
      let more = series.count > Legend.most ? ", and \(series.count - Legend.most) more" : ""
      let list = names.isEmpty ? "" : ": " + names.joined(separator: ", ") + more
      sentences.append("\(series.count) series of \(points.count) points\(list)")
      sentences.append(Self.range(x.label.isEmpty ? "x" : x.label, points.map(\.x), on: x))
      sentences.append(Self.range(y.label.isEmpty ? "y" : y.label, points.map(\.y), on: y))
    }
    let labels = marks.prefix(Legend.most).map(\.label).filter { !$0.isEmpty }
    if !labels.isEmpty { sentences.append("Marked: " + labels.joined(separator: ", ")) }
    return sentences.filter { !$0.isEmpty }
      .map { $0.hasSuffix(".") ? $0 : $0 + "." }.joined(separator: " ")
  }

  private var opening: String {
    let name =
      switch kind {
      case .line: "Line chart"
      case .scatter: "Scatter plot"
      case .heatMap: "Heat map"
      }
    guard kind != .heatMap else {
      let columns = max(cells.map(\.count).max() ?? 0, x.categories.count)
      return "\(name) of \(max(cells.count, y.categories.count)) rows and \(columns) columns"
    }
    return y.label.isEmpty || x.label.isEmpty ? name : "\(name) of \(y.label) against \(x.label)"
  }

  private static func range(_ name: String, _ values: [Double], on axis: Axis) -> String {
    guard let least = values.min(), let most = values.max() else { return "No data" }
    let (from, to) = (Panel.word(least, on: axis), Panel.word(most, on: axis))
    return from == to ? "\(name): \(from)" : "\(name): from \(from) to \(to)"
  }
}
