import Testing

@testable import Charts

@Suite struct ChartTests {
  @Test(arguments: Samples.odd.indices)
  func everyChartIsWellFormed(_ index: Int) {
    let svg = Samples.odd[index].svg
    #expect(XMLChecker.fault(in: svg) == nil)
    #expect(!svg.contains("nan") && !svg.contains("inf\""))
    #expect(svg.contains("<title>") && svg.contains("<desc>") && svg.contains("role=\"img\""))
    #expect(svg.hasPrefix("<svg ") && svg.contains("viewBox=\"0 0 720 "))
  }

  @Test func sheetsOfOddChartsAreWellFormed() {
    #expect(XMLChecker.fault(in: ChartSheet(charts: []).svg) == nil)
    #expect(XMLChecker.fault(in: ChartSheet(title: "All", charts: Samples.odd).svg) == nil)
  }

  @Test func checkerFindsFaults() {
    #expect(XMLChecker.fault(in: "<a><b></a></b>") != nil)
    #expect(XMLChecker.fault(in: "<a>&nbsp;</a>") != nil)
    #expect(XMLChecker.fault(in: "<a b=c/>") != nil)
    #expect(XMLChecker.fault(in: "<a b=\"1\" b=\"2\"/>") != nil)
    #expect(XMLChecker.fault(in: "<a/><b/>") != nil)
    #expect(XMLChecker.fault(in: "<a b=\"&lt;\"><c/></a>\n") == nil)
  }

  @Test func sameInputGivesTheSameText() {
    for chart in Samples.odd { #expect(chart.svg == chart.svg) }
    let sheet = ChartSheet(title: "Two", charts: [Samples.line, Samples.heatMap])
    #expect(sheet.svg == sheet.svg)
  }

  @Test func hostileWordsAreOnlyWords() {
    let name = Samples.hostile
    let axis = Chart.Axis(label: name, unit: name, categories: [name])
    let point = Chart.Point(x: 0, y: 0, label: name)
    for kind in [Chart.Kind.line, .scatter, .heatMap] {
      let chart = Chart(
        title: name, subtitle: name, kind: kind, x: axis, y: axis,
        series: [Chart.Series(name: name, points: [point])],
        marks: [Chart.Mark(x: 0, y: 0, label: name)], cells: [[1]],
        colorAxis: Chart.Axis(label: name, unit: name))
      for svg in [chart.svg, ChartSheet(title: name, charts: [chart, chart]).svg] {
        #expect(XMLChecker.fault(in: svg) == nil)
        #expect(!svg.contains("<script") && !svg.contains("<!--") && !svg.contains("\u{202E}"))
      }
    }
    #expect(Markup.escaped("<script>&\"'") == "&lt;script&gt;&amp;&quot;&#39;")
    #expect(Markup.escaped("a\u{0}b\nc\u{7F}\u{FFFF}") == "ab c")
  }

  @Test func nothingIsFetchedOrRun() {
    let svg = ChartSheet(charts: [Samples.line, Samples.heatMap]).svg
    for word in ["<script", "href", "url(", "@import", "@font-face"] {
      #expect(!svg.contains(word))
    }
    #expect(svg.contains("@media (prefers-color-scheme:dark)"))
  }

  @Test func largeScattersStaySmall() {
    var seed: UInt64 = 1
    func random() -> Double {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(seed >> 40)
    }
    let svg = Samples.lines((0..<10_000).map { _ in (random(), random()) }, kind: .scatter).svg
    #expect(svg.utf8.count < 150_000)
  }

  @Test func longLinesHaveNoMarkers() {
    func markers(_ count: Int) -> Int {
      let svg = Samples.lines((0..<count).map { (Double($0), 1) }).svg
      return svg.split(separator: "<path d=").count - 1
    }
    #expect(markers(60) == 60)
    #expect(markers(61) == 0)
  }

  @Test func cellsShowTheirValues() {
    let svg = Samples.heatMap.svg
    #expect(svg.contains(">5.50<") && svg.contains(">1.00<"))
    #expect(svg.contains("two, a: no value") && svg.contains("one, b: best"))
    #expect(HeatColors.color(0) == "#440154" && HeatColors.color(1) == "#fde725")
    #expect(HeatColors.wantsDarkInk(1) && !HeatColors.wantsDarkInk(0))
  }

  @Test func labelsOfMarksStayInside() {
    let scale = Scale()
    let frame = Frame(left: 50, top: 40, width: 300, height: 200, x: scale, y: scale)
    let corners = [(0.0, 0.0), (0, 1), (1, 0), (1, 1)]
    let places = corners.compactMap { frame.place(x: $0.0, y: $0.1) }
    var placement = MarkPlacement(frame: frame, obstacles: places, rings: places)
    for place in places {
      let box = placement.place(near: place, width: 120).box
      #expect(box.left >= 50 && box.left + box.width <= 350)
      #expect(box.top >= 40 && box.top + box.height <= 240)
      #expect(!places.contains { box.contains($0, margin: 4) })
    }
  }
}
