package import Symbolic

/// Maps of low rank beside a map that several layers share: `up(down(x))` is added to what it gives.
///
/// Each use of the shared map has a pair of its own; all are held where the shared map is.
///
/// - Source: Glorioso et al. 2024 (Zamba2), §2, <https://arxiv.org/abs/2411.15242>.
package struct Adapters: Hashable, Sendable {
  /// The name of the list, where the addition is shown.
  package var name: String
  /// The pair of one use, with `#` for its number.
  package var down: Linear
  /// The second map of the pair, `[T, rank]` to `[T, output]`, with `#` for the use.
  package var up: Linear
  /// The numbers of the uses that are held.
  package var uses: [Int]

  /// The only use that a pass makes of the map, where no other layer shares it; the pairs of the
  /// others are held in vain.
  package var onlyUse: Int?

  /// From `input` by `rank` to `output` elements.
  package init(
    _ name: String, _ input: Formula, _ output: Formula, rank: Formula, uses: [Int],
    onlyUse: Int? = nil
  ) {
    self.name = name
    self.onlyUse = onlyUse
    down = Linear("\(name).#.0", input, rank)
    up = Linear("\(name).#.1", rank, output)
    self.uses = uses
  }

  /// The tensors of all uses.
  package func weights(_ part: Part) -> [Weight] {
    uses.flatMap { use in
      [down, up].weights(part).map { weight in
        var copy = weight
        copy.name = weight.name.replacing("#", with: "\(use)")
        copy.isUnread = onlyUse.map { $0 != use } ?? false
        return copy
      }
    }
  }

  /// What the shared map gives for x, with the answer of the pair.
  func lower(_ x: Value, adding y: Value, _ program: inout ProgramBuilder) -> Value {
    program.add(y, program.map(program.map(x, down), up), name, as: .bias)
  }
}
