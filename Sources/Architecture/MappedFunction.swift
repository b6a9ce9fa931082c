/// A map with a function behind it, as some models have in front of their head.
package struct MappedFunction: Hashable, Sendable {
  package var map: Linear
  package var function: Activation
  /// Where its tensors are.
  package var part: Part

  package init(_ map: Linear, _ function: Activation, _ part: Part) {
    self.map = map
    self.function = function
    self.part = part
  }

  package var weights: [Weight] { map.weights(part) }
}
