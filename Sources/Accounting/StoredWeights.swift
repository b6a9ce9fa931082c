import Architecture
import Symbolic

/// The bytes of the weights of a model in a format.
struct StoredWeights {
  /// What a weight is for a format.
  enum Kind: Hashable {
    /// A map of attention, a feed-forward layer, an expert or a mixer.
    case map(Map)
    /// The table of tokens; whether it is also the head.
    case table(isHead: Bool)
    case head
    /// A map of a router, or a matrix that no product takes.
    case wide
    /// A norm, a bias, a vector.
    case vector
  }

  /// Maps that mixtures of block types tell apart.
  enum Map: Hashable {
    case attentionQueries, attentionKeys, attentionValues, attentionFused, attentionOutput
    case feedForward, feedForwardOutput, expert, expertOutput, other
  }

  private let model: Model
  private let format: WeightFormat
  /// Query heads over key-value heads, where they are known.
  private let sharing: Rational?
  private let experts: Int128?
  /// The layers of a Llama of 70B or 72B.
  private let is70B: Bool
  private let layers: Formula
  private let hasExperts: Bool

  init(_ model: Model, _ format: WeightFormat) {
    self.model = model
    self.format = format
    layers = model.layerCount
    let branches = model.groups.flatMap(\.layer.branches)
    var sharing: Rational?
    var experts: Int128?
    for branch in branches {
      if case .selfAttention(let attention) = branch.module, sharing == nil {
        sharing = (attention.heads / attention.keyValueHeads).evaluated(in: model.values).constant
      }
      if case .mixtureOfExperts(let mixture) = branch.module, experts == nil {
        experts = mixture.experts.evaluated(in: model.values).wholeConstant
      }
    }
    hasExperts = branches.contains {
      if case .mixtureOfExperts = $0.module { true } else { false }
    }
    self.sharing = sharing
    self.experts = experts
    let count = layers.evaluated(in: model.values).wholeConstant
    is70B = count == 80 && (sharing ?? .one) > .one && experts == nil
  }

  /// The bytes of all parameters.
  var total: Formula {
    if let bytes = format.uniformBytes {
      return ParameterLedger(model).total * bytes
    }
    var sum: Formula = 0
    for branch in model.head + model.tail where !branch.isBorrowed {
      for weight in branch.weights where !weight.isBuffer {
        sum += weight.count * bytes(of: weight, in: branch, nil)
      }
    }
    for group in model.groups {
      for branch in group.layer.branches {
        for weight in branch.weights where !weight.isBuffer {
          sum += group.indices.count * weight.count * bytes(of: weight, in: branch, group.indices)
        }
      }
    }
    return sum
  }

  /// The bytes of one number of a weight, in the mean over the layers that have it.
  func bytes(
    of weight: Weight, in branch: Branch, _ indices: LayerGroup.Indices?
  ) -> Formula {
    if let bytes = format.uniformBytes { return bytes }
    let packed = packedBytes(of: weight, in: branch, indices)
    let wide = wideShare(of: weight, indices)
    return wide == .zero ? packed : packed + Formula(wide) * (2 - packed)
  }

  /// The share of the layers in which the configuration keeps a weight wide, though its kind is packed.
  private func wideShare(of weight: Weight, _ indices: LayerGroup.Indices?) -> Rational {
    guard let stored = format.stored, !stored.wideModules.isEmpty else { return .zero }
    let path = weight.name.split(separator: ".").dropLast().joined(separator: ".")
    guard let indices else { return stored.keepsWide(path) ? .one : .zero }
    func isWide(_ index: Int) -> Bool {
      stored.keepsWide("\(model.layersPath).\(index).\(path)")
    }
    let numbers = try? indices.numbers { formula in
      guard let value = formula.evaluated(in: model.values).wholeConstant, value < 1 << 20 else {
        throw FreeLayers()
      }
      return Int(value)
    }
    // Of layers whose number is free, one stands for all.
    guard let numbers, !numbers.isEmpty else { return isWide(0) ? .one : .zero }
    let wide = try? Rational(Int128(numbers.count(where: isWide)), over: Int128(numbers.count))
    return wide ?? .zero
  }

  private struct FreeLayers: Error {}

  /// The bytes of one number of a weight that is packed as its kind is.
  private func packedBytes(
    of weight: Weight, in branch: Branch, _ indices: LayerGroup.Indices?
  ) -> Formula {
    let kind = kind(of: weight, in: branch)
    switch format.scheme {
    case .uniform, .bits: return 2
    case .maps(let packing):
      guard case .map(let map) = kind else { return 2 }
      // Of a mixture only the experts are in four bits with shared exponents.
      let isExpert = map == .expert || map == .expertOutput
      if packing == .microscaling4, hasExperts, !isExpert { return 2 }
      return packing.bytes(of: weight)
    case .everyMatrix(let bits, let size):
      switch kind {
      case .map, .table, .head:
        return Formula(Int128(bits)) / 8 + Formula(4) / Formula(Int128(size))
      case .wide, .vector: return 2
      }
    case .blocks(let mixture): return bytes(of: kind, mixture, indices)
    }
  }

  private func kind(of weight: Weight, in branch: Branch) -> Kind {
    guard weight.shape.count > 1 else { return .vector }
    switch weight.part {
    case .embedding:
      guard case .embedding(let table) = branch.module, table.index == .token else { return .wide }
      return .table(isHead: model.tiesEmbeddings)
    case .languageModelHead: return .head
    case .router, .norms: return .wide
    case .attention, .denseFeedForward, .routedExperts, .sharedExperts, .mixer: break
    }
    func isOf(_ map: Linear) -> Bool {
      weight == map.weights(weight.part)[0].within(branch.path)
    }
    switch branch.module {
    case .selfAttention(let attention):
      if isOf(attention.output) { return .map(.attentionOutput) }
      let pieces = zip(attention.inputs, attention.layout.pieces).first { isOf($0.0) }?.1 ?? []
      switch pieces {
      case [.values]: return .map(.attentionValues)
      case [.keys]: return .map(.attentionKeys)
      case [.queries]: return .map(.attentionQueries)
      case _ where pieces.contains(.values): return .map(.attentionFused)
      default: return weight.isMap ? .map(.other) : .wide
      }
    case .feedForward(let layer):
      return .map(isOf(layer.output) ? .feedForwardOutput : .feedForward)
    case .mixtureOfExperts(let mixture):
      guard weight.part == .routedExperts else {
        guard let shared = mixture.shared, weight.part == .sharedExperts else {
          return .map(.other)
        }
        let output = shared.output.weights(.sharedExperts)[0].within(mixture.sharedPath)
        return .map(output.within(branch.path) == weight ? .feedForwardOutput : .feedForward)
      }
      func isAmong(_ weights: [Weight]) -> Bool {
        weights.contains { $0.within(branch.path) == weight }
      }
      // The biases of stacked experts have two axes too.
      if isAmong(mixture.biasWeights) { return .vector }
      return .map(isAmong(mixture.outputWeights) ? .expertOutput : .expert)
    case .embedding, .normalization, .linear, .head, .latentAttention, .compressedAttention,
      .depthRouter, .idle, .recurrent, .stream:
      // Rates of decay and kernels of convolutions are no maps.
      return weight.isMap ? .map(.other) : .wide
    }
  }

  // MARK: - Mixtures of block types

  /// A layer counts as one of those that get more bits if it is in the first or last eighth, or is
  /// each third between.
  private struct Share: Sendable {
    /// How many of the first `x` of `n` layers are among them.
    let before: @Sendable (_ x: Formula, _ n: Formula) -> Formula

    static let all = Share { x, _ in x }
    static func first(_ count: Int128) -> Share { Share { x, _ in .minimum(x, Formula(count)) } }
    static func firstPart(_ divisor: Int128) -> Share {
      Share { x, n in .minimum(x, .floor(n / Formula(divisor))) }
    }
    /// The layers between the first and the last eighth.
    static let middle = Share { x, n in
      .maximum(0, .minimum(x, .floor(7 * n / 8)) - .floor(n / 8))
    }
    static let more = Share { x, n in
      let (eighth, last) = (Formula.floor(n / 8), Formula.floor(7 * n / 8))
      let middle = Formula.maximum(0, .minimum(x, last) - eighth)
      return .minimum(x, eighth) + .maximum(0, x - last) + .floor(middle / 3)
    }

    func count(in indices: LayerGroup.Indices, of layers: Formula) -> Formula {
      switch indices {
      case .range(let first, let end): before(end, layers) - before(first, layers)
      case .listed(let indices):
        indices.map { index in
          before(Formula(Int128(index + 1)), layers) - before(Formula(Int128(index)), layers)
        }.sum()
      }
    }
  }

  private func bytes(
    of kind: Kind, _ mixture: BlockMixture, _ indices: LayerGroup.Indices?
  ) -> Formula {
    let base = mixture.base
    switch kind {
    case .vector, .wide: return 4
    case .head, .table(isHead: true): return mixture.head.bytes
    case .table(isHead: false): return mixture.table.bytes
    case .map(let map):
      var (block, share, other) = (base, Share.all, base)
      let isEight = experts == 8
      let isShared = (sharing ?? .one) >= Rational(4)
      switch (map, mixture) {
      case (.attentionValues, _) where mixture.isOfTwoBits,
        (.attentionFused, _) where mixture.isOfTwoBits:
        block =
          isShared || (experts ?? 1) >= 4 ? .q4 : mixture.isLargerOfTwoBits ? .iq3_s : .q2
      case (.attentionKeys, _) where mixture.isOfTwoBits: block = isEight ? .q4 : base
      case (.feedForwardOutput, _) where mixture.isOfTwoBits,
        (.expertOutput, _) where mixture.isOfTwoBits:
        (block, share) = (mixture.isLargerOfTwoBits ? .iq3_s : .q2, .firstPart(8))
      case (.attentionOutput, _) where mixture.isOfTwoBits:
        block = isEight ? .q5 : mixture.isLargerOfTwoBits ? .iq3_s : base
        if !isEight, mixture == .iq1_s || mixture == .iq1_m { block = .iq2_xxs }

      case (.attentionValues, _) where isEight, (.attentionKeys, _) where isEight: block = .q8_0
      case (.attentionValues, .q2_k): block = isShared ? .q4 : .q3
      case (.attentionValues, .q2_k_s), (.attentionValues, .iq3_xxs), (.attentionValues, .iq3_xs),
        (.attentionValues, .iq3_s):
        block = isShared ? .q4 : base
      case (.attentionValues, .iq3_m): block = .q4
      case (.attentionValues, .iq4_nl), (.attentionValues, .iq4_xs): block = isShared ? .q5 : base
      case (.attentionValues, .q3_k_m): (block, share, other) = (.q5, .first(2), .q4)
      case (.attentionValues, .q3_k_l): block = .q5
      case (.attentionValues, .q4_k_m), (.attentionValues, .q5_k_m): (block, share) = (.q6, .more)
      case (.attentionValues, .q4_k_s): (block, share) = (.q5, .first(4))
      case (.attentionFused, .q3_k_m), (.attentionFused, .q3_k_l), (.attentionFused, .iq3_m):
        block = .q4
      case (.attentionFused, .q4_k_m): block = .q5
      case (.attentionFused, .q5_k_m): block = .q6
      case (.attentionQueries, .iq3_xs), (.attentionKeys, .iq3_xs): block = .iq3_xxs
      case (.attentionQueries, .iq3_xxs), (.attentionKeys, .iq3_xxs): block = .iq2_s
      case (.attentionOutput, .q2_k), (.attentionOutput, .q3_k_s), (.attentionOutput, .q3_k_m),
        (.attentionOutput, .q4_k_s), (.attentionOutput, .q4_k_m), (.attentionOutput, .iq3_xxs),
        (.attentionOutput, .iq3_xs), (.attentionOutput, .iq3_s), (.attentionOutput, .iq3_m),
        (.attentionOutput, .iq4_nl), (.attentionOutput, .iq4_xs):
        if isEight {
          block = .q5
        } else if mixture == .q2_k {
          block = .q3
        } else if mixture == .q3_k_m || mixture == .iq3_m {
          block = .q4
        } else if mixture == .iq3_xxs {
          block = .iq3_s
        }
      case (.attentionOutput, .q3_k_l): block = isEight ? base : .q5
      case (.feedForward, .iq3_xs), (.expert, .iq3_xs): (block, share) = (.iq3_xxs, .middle)
      case (.feedForwardOutput, .q2_k), (.expertOutput, .q2_k): block = .q3
      case (.feedForwardOutput, .q2_k_s), (.expertOutput, .q2_k_s):
        (block, share) = (.q4, .firstPart(8))
      case (.feedForwardOutput, .q3_k_m), (.expertOutput, .q3_k_m):
        (block, share, other) = (.q5, .firstPart(16), .q4)
      case (.feedForwardOutput, .iq3_m), (.expertOutput, .iq3_m):
        (block, share) = (.q4, isEight ? .more : .firstPart(8))
      case (.feedForwardOutput, .q3_k_l), (.expertOutput, .q3_k_l): block = .q5
      case (.feedForwardOutput, .q4_k_m), (.feedForwardOutput, .q5_k_m),
        (.expertOutput, .q4_k_m), (.expertOutput, .q5_k_m):
        (block, share) = (.q6, .more)
      case (.feedForwardOutput, .q4_k_s), (.expertOutput, .q4_k_s),
        (.feedForwardOutput, .iq4_nl), (.expertOutput, .iq4_nl),
        (.feedForwardOutput, .iq4_xs), (.expertOutput, .iq4_xs):
        (block, share) = (.q5, .firstPart(8))
      default: break
      }
      if map == .attentionValues, is70B, !mixture.isOfTwoBits {
        if block == .q3 || block == .q4 { block = .q5 }
        if other == .q3 || other == .q4 { other = .q5 }
      }
      guard block != other, let indices else { return block.bytes }
      let part = share.count(in: indices, of: layers) / indices.count
      return part * block.bytes + (1 - part) * other.bytes
    }
  }
}

extension WeightFormat {
  /// The bytes of every parameter, where all are stored alike.
  var uniformBytes: Formula? {
    switch scheme {
    case .uniform(let format): format.size
    case .bits(let bits): Formula(bits) / 8
    case .maps, .everyMatrix, .blocks: nil
    }
  }
}

extension WeightFormat.Packing {
  /// The bytes of one number of a map, with its scales.
  fileprivate func bytes(of weight: Weight) -> Formula {
    let numbers = weight.shape.product()
    func part(_ count: Int) -> Formula { Formula(Int128(count)) }
    switch self {
    case .zeroedGroups(let bits, let size):
      return (part(bits) + (16 + part(bits)) / (size.map(part) ?? weight.extents.1)) / 8
    case .scaledGroups(let bits, let size):
      return (part(bits) + 16 / (size.map(part) ?? weight.extents.1)) / 8
        + (bits < 8 ? 16 * weight.maps / numbers : 0)
    case .indexedGroups(let bits, let size):
      let (outputs, inputs) = weight.extents
      return (part(bits) + (16 + part(bits)) / (size.map(part) ?? inputs)) / 8
        + (4 * inputs + 2 * outputs) / (inputs * outputs)
    case .rows(let scale): return 1 + part(scale) / 8 / weight.extents.1
    case .tensors: return 1 + 4 * weight.maps / numbers
    case .normal4(let isDouble):
      let scales = Formula.ceiling(numbers / 64)
      return Formula(1) / 2
        + (isDouble ? scales + 4 * .ceiling(scales / 256) : 4 * scales) / numbers
    case .float8(let block):
      let (outputs, inputs) = weight.extents
      return 1 + 4 * .ceiling(outputs / part(block)) * .ceiling(inputs / part(block))
        / (inputs * outputs)
    case .microscaling4: return Formula(17) / 32
    case .nvidia4: return Formula(9) / 16 + 8 * weight.maps / numbers
    }
  }
}

extension Weight {
  /// The last two extents: outputs and inputs, or the other way where a map is stored so.
  fileprivate var extents: (Formula, Formula) {
    (shape[shape.count - 2], shape[shape.count - 1])
  }

  /// The maps of one tensor: several where they are stacked.
  fileprivate var maps: Formula { Array(shape.dropLast(2)).product() }
}
