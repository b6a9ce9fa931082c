import Architecture
import JSON
import Symbolic

// MARK: - Sizes of mixers

extension Size {
  static let expansion = Size("e", "expand", "inner width of the mixer over the model's")
  static let chunkSize = Size("Q", "chunk_size", "tokens of a chunk of the mixer")
  static let deltaKeyHeads = Size("h_k", "linear_num_key_heads", "key heads of linear attention")
  static let deltaValueHeads = Size(
    "h_v", "linear_num_value_heads", "value heads of linear attention")
  static let deltaKeySize = Size(
    "d_lk", "linear_key_head_dim", "width of one key of linear attention")
  static let deltaValueSize = Size(
    "d_lv", "linear_value_head_dim", "width of one value of linear attention")
}

// MARK: - Values

extension Keys {
  /// A size whose value may be the word `auto`, which means that it follows from others.
  func automatic(
    _ size: Size, _ key: String, _ value: Formula, _ reason: String
  ) throws -> Formula {
    if case .string("auto") = try reading(key)?.value {
      return derived(size, key: key, value, reason)
    }
    return try self.size(size, key)
  }

  /// A positive decimal, taken as it was written, or nil.
  func decimal(_ key: String) throws -> Rational? {
    guard let reading = try reading(key) else { return nil }
    guard case .number(let text) = reading.value, let value = Rational(decimal: text),
      value > .zero
    else {
      throw DescriptionError.wrongType(
        key: spelled(key), found: reading.value.kind, expected: "a number above 0")
    }
    return value
  }

  /// A whole number of at least 1 that decides which layers are of a kind, or how many there are
  /// of something that is listed one by one.
  func period(_ key: String, most: Int = 1_000_000) throws -> Int {
    guard let value = try integer(key, least: 1) else {
      throw DescriptionError.missing(key: spelled(key), symbol: "", modelType: modelType)
    }
    guard value <= most else {
      throw DescriptionError.exceeds(
        key: spelled(key), value: Int128(value), limit: "what can be told apart",
        limitValue: Int128(most))
    }
    return value
  }

  /// The whole numbers of a list, or nil.
  func indices(_ key: String) throws -> Set<Int>? {
    guard let list = try list(key) else { return nil }
    return Set(
      try list.map { entry in
        guard case .number(let text) = entry, let index = Int(text) else {
          throw DescriptionError.wrongType(
            key: spelled(key), found: entry.kind, expected: "a list of whole numbers")
        }
        return index
      })
  }

  /// The entries of a list of layer types, with the older names of `transformers` put into today's.
  func layerKinds(_ key: String, known: Set<String>) throws -> [String]? {
    try list(key)?.map { entry in
      guard case .string(let text) = entry else {
        throw DescriptionError.wrongType(
          key: spelled(key), found: entry.kind, expected: "a list of texts")
      }
      let name = ["mamba": "linear_attention", "attention": "full_attention"][text] ?? text
      guard known.contains(name) else {
        throw DescriptionError.unsupported(
          key: spelled(key), found: text, supported: known.sorted().joined(separator: ", "))
      }
      return name
    }
  }

  /// The type of each layer from a list, or from a rule where there is none.
  func layerKinds(
    _ key: String = "layer_types", known: Set<String> = ["full_attention", "linear_attention"],
    else rule: (Int) throws -> String
  ) throws -> [String] {
    let count = try listedLayerCount()
    guard let kinds = try layerKinds(key, known: known) else { return try (0..<count).map(rule) }
    guard kinds.count == count else {
      throw DescriptionError.wrongLength(key: spelled(key), count: kinds.count, expected: count)
    }
    return kinds
  }

  /// Checks that heads of a width fill the inner width of a mixer, as far as these are numbers.
  func require(_ inner: Formula, filledBy heads: Formula, _ key: String, of size: Formula) throws {
    guard let inner = number(inner), let heads = number(heads), let size = number(size) else {
      note(Requirement(value(inner), .atMost, value(heads * size)))
      note(Requirement(value(heads * size), .atMost, value(inner)))
      return
    }
    guard heads.multipliedReportingOverflow(by: size) != (inner, false) else { return }
    throw DescriptionError.wrongType(
      key: spelled(key), found: "\(heads)",
      expected: "such that heads of width \(size) fill the mixer's width of \(inner)")
  }
}

// MARK: - State-space mixers

/// Norms inside a selective state space.
enum StateNorms {
  case none
  /// As in Jamba.
  case weighted
  /// As in Falcon Mamba.
  case weightless
}

extension Keys {
  /// The inner width of a mixer that is a multiple of the model's width.
  ///
  /// In some families a width that stands in the file, though it is no key of the class, counts.
  func expanded(_ key: String, inner: String, given isGiven: Bool = false) throws -> Formula {
    let (e, d) = (try size(.expansion, key), try size(.hidden))
    let reason = "\(spelled(key)) · \(spelled("hidden_size"))"
    return isGiven
      ? try size(.innerSize, inner, else: e * d, reason)
      : derived(.innerSize, key: inner, e * d, reason)
  }

  /// The causal convolution over each channel.
  func convolution(
    _ channels: Formula, _ key: String, name: String = "conv1d", bias: Bool
  ) throws -> CausalConvolution {
    CausalConvolution(
      name, channels: channels, kernel: try size(.kernelSize, key), bias: bias)
  }

  /// A selective state space with one state of `[N]` for each channel.
  ///
  /// - `keys`: the family's keys of the state, the kernel and the rank of the time step.
  /// - `norms`: those of the time step, the input and the output of the state.
  func mamba(
    _ inner: Formula, keys: (state: String, kernel: String, rank: String), bias: Bool,
    convolutionBias: Bool, norms kind: StateNorms = .none
  ) throws -> Module {
    let d = try size(.hidden)
    let state = try size(.stateSize, keys.state)
    let rank = try automatic(
      .timeStepRank, keys.rank, .ceiling(d / 16), "⌈\(spelled("hidden_size")) / 16⌉")
    func norm(_ name: String, _ width: Formula) -> Normalization? {
      kind == .none ? nil : Normalization(name, [width], weight: kind == .weighted)
    }
    var selection = SelectiveStateSpace.Selection(
      map: .whole(Linear("x_proj", inner, rank + 2 * state)),
      stepMap: .whole(Linear("dt_proj", rank, inner, bias: true)), rank: rank)
    selection.stepNorm = norm("dt_layernorm", rank)
    selection.inputNorm = norm("b_layernorm", state)
    selection.outputNorm = norm("c_layernorm", state)
    return .recurrent(
      .selective(
        SelectiveStateSpace(
          input: Linear("in_proj", d, 2 * inner, bias: bias),
          convolution: try convolution(
            inner, keys.kernel, bias: convolutionBias),
          activation: try activation(), selection: selection,
          scan: Scan.Selective(
            channels: inner, state: state, rates: Weight("A_log", [inner, state], .mixer),
            skip: Weight("D", [inner], .mixer)),
          output: Linear("out_proj", inner, d, bias: bias))))
  }

  /// A state space with heads: one decay for each head, and a state `[N]` for each group of them.
  ///
  /// - `keys`: the family's keys of the heads, their width, the state, the kernel and the groups.
  /// - `normed`: whether the gated output has a norm.
  /// - `function`: that behind the convolution, where it is not the one of `hidden_act`.
  func mamba2(
    _ inner: Formula,
    keys: (heads: String, size: String, state: String, kernel: String, groups: String),
    biases: (input: Bool, output: Bool), convolutionBias: Bool, normed: Bool = true,
    chunk: String = "chunk_size", leastStep: Constant? = nil, activation function: String? = nil
  ) throws -> DualStateSpace {
    let d = try size(.hidden)
    let heads = try size(.mixerHeads, keys.heads)
    let width = try mixerHeadSize(inner, heads, (keys.heads, keys.size))
    try require(inner, filledBy: heads, keys.heads, of: width)
    let state = try size(.stateSize, keys.state)
    let groups = try size(.mixerGroups, keys.groups)
    try require(heads, keys.heads, multipleOf: groups, keys.groups)
    let channels = inner + 2 * groups * state
    // Each group of heads is normalized by itself.
    var norm = Normalization("norm", [inner])
    norm.groups = groups
    var scan = Scan.Duality(
      heads: heads, headSize: width, state: state, groups: groups,
      chunk: try size(.chunkSize, chunk), rates: Weight("A_log", [heads], .mixer),
      skip: Weight("D", [heads], .mixer), stepBias: Weight("dt_bias", [heads], .mixer))
    scan.steps = leastStep.map { Bounds(least: $0) } ?? timeStepLimit()
    return DualStateSpace(
      input: Linear("in_proj", d, inner + channels + heads, bias: biases.input),
      convolution: try convolution(
        channels, keys.kernel, bias: convolutionBias),
      activation: try function ?? activation(), scan: scan, norm: normed ? norm : nil,
      output: Linear("out_proj", inner, d, bias: biases.output))
  }

  /// The bounds of time steps; one that is zero or infinite bounds nothing.
  private func timeStepLimit() -> Bounds {
    let list = (stated("time_step_limit") ?? classConstants["time_step_limit"])?.array ?? []
    let bounds = list.map { entry -> Constant? in
      guard case .number(let text) = entry, let value = Double(text), value != 0, value.isFinite
      else { return nil }
      return .decimal(text)
    }
    return bounds.count == 2 ? Bounds(least: bounds[0], most: bounds[1]) : Bounds()
  }

  /// The width of one mixer head, where the heads share the inner width.
  private func mixerHeadSize(
    _ inner: Formula, _ heads: Formula, _ keys: (heads: String, size: String)
  ) throws -> Formula {
    try require(inner, "the mixer's width", multipleOf: heads, keys.heads)
    let reason = "\(inner) / \(spelled(keys.heads))"
    if try reading(keys.size) == nil {
      return derived(.mixerHeadSize, key: keys.size, inner / heads, reason)
    }
    return try automatic(.mixerHeadSize, keys.size, inner / heads, reason)
  }
}
