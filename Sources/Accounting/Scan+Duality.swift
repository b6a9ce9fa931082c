import Architecture
import Symbolic

/// A state space with a decay for each head, as structured masked attention in chunks.
extension Scan.Duality {
  func work(_ part: Product.Part, _ stream: Stream) -> [Work] {
    let copies = stream.sequences * heads
    let (rows, headed) = (stream.rows, stream.rows * heads)
    // Δ = softplus(Δ + bias); A = 0 − e^(A_log) once; Δ·A; Δ·x; D·x, and its sum with y.
    let common =
      headed * ReferenceAlgorithms.softplus
      + OperationCounts([
        .add: headed + headed * headSize, .exp: heads, .subtract: heads,
        .multiply: headed + 2 * rows * heads * headSize,
      ])
    guard !stream.isStep else {
      let numbers = headed * headSize * state
      let step = OperationCounts([.exp: headed, .multiply: 2 * numbers, .add: numbers])
      return [
        Work("scan", Elementwise(.mixer, common + step)),
        Work("scan", Product(part, copies: copies, rows: headSize, inner: state, columns: 1)),
      ]
    }
    // Δ is kept between two bounds.
    let bounds = OperationCounts([.compare: 2 * headed])
    let count = stream.chunks(of: chunk)
    let all = copies * count
    let around = copies * (count + 1) * (count + 1)
    // Sums of decays within and between chunks, their exponentials, and what they multiply.
    let decays = OperationCounts([
      .add: all * (chunk + chunk * chunk) + around + all * chunk * headSize,
      .subtract: all * chunk, .exp: all * (chunk * chunk + 2 * chunk) + around,
      .multiply: all * (chunk * chunk + chunk * state + chunk * headSize),
    ])
    func product(_ m: Formula, _ k: Formula, _ n: Formula) -> Product {
      Product(part, copies: all, rows: m, inner: k, columns: n)
    }
    return [
      Work("scan", Elementwise(.mixer, common + bounds + decays)),
      Work("scan.scores", product(chunk, state, chunk)),
      Work("scan.values", product(chunk, chunk, headSize)),
      Work("scan.states", product(headSize, chunk, state)),
      Work(
        "scan.passing",
        Product(
          part, copies: copies, rows: count + 1, inner: count + 1, columns: headSize * state)),
      Work("scan.outputs", product(chunk, state, headSize)),
    ]
  }
}
