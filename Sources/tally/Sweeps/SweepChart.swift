import Accounting
import Architecture
import Charts
import Sweeping
import Symbolic

/// How a sweep is drawn.
enum PlotKind: String, CaseIterable {
  /// By what varies: lines over one axis, a heat map over two long ones, points over a figure.
  case auto
  case line
  case scatter
  case heatmap
}

/// A sweep as a drawing: one panel for each column.
struct SweepChart {
  let sweep: Sweep
  let rows: [SweepRow]
  let baseline: [FigureName: Rational]
  let model: Model
  /// The axis or column that stands on the x axis, if one was named.
  let x: Query?
  let kind: PlotKind
  /// The columns that are drawn.
  let columns: [Int]

  var svg: String {
    let charts = columns.map { chart($0) }
    guard charts.count != 1, !charts.isEmpty else { return charts.first?.svg ?? Chart().svg }
    return ChartSheet(title: title, charts: charts).svg
  }

  /// The panels in characters, one below the other.
  func characters(width: Int) -> String {
    let charts = columns.map { chart($0) }
    guard charts.count > 1 else { return charts.first?.characters(width: width) ?? "" }
    return "\(title)\n\n" + charts.map { $0.characters(width: width) }.joined(separator: "\n")
  }

  private var title: String {
    let figures = columns.map { label(sweep.columns[$0]) }.joined(separator: ", ")
    guard xAxis == nil, let over = sweep.columns.first(where: { $0.query == x }) else {
      return "\(model.name): \(figures)"
    }
    return "\(model.name): \(figures) over \(label(over))"
  }

  /// The pass, where the column is of one.
  private func subtitle(_ column: Int) -> String {
    sweep.columns[column].query.isOfPass ? PassLine.text(sweep) : ""
  }

  /// The axes that have more than one value.
  private var varying: [Int] {
    sweep.grid.axes.indices.filter { sweep.grid.axes[$0].values.count > 1 }
  }

  /// The axis on the x axis: the one named, else the longest with numbers.
  private var xAxis: Int? {
    if case .name(.axis(let axis))? = x { return axis }
    guard x == nil else { return nil }
    let numeric = varying.filter { sweep.grid.axes[$0].values.isNumeric }
    let longest = (numeric.isEmpty ? varying : numeric).max {
      sweep.grid.axes[$0].values.count <= sweep.grid.axes[$1].values.count
    }
    return longest ?? (sweep.grid.axes.isEmpty ? nil : 0)
  }

  private func chart(_ column: Int) -> Chart {
    // Over a figure, the first axis names the series, and the others scatter their points.
    let others = xAxis == nil ? Array(varying.prefix(1)) : varying.filter { $0 != xAxis }
    let isGrid = varying.count == 2 && x == nil
    // A few lines read better than a grid of as many rows.
    let isLong = varying.allSatisfy { sweep.grid.axes[$0].values.count >= 4 }
    let cells = varying.reduce(1 as Int128) { $0 * Int128(sweep.grid.axes[$1].values.count) }
    if kind == .heatmap || kind == .auto && isGrid && isLong, varying.count == 2, cells <= 100_000 {
      return heatMap(column)
    }
    var chart = Chart(title: columns.count > 1 ? "" : title, subtitle: subtitle(column))
    // Nothing lies between two words.
    let hasWords = xAxis.map { !sweep.grid.axes[$0].values.isNumeric } ?? true
    chart.kind = kind == .scatter || kind == .auto && hasWords ? .scatter : .line
    chart.series = series(column, by: others)
    chart.y = axis(sweep.columns[column])
    if xAxis != nil, let spread = chart.spread, spread < 100 { chart.y.isLogarithmic = false }
    if xAxis != nil { chart.y.startsAtZero = chart.y.isLogarithmic == false }
    chart.x = xLabel
    if let mark = baselineMark(column) { chart.marks = [mark] }
    return chart
  }

  // MARK: - Points

  private func series(_ column: Int, by others: [Int]) -> [Chart.Series] {
    var names: [String] = []
    var points: [String: [Chart.Point]] = [:]
    for row in rows {
      let coordinates = sweep.grid.coordinates(row.point)
      guard let x = xValue(row, coordinates), let y = row.values[column]?.approximate else {
        continue
      }
      let name = others.map { place($0, coordinates) }.joined(separator: ", ")
      let value = row.values[column].map { SweepText.short($0, sweep.columns[column].query) } ?? ""
      let all =
        sweep.grid.axes.indices.map { place($0, coordinates) }.joined(separator: ", ")
        + ": \(value)"
      if points[name] == nil { names.append(name) }
      points[name, default: []].append(Chart.Point(x: x, y: y, label: all))
    }
    return names.map { name in
      let own = points[name] ?? []
      let sorted = xAxis == nil ? own : own.sorted { $0.x < $1.x }
      return Chart.Series(name: name.isEmpty ? model.name : name, points: sorted)
    }
  }

  private func place(_ axis: Int, _ coordinates: [Int]) -> String {
    "\(sweep.grid.axes[axis].key) = \(sweep.grid.axes[axis].values[coordinates[axis]].text)"
  }

  private func xValue(_ row: SweepRow, _ coordinates: [Int]) -> Double? {
    if let xAxis {
      let axis = sweep.grid.axes[xAxis]
      return axis.values.isNumeric
        ? axis.values[coordinates[xAxis]].number?.approximate : Double(coordinates[xAxis])
    }
    guard let x, let column = sweep.columns.firstIndex(where: { $0.query == x }) else { return nil }
    return row.values[column]?.approximate
  }

  private var xLabel: Chart.Axis {
    if let xAxis {
      let axis = sweep.grid.axes[xAxis]
      guard !axis.values.isNumeric else {
        // Even steps are even on paper.
        return Chart.Axis(
          label: axis.key, isLogarithmic: axis.values.progression.map { _ in false })
      }
      return Chart.Axis(
        label: axis.key, categories: (0..<axis.values.count).map { axis.values[$0].text })
    }
    guard let x, let column = sweep.columns.first(where: { $0.query == x }) else {
      return Chart.Axis()
    }
    return axis(column)
  }

  private func axis(_ column: Sweep.Column) -> Chart.Axis {
    Chart.Axis(
      label: label(column), unit: column.query.unit)
  }

  /// What a column is called on paper.
  private func label(_ column: Sweep.Column) -> String {
    switch column.query.figure?.path {
    case "parameters.total": return "parameters"
    case "active.all": return "active parameters"
    case "kv_cache.bytes": return "KV cache"
    case "flops.total":
      switch sweep.subject.request.phase {
      case .prefill: return "FLOPs per forward pass"
      case .decode: return "FLOPs per sampled token"
      case .train: return "FLOPs per training step"
      }
    default: return column.heading
    }
  }

  /// The model as it is, where the x axis has a place for it.
  private func baselineMark(_ column: Int) -> Chart.Mark? {
    guard sweep.reference == nil, let figure = sweep.columns[column].query.figure,
      let y = baseline[figure]?.approximate
    else { return nil }
    if let xAxis {
      let key = sweep.grid.axes[xAxis].key
      guard let value = model.sizes.first(where: { $0.key == key })?.value.constant else {
        return nil
      }
      return Chart.Mark(
        x: value.approximate, y: y, label: "\(model.name): \(key) = \(value.exactText)")
    }
    guard case .name(.figure(let other))? = x, let value = baseline[other]?.approximate else {
      return nil
    }
    return Chart.Mark(x: value, y: y, label: model.name)
  }

  // MARK: - Heat maps

  private func heatMap(_ column: Int) -> Chart {
    let (down, across) = (varying[0], varying[1])
    let (rowAxis, columnAxis) = (sweep.grid.axes[down], sweep.grid.axes[across])
    var cells = [[Double?]](
      repeating: Array(repeating: nil, count: columnAxis.values.count),
      count: rowAxis.values.count)
    for row in rows {
      let coordinates = sweep.grid.coordinates(row.point)
      cells[coordinates[down]][coordinates[across]] = row.values[column]?.approximate
    }
    func words(_ axis: Axis) -> Chart.Axis {
      Chart.Axis(
        label: axis.key, categories: (0..<axis.values.count).map { axis.values[$0].text })
    }
    return Chart(
      title: columns.count > 1 ? label(sweep.columns[column]) : title,
      subtitle: subtitle(column), kind: .heatMap,
      x: words(columnAxis), y: words(rowAxis), cells: cells,
      colorAxis: axis(sweep.columns[column]))
  }
}

extension Chart {
  /// The greatest value over the least, if all are above zero.
  fileprivate var spread: Double? {
    let values = series.flatMap(\.points).map(\.y)
    guard let least = values.min(), let most = values.max(), least > 0 else { return nil }
    return most / least
  }
}

extension Rational {
  /// The nearest binary fraction, for drawing.
  var approximate: Double { Double(numerator) / Double(denominator) }
}

extension Query {
  /// What the answer is counted in.
  fileprivate var unit: String {
    if isBytes { return "bytes" }
    guard !isRatio, let figure, figure.unit != .ratio else { return "" }
    return figure.unit.rawValue
  }
}
