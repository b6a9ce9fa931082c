import Symbolic

/// The coordinates of the points of a piece on the axes that change within it.
struct LaneCoordinates: ~Copyable {
  let first: [Int]
  private let firstLane: Int
  private let count: Int
  private let coordinates: UnsafeMutablePointer<Int>
  /// The size that was solved for at each point.
  var solved: [Rational?]

  init(_ first: [Int], count: Int, firstLane: Int, _ axes: [AxisTable]) {
    self.first = first
    self.firstLane = firstLane
    self.count = count
    solved = Array(repeating: nil, count: count)
    let laneAxes = axes.count - firstLane
    coordinates = .allocate(capacity: max(1, laneAxes * count))
    // The last axis goes round every count of its values, the one before it with each round.
    var stride = 1
    for axis in (firstLane..<axes.count).reversed() {
      let target = coordinates + (axis - firstLane) * count
      let values = axes[axis].count
      var index = first[axis]
      // How far the point lies inside one value of this axis.
      var inside = 0
      var unit = 1
      for inner in ((axis + 1)..<axes.count).reversed() {
        inside += first[inner] * unit
        unit *= axes[inner].count
      }
      for lane in 0..<count {
        target[lane] = index
        inside += 1
        if inside == stride {
          inside = 0
          index += 1
          if index == values { index = 0 }
        }
      }
      let (next, overflow) = stride.multipliedReportingOverflow(by: values)
      stride = overflow ? Int.max : next
    }
  }

  subscript(axis: Int, lane: Int) -> Int { coordinates[(axis - firstLane) * count + lane] }

  func deallocate() { coordinates.deallocate() }
}
