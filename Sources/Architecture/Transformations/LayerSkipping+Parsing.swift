import Symbolic

extension LayerSkipping {
  /// Reads `p`, then perhaps how it goes up to that, and when: `0.2/exponential/always`.
  init?(_ pieces: [String]) {
    guard let most = Rational(decimal: pieces[0]), most > .zero, most <= .one else { return nil }
    var rest = pieces.dropFirst()
    self.init(most: most, curve: .constant, draw: .inTraining)
    if let word = rest.first.flatMap({ Curve(rawValue: $0) }) {
      curve = word
      rest.removeFirst()
    }
    if let word = rest.first.flatMap({ DepthRouter.Draw(rawValue: $0) }) {
      draw = word
      rest.removeFirst()
    }
    guard rest.isEmpty else { return nil }
  }
}
