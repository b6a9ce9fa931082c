import Architecture
import Symbolic

/// A tensor that the parts of a pass ask for, under the name by which they ask.
package struct RequestedWeight: Hashable, Sendable {
  /// Which part of which expert it is, and where a checkpoint stacks it.
  package struct Expert: Hashable, Sendable {
    /// The path of the mixture, such as `model.layers.3.mlp`.
    package var mixture: String
    /// The path of the expert, such as `model.layers.3.mlp.experts.5`.
    package var path: String
    package var number: Int
    package var count: Int
    /// The place of the map among those of the expert: the maps in, then the map out.
    package var map: Int
    /// How many maps go in.
    package var inputs: Int
    package var isGated: Bool
    package var isBias: Bool
    package var input: Int
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

  package var name: String
  /// The extents of the tensor in a checkpoint that does not stack it, in memory order.
  package var shape: [Int]
  /// Whether it is stored `[input, output]`; the parts ask for `[output, input]`.
  package var isTransposed = false
  /// The names of the tensors that a checkpoint holds in its place, each of this shape.
  package var pieces: [String] = []
  package var expert: Expert?
}

extension Executor {
  /// Every tensor that passes may ask for, from the description alone.
  ///
  /// - Throws: `ExecutionError` for a size that is no number.
  package func requestedWeights() throws -> [RequestedWeight] {
    var requests: [RequestedWeight] = []
    for branch in model.head { try request(branch, at: "", into: &requests) }
    for index in layers.keys.sorted() {
      guard let layer = layers[index] else { continue }
      for branch in layer.branches {
        try request(branch, at: "\(model.layersPath).\(index)", into: &requests)
      }
    }
    for branch in model.tail { try request(branch, at: "", into: &requests) }
    return requests
  }

  private func request(
    _ branch: Branch, at path: String, into requests: inout [RequestedWeight]
  ) throws {
    let own = path.appending(branch.path)
    if case .mixtureOfExperts(let mixture) = branch.module {
      return try request(mixture, at: own, into: &requests)
    }
    let transposed = branch.module.transposedWeights
    for weight in branch.module.weights {
      requests.append(try request(weight, at: own, transposed.contains(weight.name)))
    }
  }

  private func request(
    _ weight: Weight, at path: String, _ isTransposed: Bool = false
  ) throws -> RequestedWeight {
    // The copies of a norm are asked for as one.
    let name = path.appending(weight.name.replacing(".#", with: ""))
    let copies = try extent(weight.copies)
    let pieces =
      weight.name.contains("#")
      ? (0..<copies).map { path.appending(weight.name.replacing("#", with: "\($0)")) } : []
    return RequestedWeight(
      name: name, shape: try weight.shape.map { try extent($0) }, isTransposed: isTransposed,
      pieces: pieces)
  }

  private func request(
    _ mixture: MixtureOfExperts, at path: String, into requests: inout [RequestedWeight]
  ) throws {
    for weight in mixture.router.weights + mixture.latentWeights {
      requests.append(try request(weight, at: path))
    }
    let expert = mixture.expert
    let count = try extent(mixture.experts)
    let maps = expert.inputs + [expert.output]
    var (stacks, inputFirst) = ([Weight](), Set<String>())
    if case .stacked(let weights, let names) = mixture.layout {
      inputFirst = names
      // A list of tensors that each expert has by itself stacks nothing.
      stacks = weights.filter { !$0.name.contains("#") }
    }
    let biases = stacks.filter { $0.name.hasSuffix("bias") }
    let tables = stacks.filter { !$0.name.hasSuffix("bias") }
    for number in 0..<count {
      let name = path.appending(mixture.path.replacing("#", with: "\(number)"))
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
    if let shared = mixture.shared {
      for weight in shared.weights(.sharedExperts) {
        requests.append(try request(weight, at: path.appending(mixture.sharedPath)))
      }
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
      default: []
      }
    return Set(maps.filter(\.isTransposed).map { "\($0.name).weight" })
  }
}
