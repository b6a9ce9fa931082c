extension Panel {
  /// Rings points and writes their labels where they hide least, always inside the frame.
  func drawMarks(in frame: Frame, on canvas: inout Canvas) {
    let rings = chart.marks.compactMap { frame.place(x: $0.x, y: $0.y) }
    var placement = MarkPlacement(frame: frame, obstacles: obstacles(in: frame), rings: rings)
    for mark in chart.marks {
      guard let place = frame.place(x: mark.x, y: mark.y) else { continue }
      canvas.circle(x: place.x, y: place.y, radius: MarkPlacement.ring, style: "ring")
      let label = Markup.clean(mark.label)
      guard label.contains(where: { $0 != " " }) else { continue }
      let limit = min(260, frame.width - 16)
      let shown = TextBox.truncated(label, width: limit, size: 12, isBold: true)
      let spot = placement.place(
        near: place, width: TextBox.width(shown, size: 12, isBold: true))
      canvas.line(
        x1: spot.start.x, y1: spot.start.y, x2: spot.end.x, y2: spot.end.y, style: "lead")
      canvas.text(
        shown, x: spot.box.left + spot.box.width / 2, y: spot.box.top + 12, style: "note",
        anchor: .middle, tooltip: shown == label ? "" : label)
    }
  }

  /// What labels should not cover: the points, and places along the lines between them.
  private func obstacles(in frame: Frame) -> [Place] {
    var places: [Place] = []
    for series in chart.series {
      let step = max(1, series.points.count * chart.series.count / 2000)
      var last: Place?
      for index in stride(from: 0, to: series.points.count, by: step) {
        let point = series.points[index]
        guard let place = frame.place(x: point.x, y: point.y) else {
          last = nil
          continue
        }
        if chart.joins(series), let last {
          let count = min(100, Int(last.distance(to: place) / 6))
          for part in 0..<max(0, count) {
            let share = Double(part) / Double(count)
            places.append(
              Place(
                x: last.x + (place.x - last.x) * share, y: last.y + (place.y - last.y) * share))
          }
        }
        places.append(place)
        last = place
      }
    }
    return places
  }
}

/// Looks for the best place of one label after another.
struct MarkPlacement {
  static let ring = 7.5

  struct Box {
    var left: Double
    var top: Double
    var width: Double
    var height = 16.0

    func contains(_ place: Place, margin: Double) -> Bool {
      place.x > left - margin && place.x < left + width + margin && place.y > top - margin
        && place.y < top + height + margin
    }

    func overlaps(_ other: Box) -> Bool {
      left < other.left + other.width + 4 && other.left < left + width + 4
        && top < other.top + other.height + 2 && other.top < top + height + 2
    }
  }

  /// A label with the line that leads to it.
  struct Spot {
    var box: Box
    var start: Place
    var end: Place
  }

  let frame: Frame
  let obstacles: [Place]
  let rings: [Place]
  private var taken: [Spot] = []

  init(frame: Frame, obstacles: [Place], rings: [Place]) {
    self.frame = frame
    self.obstacles = obstacles
    self.rings = rings
  }

  /// The sixteen directions in the order they are liked, as parts of a circle's radius.
  private static let directions: [(x: Double, y: Double)] = [
    (0.71, -0.71), (-0.71, -0.71), (0.71, 0.71), (-0.71, 0.71), (0, -1), (0, 1), (1, 0), (-1, 0),
    (0.92, -0.38), (-0.92, -0.38), (0.92, 0.38), (-0.92, 0.38), (0.38, -0.92), (-0.38, -0.92),
    (0.38, 0.92), (-0.38, 0.92),
  ]

  mutating func place(near point: Place, width: Double) -> Spot {
    var (best, cost) = (spot(near: point, width: width, direction: (0, -1), length: 20), 1e9)
    for length in [20.0, 32, 48, 72, 104] {
      for (order, direction) in Self.directions.enumerated() {
        let spot = spot(near: point, width: width, direction: direction, length: length)
        let own = self.cost(of: spot, point) + length * 0.05 + Double(order) * 0.1
        if own < cost { (best, cost) = (spot, own) }
      }
    }
    taken.append(best)
    return best
  }

  /// A label at the end of a line, moved into the frame if it would leave it.
  private func spot(
    near point: Place, width: Double, direction: (x: Double, y: Double), length: Double
  ) -> Spot {
    let end = Place(x: point.x + direction.x * length, y: point.y + direction.y * length)
    let isBeside = direction.x.magnitude > 0.5
    var box = Box(left: end.x - width / 2, top: end.y - 8, width: width)
    if isBeside {
      box.left = direction.x > 0 ? end.x + 3 : end.x - 3 - width
    } else {
      box.top = direction.y < 0 ? end.y - 17 : end.y + 1
    }
    box.left = max(frame.left + 4, min(frame.right - width - 4, box.left))
    box.top = max(frame.top + 2, min(frame.bottom - box.height - 2, box.top))
    let start = Place(
      x: point.x + direction.x * Self.ring, y: point.y + direction.y * Self.ring)
    return Spot(box: box, start: start, end: end)
  }

  private func cost(of spot: Spot, _ point: Place) -> Double {
    var cost = 0.0
    // A label that was moved no longer meets its line.
    let isAttached =
      spot.box.contains(spot.end, margin: 4) && !spot.box.contains(point, margin: 10)
      && spot.end.x >= frame.left && spot.end.x <= frame.right
    if !isAttached { cost += 400 }
    cost += Double(rings.filter { spot.box.contains($0, margin: 9) }.count) * 80
    cost += Double(taken.filter { $0.box.overlaps(spot.box) }.count) * 200
    for other in taken {
      for share in [0.25, 0.5, 0.75, 1] {
        let x = other.start.x + (other.end.x - other.start.x) * share
        let y = other.start.y + (other.end.y - other.start.y) * share
        if spot.box.contains(Place(x: x, y: y), margin: 1) { cost += 10 }
      }
    }
    let middle = Place(x: (spot.start.x + spot.end.x) / 2, y: (spot.start.y + spot.end.y) / 2)
    for place in obstacles {
      if spot.box.contains(place, margin: 5) { cost += 6 }
      if place.distance(to: middle) < 5 || place.distance(to: spot.end) < 5 { cost += 1 }
    }
    return cost
  }
}
