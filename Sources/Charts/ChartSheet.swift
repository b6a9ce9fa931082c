/// Charts that belong together, in one drawing.
package struct ChartSheet: Sendable, Equatable {
  /// The heading of the sheet.
  package var title: String
  /// The charts, from top to bottom.
  package var charts: [Chart]

  package init(title: String = "", charts: [Chart]) {
    self.title = title
    self.charts = charts
  }

  /// Two charts side by side, or any other number one under another.
  ///
  /// Where a name occurs in more than one chart it looks the same in all of them, and one legend
  /// serves the whole sheet.
  package var svg: String {
    let (gap, panelWidth) = (16.0, charts.count == 2 ? 500.0 : 720.0)
    let width = charts.count == 2 ? 2 * panelWidth + gap : panelWidth
    var canvas = Canvas()
    var bottom = 0.0
    if !title.isEmpty {
      bottom = 14
      for line in TextBox.wrapped(title, width: width - 40, size: 20, isBold: true, lines: 2) {
        bottom += 26
        canvas.text(line, x: Panel.margin, y: bottom - 6, style: "sheet")
      }
    }
    let names = sharedNames
    let panels = charts.map { panel($0, width: panelWidth, names: names) }
    let header = charts.count == 2 ? panels.map(\.headerHeight).max() : nil
    if panels.count == 2 {
      var height = 0.0
      for (index, panel) in panels.enumerated() {
        canvas.open("translate", x: Double(index) * (panelWidth + gap), y: bottom)
        height = max(height, panel.draw(on: &canvas, header: header))
        canvas.close()
      }
      bottom += height
    } else {
      for panel in panels {
        canvas.open("translate", x: 0, y: bottom)
        bottom += panel.draw(on: &canvas)
        canvas.close()
      }
    }
    if let names {
      let legend = Legend(sharedBy: charts, names: names)
      let room = width - 2 * Panel.margin
      bottom += legend.drawBelow(on: &canvas, left: Panel.margin, top: bottom, width: room) + 16
    }
    return canvas.document(
      width: width, height: max(bottom, 40), title: title.isEmpty ? "Charts" : title,
      description: charts.enumerated().map {
        "\($0 + 1). \($1.title.isEmpty ? "" : $1.title + ": ")\($1.summary)"
      }.joined(separator: " "))
  }

  private func panel(_ chart: Chart, width: Double, names: [String]?) -> Panel {
    guard let names else {
      return Panel(
        chart: chart, width: width, styles: Array(chart.series.indices), legend: Legend(chart))
    }
    let styles = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    return Panel(
      chart: chart, width: width, styles: chart.series.map { styles[$0.name] ?? 0 }, legend: nil)
  }

  /// All names by first appearance, if any of them occurs in more than one chart.
  private var sharedNames: [String]? {
    var (names, seen): ([String], Set<String>) = ([], [])
    var isShared = false
    for chart in charts where chart.kind != .heatMap {
      var own: Set<String> = []
      for name in chart.series.map(\.name) where own.insert(name).inserted {
        if seen.insert(name).inserted { names.append(name) } else { isShared = true }
      }
    }
    return isShared ? names : nil
  }
}
