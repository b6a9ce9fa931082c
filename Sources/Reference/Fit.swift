import Architecture
import Symbolic

/// Sizes that have to fit each other before anything runs.
///
/// A description may say what no pass can do, as three heads over two groups of keys: the formulas
/// count it, and the executor refuses it.
extension Executor {
  /// The most layers, and experts of a layer, that are told apart.
  private static let most = 10_000

  /// - Throws: `ExecutionError.doesNotFit`, `.tooLarge`.
  func checkFit(_ group: LayerGroup) throws {
    let count = try group.indices.count.count(with: values)
    guard count <= Int128(Self.most) else {
      throw ExecutionError.tooLarge(what: "The number of layers")
    }
    for block in group.layer.repeats + group.layer.blocks {
      for branch in block.branches {
        switch branch.module {
        case .selfAttention(let module): try checkFit(module)
        case .latentAttention(let module):
          try require(
            extent(module.rotarySize).isMultiple(of: 2), "an odd number of rotated channels")
        case .mixtureOfExperts(let module): try checkFit(module)
        case .recurrent(let module): try checkFit(module)
        default: continue
        }
      }
    }
  }

  private func require(_ fits: Bool, _ what: String) throws {
    guard fits else {
      throw ExecutionError.notExecuted(modelType: model.modelType, what: what)
    }
  }

  private func checkFit(_ attention: SelfAttention) throws {
    let (heads, groups) = (try extent(attention.heads), try extent(attention.keyValueHeads))
    try require(
      groups > 0 && heads.isMultiple(of: groups),
      "\(heads) query heads that \(groups) key-value heads do not divide")
    let size = try extent(attention.headSize)
    if case .rotary(let angles) = attention.position {
      let rotated = try extent(angles.size)
      try require(
        rotated.isMultiple(of: 2) && rotated <= size,
        "\(rotated) rotated channels of a head of \(size)")
    }
    let valueSize = try attention.valueSize.map { try extent($0) } ?? size
    let pieces =
      attention.convolution.map(\.pieces) ?? Array(attention.layout.pieces.joined())
    let width = try pieces.map { try extent(attention.width($0)) }.reduce(0, +)
    let given = try attention.inputs.map { try extent($0.output) }.reduce(0, +)
    try require(given == width, "input maps that do not give \(width) elements of heads")
    // Of experts each has a map of its own heads.
    let answered = heads / (try attention.routedQueries.map { try extent($0.active) } ?? 1)
    try require(
      extent(attention.output.input) == answered * valueSize,
      "an output map that does not take \(answered * valueSize) elements of heads")
    // Heads that are subtracted from each other stand side by side, two by two.
    let isHalved = attention.difference != nil
    try require(
      !isHalved || groups.isMultiple(of: 2) && heads.isMultiple(of: 2),
      "\(groups) heads of values in two halves")
    for norm in attention.norms {
      let numbers = norm.subject == .keys ? groups * size : heads * size
      let width = try norm.shape.last.map { try extent($0) } ?? 0
      // One vector for each head, or one for all of them.
      try require(
        width > 0 && [isHalved ? 2 * size : size, numbers].contains(width),
        "the width of the norm '\(norm.name)'")
    }
  }

  private func checkFit(_ mixture: MixtureOfExperts) throws {
    let experts = try extent(mixture.experts)
    guard experts <= Self.most else { throw ExecutionError.tooLarge(what: "The number of experts") }
    guard let groups = try mixture.router.groups.map({ try extent($0) }) else { return }
    try require(
      groups > 0 && experts.isMultiple(of: groups)
        && extent(mixture.router.groupBest) <= experts / groups,
      "\(experts) experts in \(groups) groups")
  }

  private func checkFit(_ mixer: RecurrentMixer) throws {
    switch mixer {
    case .shortConvolution, .gatedUnit, .channelDelta, .lightning, .matrixMemory, .receptance:
      break
    case .gatedDelta(let mixer):
      let (heads, keyHeads) = (try extent(mixer.rule.heads), try extent(mixer.rule.keyHeads))
      try require(
        keyHeads > 0 && heads.isMultiple(of: keyHeads),
        "value heads of a mixer that its key heads do not divide")
    case .selective(let mixer):
      let (channels, groups) = (try extent(mixer.scan.channels), try extent(mixer.scan.groups))
      try require(
        groups > 0 && channels.isMultiple(of: groups),
        "channels of a mixer that its heads do not divide")
    case .duality(let mixer):
      let (heads, groups) = (try extent(mixer.scan.heads), try extent(mixer.scan.groups))
      try require(
        groups > 0 && heads.isMultiple(of: groups),
        "heads of a mixer that its groups do not divide")
    }
  }
}
