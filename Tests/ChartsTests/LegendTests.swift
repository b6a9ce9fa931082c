import Testing

@testable import Charts

@Suite struct LegendTests {
  @Test func atMostTwentyEntries() {
    let svg = Samples.many(47).svg
    #expect(svg.contains(">series 19</text>") && !svg.contains(">series 20</text>"))
    #expect(svg.contains(">and 27 more<"))
    #expect(!Samples.many(20).svg.contains(" more<"))
  }

  @Test func longNamesAreCutAndKeptForThePointer() {
    var chart = Samples.line
    chart.series[0].name = String(repeating: "long name ", count: 30)
    let svg = chart.svg
    #expect(svg.contains("…</text>") && svg.contains("<title>long name long name"))
    let cut = TextBox.truncated(chart.series[0].name, width: 100, size: 12)
    #expect(cut.hasSuffix("…") && TextBox.width(cut, size: 12) <= 100)
  }

  @Test func namesWithoutLettersHaveNoEntry() {
    let legend = Legend([Legend.Entry(name: " \u{0}\n", style: 0, hasLine: true)])
    #expect(legend.isEmpty)
    #expect(legend.rows(in: 400) == 0)
  }

  @Test func equalNamesOfASheetLookAlike() {
    var other = Samples.line
    other.series.reverse()
    let svg = ChartSheet(charts: [Samples.line, other]).svg
    #expect(svg.split(separator: ">routed</text>").count == 2)
    let lines = svg.split(separator: "\n").filter { $0.contains("<title>dense</title>") }
    #expect(lines.count == 2 && lines.allSatisfy { $0.contains("s1 line") })
    var different = Samples.line
    different.series = [Chart.Series(name: "else", points: [Chart.Point(x: 1, y: 1)])]
    let apart = ChartSheet(charts: [Samples.line, different]).svg
    #expect(apart.contains(">else</text>") && apart.contains("class=\"s0 full\""))
  }

  @Test func seriesDifferWithoutColor() {
    let looks = (0..<56).map { "\(Style.color($0)) \(Style.shape($0)) \(Style.dash($0))" }
    #expect(Set(looks).count == looks.count)
    let shapes = (0..<8).map { "\(Style.shape($0)) \(Style.dash($0))" }
    #expect(Set(shapes).count == shapes.count)
  }

  @Test func titlesAreWrapped() {
    let title = String(repeating: "a title that goes on and on ", count: 20)
    let lines = TextBox.wrapped(title, width: 680, size: 16, isBold: true, lines: 3)
    #expect(lines.count == 3 && lines.last?.hasSuffix("…") == true)
    #expect(lines.allSatisfy { TextBox.width($0, size: 16, isBold: true) <= 680 })
    #expect(TextBox.wrapped("", width: 100, size: 12, lines: 2).isEmpty)
  }

  @Test func ticksThatTouchAreLeftOut() {
    var scale = Scale()
    scale.upper = 99
    let ticks = (0..<100).map { Tick(value: Double($0), label: "word \($0)") }
    let room = Scale.Room(length: 500, isHorizontal: true)
    let some = AxisLabels.thinned(ticks, on: scale, room: room)
    #expect(some.count > 5 && some.count < 20 && room.fits(some, on: scale))
  }
}
