import Symbolic

extension FeedForward {
  /// `down(act(gate(x)) ∘ up(x))`, or `down(act(up(x)))`.
  ///
  /// Where the weight of an expert multiplies what goes into its map down, `weighing` is the path of
  /// the mixture.
  func lower(_ x: Value, _ program: inout ProgramBuilder, weighing: String? = nil) -> Value {
    if let reception { return lower(x, reception, function, &program) }
    var projected = inputs.map { program.map(x, $0) }
    if let adapters { projected[0] = adapters.lower(x, adding: projected[0], &program) }
    var (inner, factor) = (projected[0], isGated ? projected.last : nil)
    if isGated, projected.count == 1 {
      let halves = fusion.slices(width).map { program.slice(projected[0], $0) }
      (inner, factor) = (halves[0], halves[1])
    }
    if let innerBiases {
      inner = program.addVector(inner, innerBiases.gate, innerBiases.gate.name)
      factor = factor.map {
        program.addVector($0, innerBiases.factor, innerBiases.factor.name)
      }
    }
    if let gateScale, let map = inputs.first {
      inner = program.scale(inner, by: gateScale, map.name)
    }
    if let gateBound {
      inner = program.exceed(inner, deviations: gateBound, "activation")
    }
    var y: Value
    if let factorCaps, let up = factor {
      let bounded = program.bound(inner, by: factorCaps.gate, "activation", as: .activation)
      let gated = program.gate(bounded, by: inner, .logistic, "activation", as: .activation)
      let capped = program.bound(up, by: factorCaps.factor, "activation", as: .activation)
      y = program.multiply(gated, by: capped, "activation")
    } else if let clip, let up = factor {
      func bounded(_ x: Value) -> Value {
        program.clip(x, to: clip, "activation", isAboveOnly: true)
      }
      factor = program.clip(up, to: clip, "activation")
      if clipsBeforeFunction {
        y = program.activate(bounded(inner), function, slopes: vectors, times: factor)
      } else {
        let gate = bounded(program.activate(inner, function, slopes: vectors))
        y = program.activate(gate, .identity, times: factor)
      }
    } else {
      y = program.activate(inner, function, slopes: vectors, times: factor)
    }
    y = norms.reduce(y) { program.normalize($0, $1) }
    if let weighing { y = program.weigh(y, in: weighing) }
    y = program.map(y, output)
    return outputFactor.map { program.scale(y, by: LearnedScale($0), "scale") } ?? y
  }
}

extension FeedForward {
  /// `σ(receptance(x)) ∘ down(act(up(x)))`, each of a mix of its own with the token before.
  private func lower(
    _ x: Value, _ reception: Reception, _ function: Activation, _ program: inout ProgramBuilder
  ) -> Value {
    let before = program.previous(x)
    let mixed = program.interpolate(x, before, reception.mix, "mix", as: .activation)
    let gating = program.interpolate(x, before, reception.gate.mix, "mix", as: .activation)
    let inner = program.activate(program.map(mixed, inputs[0]), function)
    let y = program.map(inner, output)
    return program.gate(
      y, by: program.map(gating, reception.gate.map), .logistic, "mix", as: .activation)
  }
}

extension FeedForward.Fusion {
  /// Where the gate, and what it multiplies, stand in the row of a fused map.
  fileprivate func slices(_ width: Formula) -> [Slice] {
    switch self {
    case .gateFirst:
      [
        Slice(2 * width, first: 0, count: width), Slice(2 * width, first: width, count: width),
      ]
    case .gateLast:
      [
        Slice(2 * width, first: width, count: width), Slice(2 * width, first: 0, count: width),
      ]
    case .alternating:
      [
        Slice(axes: [width, 2], axis: 1, first: 0, count: 1),
        Slice(axes: [width, 2], axis: 1, first: 1, count: 1),
      ]
    }
  }
}
