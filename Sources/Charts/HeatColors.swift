/// A sequence of colours that grows evenly lighter, for every kind of eye: viridis.
enum HeatColors {
  private static let anchors: [(Double, Double, Double)] = [
    (68, 1, 84), (72, 36, 117), (65, 68, 135), (53, 95, 141), (42, 120, 142), (33, 145, 140),
    (34, 168, 132), (68, 191, 112), (122, 209, 81), (189, 223, 38), (253, 231, 37),
  ]

  /// The colour of a share from 0 to 1.
  static func color(_ share: Double) -> String {
    let (red, green, blue) = parts(share)
    return "#"
      + [red, green, blue].map { part in
        let digits = String(Int(part.rounded()), radix: 16)
        return digits.utf8.count < 2 ? "0" + digits : digits
      }.joined()
  }

  /// Whether dark letters are easier to read on the colour than white ones.
  static func wantsDarkInk(_ share: Double) -> Bool {
    func linear(_ part: Double) -> Double {
      part <= 10 ? part / 255 / 12.92 : Numbers.power((part / 255 + 0.055) / 1.055, 2.4)
    }
    let (red, green, blue) = parts(share)
    let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    return (luminance + 0.05) / 0.058 > 1.05 / (luminance + 0.05)
  }

  private static func parts(_ share: Double) -> (Double, Double, Double) {
    let place = max(0, min(1, share)) * Double(anchors.count - 1)
    let index = min(anchors.count - 2, Int(place))
    let (low, high, rest) = (anchors[index], anchors[index + 1], place - Double(index))
    return (
      low.0 + (high.0 - low.0) * rest, low.1 + (high.1 - low.1) * rest,
      low.2 + (high.2 - low.2) * rest
    )
  }
}
