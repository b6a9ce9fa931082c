/// An error put into the executor on purpose, to see that a comparison of counts finds it.
package enum PlantedError: Hashable, Sendable {
  /// Matrix products leave out the last number of the inner extent.
  case shortensProducts
  /// A layer does not run.
  case skipsLayer(Int)
  /// A choice of the best k takes k − 1.
  case choosesOneLess
  /// Routers of experts choose twice from the same scores.
  case routesTwice
  /// Norms of queries and keys are left out.
  case skipsQueryKeyNorms
  /// Masked positions beyond the query are computed where they should not be.
  case ignoresMask
}
