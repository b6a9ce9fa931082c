/// The bar beside a heat map that says which colour means which value.
struct HeatBar {
  private static let thickness = 14.0
  private static let height = 180.0

  let scale: Scale
  private let lines: [String]

  init(axis: Chart.Axis, values: [Double]) {
    lines = TextBox.wrapped(Panel.label(axis), width: 120, size: 12, lines: 4)
    scale = Scale(
      axis, values: values, room: Scale.Room(length: Self.height, isHorizontal: false, spacing: 28),
      isTight: true)
  }

  /// The width of the bar with all its words.
  var width: Double {
    let labels = scale.ticks.map { TextBox.width($0.label, size: 11) }.max() ?? 0
    let words = lines.map { TextBox.width($0, size: 12) }.max() ?? 0
    return max(Self.thickness + 9 + labels, words)
  }

  /// Draws the bar, and answers where it ends below.
  func draw(on canvas: inout Canvas, left: Double, top: Double, beside frame: Frame) -> Double {
    for (index, line) in lines.enumerated() {
      canvas.text(line, x: left, y: top + 10 + 16 * Double(index), style: "label")
    }
    let top = top + (lines.isEmpty ? 0 : 16 * Double(lines.count) + 6)
    let height = max(80, min(Self.height, frame.bottom - top - 1.5))
    let steps = 60
    for step in 0..<steps {
      let share = (Double(steps - step) - 0.5) / Double(steps)
      let (from, to) = (Double(step) / Double(steps), Double(step + 1) / Double(steps))
      // Each stripe reaches a little under the next one, so that no seam shows.
      canvas.rectangle(
        x: left, y: top + from * height, width: Self.thickness,
        height: (to - from) * height + (step + 1 < steps ? 0.6 : 0),
        fill: HeatColors.color(scale.upper > scale.lower ? share : 0.5))
    }
    let room = Scale.Room(length: height, isHorizontal: false)
    for tick in AxisLabels.thinned(scale.ticks, on: scale, room: room) {
      let y = top + height * (1 - scale.fraction(tick.value))
      canvas.line(
        x1: left + Self.thickness, y1: y, x2: left + Self.thickness + 4, y2: y, style: "axis")
      canvas.text(tick.label, x: left + Self.thickness + 8, y: y + 4, style: "tick")
    }
    return top + height + 6
  }
}
