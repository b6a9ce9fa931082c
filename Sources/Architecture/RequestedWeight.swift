package import Symbolic

/// A tensor that the parts of a pass require, under the name by which they request it.
package struct RequestedWeight: Hashable, Sendable {
  /// Which part of which expert it is, and where a checkpoint stacks it.
  package struct Expert: Hashable, Sendable {
    /// The path of the mixture, such as `model.layers.3.mlp`.
    package var mixture: String
    /// The path of the expert, such as `model.layers.3.mlp.experts.5`.
    package var path: String
    /// The index of the expert, from zero.
    package var number: Int
    /// The number of experts in the list.
    package var count: Int
    /// The place of the map among those of the expert: the maps in, then the map out.
    package var map: Int
    /// How many maps go in.
    package var inputs: Int
    /// Whether the expert has a gate, so that a stack may hold two maps in one.
    package var isGated: Bool
    /// Whether it is the bias of the map, and not its weight.
    package var isBias: Bool
    /// The width of what goes into the map.
    package var input: Int
    /// The width of what comes out of it.
    package var output: Int
    /// The tensor that stacks this part of all experts, where a checkpoint does.
    package var stack: (name: String, shape: [Int], isTransposed: Bool)?

    package static func == (left: Self, right: Self) -> Bool {
      (left.path, left.map, left.isBias) == (right.path, right.map, right.isBias)
    }

    package func hash(into hasher: inout Hasher) {
      hasher.combine(path)
      hasher.combine(map)
      hasher.combine(isBias)
    }
  }

  /// The full name, with the index of its layer.
  package var name: String
  /// The extents of the tensor in a checkpoint that does not stack it, in memory order.
  package var shape: [Int]
  /// Whether it is stored `[input, output]`; the parts request `[output, input]`.
  package var isTransposed = false
  /// The names of the tensors that a checkpoint holds in its place, each of this shape.
  package var pieces: [String] = []
  /// The expert that it belongs to, if it is of one.
  package var expert: Expert?
  /// Whether it is stored with a model and not trained.
  package var isBuffer = false
  /// Whether it belongs to a router, which checkpoints keep in 32 bits.
  package var isOfRouter = false
  /// Whether no pass over text reads it.
  package var isUnread = false
  /// Whether a checkpoint may leave it out, because nobody reads it.
  package var isOptional = false
}

extension Model {
  /// Every tensor that passes may require, in the order of the layers.
  ///
  /// - `extent`: the value of a size; what it throws is thrown.
  /// - Throws: `DescriptionError.tooManyTensors`.
  package func requestedWeights(
    _ extent: @escaping (Formula) throws -> Int
  ) throws -> [RequestedWeight] {
    let list = RequestList(extent: extent)
    var requests: [RequestedWeight] = []
    for branch in head { try list.request(branch, at: "", into: &requests) }
    try list.require(extent(layerCount), after: requests)
    var layers: [Int: Layer] = [:]
    for group in groups {
      for index in try group.indices.numbers(extent) { layers[index] = group.layer }
    }
    for index in layers.keys.sorted() {
      for branch in layers[index]?.branches ?? [] {
        try list.request(branch, at: "\(layersPath).\(index)", into: &requests)
      }
    }
    for branch in tail { try list.request(branch, at: "", into: &requests) }
    return requests
  }
}

extension LayerGroup.Indices {
  /// The numbers of the layers.
  package func numbers(_ extent: (Formula) throws -> Int) rethrows -> [Int] {
    switch self {
    case .listed(let indices): indices
    case .range(let first, let end):
      Array(stride(from: try extent(first), to: try extent(end), by: 1))
    }
  }
}

/// The tensors of parts, with the values of their sizes.
private struct RequestList {
  let extent: (Formula) throws -> Int

  /// More tensors than this are not listed.
  static let most = 2_000_000

  /// - Throws: `DescriptionError.tooManyTensors` if that many more are too many.
  func require(_ more: Int, after requests: [RequestedWeight]) throws {
    guard more <= Self.most - requests.count else {
      throw DescriptionError.tooManyTensors(limit: Int128(Self.most))
    }
  }

  func request(
    _ branch: Branch, at path: String, into requests: inout [RequestedWeight]
  ) throws {
    let own = path.appending(branch.path)
    if case .mixtureOfExperts(let mixture) = branch.module {
      return try request(mixture, at: own, into: &requests)
    }
    let transposed = branch.module.transposedWeights
    let isIdle = if case .idle = branch.module { true } else { false }
    try require(1, after: requests)
    for weight in branch.module.weights {
      var requested = try request(weight, at: own, transposed.contains(weight.name))
      requested.isUnread = isIdle
      requests.append(requested)
    }
  }

  private func request(
    _ weight: Weight, at path: String, _ isTransposed: Bool = false
  ) throws -> RequestedWeight {
    // The copies of a norm are requested as one.
    let name = path.appending(weight.name.replacing(".#", with: ""))
    let copies = max(0, try extent(weight.copies))
    try require(copies, after: [])
    let first = try extent(weight.firstNumber)
    let pieces =
      weight.name.contains("#")
      ? (first..<first + copies).map {
        path.appending(weight.name.replacing("#", with: "\($0)"))
      } : []
    return RequestedWeight(
      name: name, shape: try weight.shape.map { try extent($0) }, isTransposed: isTransposed,
      pieces: pieces, isBuffer: weight.isBuffer, isOfRouter: weight.part == .router)
  }

  private func request(
    _ mixture: MixtureOfExperts, at path: String, into requests: inout [RequestedWeight]
  ) throws {
    let transposed = Set(
      mixture.router.gates.filter(\.isTransposed).map { "\($0.name).weight" })
    let besides = [mixture.bias].compactMap(\.self) + mixture.latentWeights
    for weight in mixture.router.weights + besides {
      requests.append(try request(weight, at: path, transposed.contains(weight.name)))
    }
    for weight in mixture.unmet {
      let unmet = try request(weight, at: path)
      for name in unmet.pieces.isEmpty ? [unmet.name] : unmet.pieces {
        requests.append(RequestedWeight(name: name, shape: unmet.shape, isUnread: true))
      }
    }
    let expert = mixture.expert
    let count = try extent(mixture.experts)
    try require(count, after: requests)
    var (tables, biases, inputFirst) = ([Weight](), [Weight](), Set<String>())
    if case .stacked(let weights, let added, let names) = mixture.layout {
      (biases, inputFirst) = (added, names)
      // A list of tensors that each expert has by itself stacks nothing.
      tables = weights.filter { !$0.name.contains("#") }
      for weight in weights where !weight.unstoredCopies.isZero {
        try requestUnread(weight, at: path, into: &requests)
      }
    }
    try request(
      expert, count, at: path, mixture.path, tables, biases, inputFirst, into: &requests)
    if let always = mixture.always {
      try request(
        always.expert, extent(always.count), at: path.appending(always.path), "#", always.stack,
        [], [], into: &requests)
    }
    if let constants = mixture.constants {
      for number in 0..<max(0, try extent(constants.count)) {
        let name = path.appending("\(constants.path).\(number)")
        for weight in [constants.vector] + constants.gate.weights(.routedExperts) {
          requests.append(try request(weight, at: name))
        }
      }
    }
    if let shared = mixture.shared {
      for weight in shared.weights(.sharedExperts) {
        requests.append(try request(weight, at: path.appending(mixture.sharedPath)))
      }
    }
  }

  /// The maps of `count` experts, and where a checkpoint stacks them.
  private func request(
    _ expert: FeedForward, _ count: Int, at path: String, _ list: String, _ tables: [Weight],
    _ biases: [Weight], _ inputFirst: Set<String>, into requests: inout [RequestedWeight]
  ) throws {
    let maps = expert.inputs + [expert.output]
    for number in 0..<count {
      let name = path.appending(list.replacing("#", with: "\(number)"))
      for weight in expert.vectors { requests.append(try request(weight, at: name)) }
      for (place, map) in maps.enumerated() {
        for (isBias, weight) in map.weights(.routedExperts).enumerated() {
          var requested = try request(weight, at: name, isBias == 0 && map.isTransposed)
          let stack = isBias == 0 ? tables : biases
          requested.expert = RequestedWeight.Expert(
            mixture: path, path: name, number: number, count: count, map: place,
            inputs: expert.inputs.count, isGated: expert.isGated, isBias: isBias == 1,
            input: try extent(map.input), output: try extent(map.output),
            stack: stack.count == maps.count
              ? try stacked(
                stack[place], isTransposed: inputFirst.contains(stack[place].name), at: path)
              : nil)
          requests.append(requested)
        }
      }
    }
  }

  /// The last copies of a tensor, which the library allocates and no pass reads.
  private func requestUnread(
    _ weight: Weight, at path: String, into requests: inout [RequestedWeight]
  ) throws {
    let (copies, unread) = (try extent(weight.copies), try extent(weight.unstoredCopies))
    try require(copies, after: requests)
    let shape = try weight.shape.map { try extent($0) }
    for number in stride(from: copies - unread, to: copies, by: 1) {
      requests.append(
        RequestedWeight(
          name: path.appending(weight.name.replacing("#", with: "\(number)")), shape: shape,
          isOptional: true))
    }
  }

  /// The tensor that stacks a map.
  private func stacked(
    _ weight: Weight, isTransposed: Bool, at path: String
  ) throws -> (name: String, shape: [Int], isTransposed: Bool) {
    (path.appending(weight.name), try weight.shape.map { try extent($0) }, isTransposed)
  }
}

extension Module {
  /// The names of the weights that are stored `[input, output]`.
  fileprivate var transposedWeights: Set<String> {
    let maps: [Linear] =
      switch self {
      case .linear(let map), .head(let map, _): [map]
      case .selfAttention(let module): module.inputs + [module.output]
      case .feedForward(let module): module.inputs + [module.output]
      case .embedding, .normalization, .latentAttention, .compressedAttention, .mixtureOfExperts,
        .depthRouter, .idle, .recurrent, .stream:
        []
      }
    return Set(maps.filter(\.isTransposed).map { "\($0.name).weight" })
  }
}

extension String {
  /// A path with one more name behind it.
  fileprivate func appending(_ name: String) -> String {
    isEmpty ? name : name.isEmpty ? self : "\(self).\(name)"
  }
}
