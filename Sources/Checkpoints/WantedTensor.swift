/// A tensor that a model needs, under the name and in the form that its description gives.
package struct WantedTensor: Hashable, Sendable {
  /// One part of one expert of a layer, which a file may hold in several forms.
  package struct Expert: Hashable, Sendable {
    /// Which map of the expert it is.
    package enum Map: Hashable, Sendable {
      /// The gate and the map up, one behind the other.
      case gateAndUp
      case gate
      case up
      /// The only map in, where nothing gates.
      case inner
      case down
    }

    /// The path of the mixture, such as `model.layers.3.mlp`.
    package var mixture: String
    /// The path of the expert, such as `model.layers.3.mlp.experts.5`.
    package var path: String
    /// The index of the expert, from 0.
    package var number: Int
    /// How many experts the layer has.
    package var count: Int
    /// Which map of the expert it is.
    package var map: Map
    /// Whether it is the bias of the map.
    package var isBias: Bool
    /// The elements that the map takes, and those that it gives.
    package var input: Int
    /// The elements that the map gives.
    package var output: Int
    /// The tensor that stacks this part of all experts, where the description has one.
    package var stack: Stack?

    package init(
      mixture: String, path: String, number: Int, count: Int, map: Map, isBias: Bool, input: Int,
      output: Int, stack: Stack?
    ) {
      self.mixture = mixture
      self.path = path
      self.number = number
      self.count = count
      self.map = map
      self.isBias = isBias
      self.input = input
      self.output = output
      self.stack = stack
    }
  }

  /// A part of all experts in one tensor.
  package struct Stack: Hashable, Sendable {
    /// The name of the stacked tensor.
    package var name: String
    /// Its extents, in memory order.
    package var shape: [Int]
    /// Whether each expert's map is stored `[input, output]`.
    package var isTransposed: Bool

    package init(name: String, shape: [Int], isTransposed: Bool) {
      self.name = name
      self.shape = shape
      self.isTransposed = isTransposed
    }
  }

  /// The name that the description gives.
  package var name: String
  /// The extents, in memory order.
  package var shape: [Int]
  /// Whether it is stored `[input, output]` and read `[output, input]`.
  package var isTransposed: Bool
  /// The names of tensors of that shape that follow each other, where the files hold it in pieces.
  package var pieces: [String]
  /// The part of an expert that it is, if it is one.
  package var expert: Expert?
  /// Whether it is stored with a model and not trained.
  package var isBuffer = false
  /// Whether files may keep it in 32 bits where the others have fewer.
  package var staysWide = false
  /// Whether files may leave it out, because nobody reads it.
  package var isOptional = false

  package init(
    _ name: String, shape: [Int], isTransposed: Bool = false, pieces: [String] = [],
    expert: Expert? = nil
  ) {
    self.name = name
    self.shape = shape
    self.isTransposed = isTransposed
    self.pieces = pieces
    self.expert = expert
  }
}
