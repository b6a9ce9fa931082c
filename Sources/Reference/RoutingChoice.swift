/// What one router has chosen in a pass.
package struct RoutingChoice: Hashable, Sendable {
  /// Experts for tokens, or tokens for a block.
  package enum Choice: Hashable, Sendable {
    /// For each token that reached the layer, in order, the indices of its experts, best first.
    case experts([[Int]])
    /// For each sequence, the positions of the tokens that entered the layer, in order.
    case tokens([[Int]])
  }

  /// The part that chose, such as `model.layers.3.mlp`.
  package let path: String
  /// What was chosen.
  package let choice: Choice

  init(_ path: String, _ choice: Choice) {
    self.path = path
    self.choice = choice
  }
}

extension RoutingChoice {
  /// The choice of experts that took their tokens themselves, told token by token, best first.
  init(_ path: String, takers: [(rows: [Int], weights: [Float])], of count: Int) {
    var chosen = [[(expert: Int, weight: Float)]](repeating: [], count: count)
    for (expert, taken) in takers.enumerated() {
      for (row, weight) in zip(taken.rows, taken.weights) { chosen[row].append((expert, weight)) }
    }
    self.init(
      path,
      .experts(
        chosen.map { list in
          list.sorted { ($1.weight, $0.expert) < ($0.weight, $1.expert) }.map(\.expert)
        }))
  }
}
