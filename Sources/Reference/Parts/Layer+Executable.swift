import Architecture
import Kernels

extension Layer {
  /// Runs the layer on the residual stream `[rows, d]`, in place.
  func run(
    _ x: Matrix, _ flow: Flow, _ state: LayerState, at path: String, on executor: Executor
  ) throws {
    guard let router else {
      for block in blocks {
        try executor.scratch.scoped {
          try block.run(x, flow, state, at: path, on: executor)
        }
      }
      return
    }
    let entering = try executor.scratch.scoped {
      try router.choose(x, flow, state, at: path, on: executor)
    }
    // All sequences together, because experts have so many places for the tokens of a pass. Where
    // nobody enters the parts run on no row, and ask for their weights.
    let (rows, scores) = (entering.flatMap(\.rows), entering.flatMap(\.scores))
    let inner = Flow(
      sequences: flow.sequences, lengths: entering.map(\.rows.count),
      positions: rows.map { flow.positions[$0] }, identifiers: rows.map { flow.identifiers[$0] },
      pass: flow.pass)
    for (index, sequence) in flow.sequences.enumerated() {
      let before = state.entered[sequence] ?? 0
      executor.meter.decided(path, entered: inner.lengths[index], past: before)
      state.entered[sequence] = before + inner.lengths[index]
    }
    try executor.scratch.scoped {
      let scratch = executor.scratch
      let stream = scratch.matrix(rows.count, x.columns)
      for (place, row) in rows.enumerated() {
        stream.row(place).update(from: x.row(row), count: x.columns)
      }
      // f = a + m, while the second block sees x + a.
      var sum: Matrix?
      for (number, block) in blocks.enumerated() {
        let name = block.residualPath(path)
        let branch = try block.branch(stream, inner, state, at: path, on: executor)
        if let sum { executor.add(branch, to: sum, name) } else { sum = scratch.copy(branch) }
        if number + 1 < blocks.count { executor.add(branch, to: stream, name) }
      }
      guard let sum else { return }
      // x + r·f, in the two halves that the router's weighting has.
      let name = path.appending("mod_router")
      executor.multiplyRows(sum, by: scores, name)
      executor.addScaled(sum, nil, to: x, at: rows, name)
    }
  }
}

extension Block {
  func residualPath(_ path: String) -> String {
    path.appending((branches.first?.path ?? "").appending("residual"))
  }

  /// `x ← x + out(Σ branch(in(x)))`, in place.
  func run(
    _ x: Matrix, _ flow: Flow, _ state: LayerState, at path: String, on executor: Executor
  ) throws {
    let answer = try branch(x, flow, state, at: path, on: executor)
    executor.add(answer, to: x, residualPath(path))
    if normsSum {
      for norm in outputNorms { try executor.normalize(x, norm, at: path) }
    }
  }

  /// What is added to the residual stream.
  func branch(
    _ x: Matrix, _ flow: Flow, _ state: LayerState, at path: String, on executor: Executor
  ) throws -> Matrix {
    let inputs = try inputNorms.map { norm in
      let y = executor.scratch.copy(x)
      try executor.normalize(y, norm, at: path)
      return y
    }
    var sum: Matrix?
    for (index, branch) in branches.enumerated() {
      let input = inputs.isEmpty ? x : inputs[inputs.count == branches.count ? index : 0]
      let answer = try branch.module.run(
        input, flow, state, at: path.appending(branch.path), on: executor)
      if outputNorms.count == branches.count, !normsSum {
        try executor.normalize(answer, outputNorms[index], at: path)
      }
      if let sum { executor.add(answer, to: sum, residualPath(path)) } else { sum = answer }
    }
    guard let sum else { preconditionFailure("\(path) has a block without branches") }
    if isScaled { executor.scale(sum, by: Constants.residualScale, residualPath(path)) }
    return sum
  }
}

extension Module {
  /// Runs a module of a layer: from `[rows, d]` to `[rows, d]`.
  func run(
    _ x: Matrix, _ flow: Flow, _ state: LayerState, at path: String, on executor: Executor
  ) throws -> Matrix {
    switch self {
    case .selfAttention(let module): try module.run(x, flow, state, at: path, on: executor)
    case .latentAttention(let module): try module.run(x, flow, state, at: path, on: executor)
    case .feedForward(let module): try module.run(x, at: path, on: executor)
    case .mixtureOfExperts(let module): try module.run(x, flow, at: path, on: executor)
    case .mixer(let module): try module.run(x, flow, state, at: path, on: executor)
    case .linear(let module): try executor.linear(x, module, at: path)
    case .embedding, .normalization, .head, .depthRouter:
      preconditionFailure("an obstacle names such a branch of a layer")
    }
  }
}
