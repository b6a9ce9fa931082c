import Symbolic

extension EarlyExits {
  /// Reads the threshold, and behind it each layer with the share that leaves: `0.9/3:0.2,7:0.3`.
  init?(_ pieces: [String]) {
    guard pieces.count == 2, Rational(decimal: pieces[0]) != nil else { return nil }
    self.init(layers: [], shares: [], threshold: .decimal(pieces[0]))
    var sum = Rational.zero
    for exit in pieces[1].split(separator: ",", omittingEmptySubsequences: false) {
      let halves = exit.split(separator: ":", omittingEmptySubsequences: false)
      guard halves.count == 2, let layer = Int(halves[0]), layer >= 0, layer < 1_000_000,
        layer > layers.last ?? -1, let share = Rational(decimal: halves[1]), share >= .zero,
        let more = try? sum.adding(share), more <= .one
      else { return nil }
      sum = more
      layers.append(layer)
      shares.append(share)
    }
  }
}
