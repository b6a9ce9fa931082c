/// Axes with their grid and their words.
enum AxisLabels {
  /// The greatest width of a word beside or under an axis.
  static let most = 150.0

  /// Every n-th tick, with the least n at which no label touches the next.
  static func thinned(_ ticks: [Tick], on scale: Scale, room: Scale.Room) -> [Tick] {
    for step in 1...max(1, ticks.count) {
      let some = stride(from: 0, to: ticks.count, by: step).map { ticks[$0] }
      if room.fits(some, on: scale) { return some }
    }
    return Array(ticks.prefix(1))
  }

  /// Draws grid, axes and labels, and answers where the labels end below.
  static func draw(_ frame: Frame, isEmpty: Bool, on canvas: inout Canvas) -> Double {
    for tick in frame.y.ticks {
      let y = frame.vertical(tick.value)
      canvas.line(x1: frame.left, y1: y, x2: frame.right, y2: y, style: "grid")
      drawRow(tick.label, right: frame.left - 8, middle: y, on: &canvas)
    }
    let bottom = drawColumns(frame, hasGrid: true, on: &canvas)
    for value in frame.y.minor {
      let y = frame.vertical(value)
      canvas.line(x1: frame.left - 3, y1: y, x2: frame.left, y2: y, style: "axis")
    }
    for value in frame.x.minor {
      let x = frame.horizontal(value)
      canvas.line(x1: x, y1: frame.bottom, x2: x, y2: frame.bottom + 3, style: "axis")
    }
    let (left, right) = (Numbers.coordinate(frame.left), Numbers.coordinate(frame.right))
    let (top, base) = (Numbers.coordinate(frame.top), Numbers.coordinate(frame.bottom))
    canvas.path("M\(left) \(top)V\(base)H\(right)", style: "axis")
    if !frame.y.isLogarithmic, frame.y.lower < 0, frame.y.upper > 0 {
      let zero = frame.vertical(0)
      canvas.line(x1: frame.left, y1: zero, x2: frame.right, y2: zero, style: "axis")
    }
    if isEmpty {
      canvas.text(
        "no data", x: frame.left + frame.width / 2, y: frame.top + frame.height / 2, style: "sub",
        anchor: .middle)
    }
    return bottom
  }

  /// Writes a word to the left of the values.
  static func drawRow(_ label: String, right: Double, middle: Double, on canvas: inout Canvas) {
    let shown = TextBox.truncated(label, width: most, size: 11)
    canvas.text(
      shown, x: right, y: middle + 4, style: "tick", anchor: .end,
      tooltip: shown == label ? "" : label)
  }

  /// How far the first labels would reach beyond the drawing, if they were turned.
  static func overhang(_ frame: Frame) -> Double {
    guard areTurned(frame.x.ticks, in: frame) else { return 0 }
    return frame.x.ticks.map { tick in
      let width = TextBox.width(TextBox.truncated(tick.label, width: 120, size: 11), size: 11)
      return 0.77 * width + 4 - frame.horizontal(tick.value)
    }.reduce(0, max)
  }

  /// Whether words have no place side by side; short ones are left out instead.
  private static func areTurned(_ ticks: [Tick], in frame: Frame) -> Bool {
    let room = Scale.Room(length: frame.width, isHorizontal: true)
    return ticks.contains { $0.label.unicodeScalars.count > 4 } && !room.fits(ticks, on: frame.x)
  }

  /// Writes the labels under the values, turned if they have no place side by side.
  static func drawColumns(_ frame: Frame, hasGrid: Bool, on canvas: inout Canvas) -> Double {
    var room = Scale.Room(length: frame.width, isHorizontal: true)
    let shown = frame.x.ticks.map { tick in
      let label = TextBox.truncated(tick.label, width: most, size: 11)
      return (full: tick.label, tick: Tick(value: tick.value, label: label))
    }
    let isTurned = areTurned(shown.map(\.tick), in: frame)
    room.isHorizontal = !isTurned
    let chosen = Set(thinned(shown.map(\.tick), on: frame.x, room: room).map(\.value))
    var bottom = frame.bottom + 18
    for (full, tick) in shown where chosen.contains(tick.value) {
      let x = frame.horizontal(tick.value)
      if hasGrid {
        canvas.line(x1: x, y1: frame.top, x2: x, y2: frame.bottom, style: "grid")
        canvas.line(x1: x, y1: frame.bottom, x2: x, y2: frame.bottom + 5, style: "axis")
      }
      guard isTurned else {
        canvas.text(
          tick.label, x: x, y: frame.bottom + 18, style: "tick", anchor: .middle,
          tooltip: full == tick.label ? "" : full)
        continue
      }
      // A turned word must not begin left of the drawing; 0.77 and 0.65 belong to 40 degrees.
      let label = TextBox.truncated(full, width: min(120, (x - 4) / 0.77), size: 11)
      bottom = max(bottom, frame.bottom + 11 + 0.65 * TextBox.width(label, size: 11))
      canvas.text(
        label, x: x + 4, y: frame.bottom + 15, style: "tick", anchor: .end, isTurned: true,
        tooltip: full == label ? "" : full)
    }
    return frame.x.ticks.isEmpty ? frame.bottom : bottom
  }
}
