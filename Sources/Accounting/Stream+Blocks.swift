import Architecture
import Symbolic

/// Sums over the positions of a sequence that is cut into blocks.
extension Stream {
  /// The pairs of new queries and the whole blocks that stand before or end at each of them.
  ///
  /// No more than `limit` of the blocks count for one query.
  func blockPairs(_ size: Formula, limit: Formula? = nil) -> Formula {
    Self.blocks(past + tokens, size, limit) - Self.blocks(past, size, limit)
  }

  /// The blocks that the new tokens complete.
  func newBlocks(_ size: Formula) -> Formula {
    .floor((past + tokens) / size) - .floor(past / size)
  }

  /// `Σ ⌊j/size⌋` for the first positions, with no more than `limit` in each term.
  private static func blocks(_ count: Formula, _ size: Formula, _ limit: Formula?) -> Formula {
    guard let limit else {
      let whole = Formula.floor(count / size)
      return size * (whole * (whole - 1) / 2) + whole * (count - whole * size + 1)
    }
    let rising = Formula.minimum(count, limit * size + size - 1)
    return blocks(rising, size, nil) + limit * (count - rising)
  }

  /// The pairs of the first positions of a sequence of which each sees blocks and their rest.
  static func kept(_ count: Formula, _ kept: Formula, _ size: Formula) -> Formula {
    // Up to there the blocks that are kept are all there are.
    let rising = Formula.minimum(count, kept + size - 1)
    return triangle(rising) + (count - rising) * kept + rests(count, size) - rests(rising, size)
  }

  /// `Σ (j mod size)` for the first positions.
  private static func rests(_ count: Formula, _ size: Formula) -> Formula {
    let whole = Formula.floor(count / size)
    return whole * (size * (size - 1) / 2) + triangle(count - whole * size)
  }
}

/// What a training step leaves out of the recurrences that carry a state from piece to piece.
extension Stream {
  /// The products of a state, of which the `first` of all meet a state of zeros without a gradient.
  func startingFromZero(
    first: Formula, of all: Formula, _ products: (Formula) -> Work
  ) -> [Work] {
    guard workload.phase == .train else { return [products(all)] }
    return [products(first).withGradients(1), products(all - first)]
  }

  /// The products that write a state, of which the `last` of all are read by nobody.
  func endingUnused(last: Formula, of all: Formula, _ products: (Formula) -> Work) -> [Work] {
    guard workload.phase == .train else { return [products(all)] }
    return [products(all - last), products(last).withoutGradients]
  }
}
