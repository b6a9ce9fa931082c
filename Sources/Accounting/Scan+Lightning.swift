import Architecture
import Symbolic

/// Linear attention with a fixed decay for each head, in blocks.
///
/// - Source: MiniMax 2025, §2.2, <https://arxiv.org/abs/2501.08313>.
extension Scan.Lightning {
  func work(_ part: Product.Part, _ stream: Stream) -> [Work] {
    let copies = stream.sequences * heads
    let (rows, square) = (stream.rows * heads, size * size)
    guard stream.workload.past == 0 else {
      let counts = OperationCounts([
        .exp: heads, .subtract: heads, .multiply: rows * square, .add: rows * square,
      ])
      return [
        Work("scan", Elementwise(.mixer, counts)),
        Work("scan.writes", Product(part, copies: rows, rows: size, inner: 1, columns: size)),
        Work("scan.reads", Product(part, copies: rows, rows: 1, inner: size, columns: size)),
      ]
    }
    // Whole blocks, and one of what is left.
    let whole = Formula.floor(stream.tokens / block)
    let rest = stream.tokens - whole * block
    let squares = whole * block * block + rest * rest
    let blocks = stream.chunks(of: block)
    let counts = OperationCounts([
      .multiply: copies * squares + 2 * rows * size + copies * blocks * square,
      .add: rows * size + copies * blocks * square,
      .exp: heads * blocks, .subtract: heads * blocks,
    ])
    return [
      Work("scan", Elementwise(.mixer, counts)),
      Work("scan.scores", Product(part, copies: copies, rows: squares, inner: size, columns: 1)),
      Work("scan.values", Product(part, copies: copies, rows: squares, inner: 1, columns: size)),
    ]
      + stream.startingFromZero(
        first: copies * .minimum(stream.tokens, block), of: rows
      ) { Work("scan.reads", Product(part, copies: $0, rows: 1, inner: size, columns: size)) }
      + stream.endingUnused(
        last: copies * (stream.tokens - (blocks - 1) * block), of: rows
      ) { Work("scan.writes", Product(part, copies: $0, rows: size, inner: 1, columns: size)) }
  }
}
