/// The rectangle of a drawing in which the values lie.
struct Frame {
  var left: Double
  var top: Double
  var width: Double
  var height: Double
  var x: Scale
  var y: Scale

  var right: Double { left + width }
  var bottom: Double { top + height }

  func horizontal(_ value: Double) -> Double { left + x.fraction(value) * width }

  func vertical(_ value: Double) -> Double { bottom - y.fraction(value) * height }

  /// The place of a point, if both of its values can be drawn.
  func place(x: Double, y: Double) -> Place? {
    guard let x = Numbers.drawable(x), let y = Numbers.drawable(y) else { return nil }
    return Place(x: horizontal(x), y: vertical(y))
  }
}

/// A place in the drawing, counted from its upper left corner.
struct Place: Equatable {
  var x: Double
  var y: Double

  func distance(to other: Place) -> Double {
    let (x, y) = (x - other.x, y - other.y)
    return (x * x + y * y).squareRoot()
  }
}
