/// A map with a function behind it, as some models have in front of their head.
package struct MappedFunction: Hashable, Sendable {
  /// The map, `[T, d]` to `[T, d]`.
  package var map: Linear
  /// The function of each element behind it.
  package var function: Activation
  /// Where its tensors are.
  package var part: Part

  package init(_ map: Linear, _ function: Activation, _ part: Part) {
    self.map = map
    self.function = function
    self.part = part
  }

  /// The tensors of the map.
  package var weights: [Weight] { map.weights(part) }
}
