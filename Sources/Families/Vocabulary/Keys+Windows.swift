import Architecture
import Symbolic

extension Keys {
  /// The window of a layer that slides, or all where the key is absent, null or zero.
  ///
  /// - `seesAhead`: whether half of the window lies after the query.
  func window(
    _ key: String = "sliding_window", keepsCache: Bool = false, seesAhead: Bool = false
  ) throws -> Reach {
    guard let size = try optional(.window, key, least: 0), number(size) != 0 else { return .all }
    return .window(seesAhead ? .floor(size / 2) + 1 : size, keepsCache: keepsCache)
  }

  /// The window of a layer whose type is sliding.
  func window(
    ofType type: String, _ key: String = "sliding_window", seesAhead: Bool = false
  ) throws -> Reach {
    type == "sliding_attention" ? try window(key, seesAhead: seesAhead) : .all
  }

  /// Whether queries see later tokens too, as where a model gives embeddings of texts.
  ///
  /// - `value`: what the key says then, in place of true.
  func seesAhead(_ value: String? = nil) throws -> Bool {
    let key = "use_bidirectional_attention"
    let isSet = try value.map { try text(key) == $0 } ?? flag(key)
    if isSet { noteForPasses(Self.ahead(key)) }
    return isSet
  }

  /// Says what the same key does in Gemma 1 and 2, whose classes ask it only for fused attention.
  func noteMaskOfFusedAttention() throws {
    let key = "use_bidirectional_attention"
    guard try reading(key) != nil, try flag(key) else { return }
    noteForPasses(
      "\(key) changes the mask of fused attention (sdpa), not of the eager one; --mask causal "
        + "counts the pairs up to each query.")
  }

  private static func ahead(_ key: String) -> String {
    "Queries see later tokens too (\(key)); --mask causal is that mask here."
  }

  /// Lets queries see every later token where `is_causal` is false, which `transformers` reads for
  /// all classes that make their masks with its common function.
  func readMask(of model: inout Model) throws {
    let key = "is_causal"
    guard model.hasAttention, !traits.contains(.makesOwnMask) else { return }
    guard try reading(key) != nil, try !flag(key) else { return }
    noteForPasses(
      model.seeAhead()
        ? Self.ahead(key)
        : "Queries see later tokens too (\(key)); --mask causal counts the pairs up to each query.")
  }

  /// Layers of which some see the whole past and the others a window of it.
  ///
  /// - `window`: the window of the others.
  /// - `isFull`: which see the whole past, where the configuration has no list of layer types.
  func windowedLayers(
    _ window: Reach, full isFull: (Int) throws -> Bool, _ build: (Reach) throws -> Layer
  ) throws -> [LayerGroup] {
    let types = try layerTypes(known: ["full_attention", "sliding_attention"]) {
      try isFull($0) ? "full_attention" : "sliding_attention"
    }
    return try layers(kind: { types[$0] }) {
      try build($0 == "full_attention" ? .all : window)
    }
  }

  /// The same, for families whose layers differ by more than their reach.
  func windowedLayers(
    ofTypes isFull: (Int) throws -> Bool, _ build: (String) throws -> Layer
  ) throws -> [LayerGroup] {
    let types = try layerTypes(known: ["full_attention", "sliding_attention"]) {
      try isFull($0) ? "full_attention" : "sliding_attention"
    }
    return try layers(kind: { types[$0] }, build)
  }

  /// The heads of families that have neither grouped heads nor a width of their own.
  func equalHeads() throws -> Heads { try heads(grouped: false, explicit: false) }

  /// Refuses a switch that adds tensors which are not described.
  func refuse(_ key: String) throws {
    if try flag(key) {
      throw DescriptionError.unsupported(key: spelled(key), found: "true", supported: "false")
    }
  }
}

extension FeedForward {
  /// The same layer where a family reads the name of an activation as another function.
  func reading(_ name: String, as other: String) -> FeedForward {
    var copy = self
    if activation == name { copy.activation = other }
    return copy
  }
}
