package import Symbolic

/// The nine places a parameter can be; every parameter is in exactly one.
package enum Part: String, CaseIterable, Hashable, Sendable {
  /// Token and learned position tables.
  case embedding
  /// The output projection onto the vocabulary; zero when it shares the token table.
  case languageModelHead = "lm_head"
  /// Everything inside an attention module.
  case attention
  /// Feed-forward layers that every token passes.
  case denseFeedForward = "dense_mlp"
  /// Experts that a router chooses among.
  case routedExperts = "routed_experts"
  /// Experts that every token passes beside the routed ones.
  case sharedExperts = "shared_experts"
  /// Gates, routers and predictors.
  case router
  /// Norms outside attention and mixers.
  case norms
  /// State-space, linear-attention and convolution modules, and projections around the stack.
  case mixer
}

/// A named tensor with a symbolic shape.
///
/// A weight that every expert has once is one value with as many `copies` as experts, and a `#`
/// in its name where the expert's number goes.
package struct Weight: Hashable, Sendable {
  /// The name inside its module, as a checkpoint writes it.
  package var name: String
  /// The extents, in memory order.
  package var shape: [Formula]
  /// The part of the model that it counts under.
  package var part: Part
  /// How many tensors of this name and shape a layer holds.
  package var copies: Formula = 1
  /// The number of the first copy in its name, where others of the name stand before it.
  package var firstNumber: Formula = 0
  /// How many of them the library allocates although no checkpoint holds them.
  package var unstoredCopies: Formula = 0
  /// The share of the parameters that one token meets.
  package var activeShare: Formula = 1
  /// Whether it is stored with the model but is no parameter.
  package var isBuffer = false
  /// Whether no pass of text reads it; it counts as active all the same.
  package var isUnread = false
  /// Whether a pass may read it although it counts for no token as active, because a token that meets
  /// the largest experts does not meet it.
  package var isOfSmallExpert = false
  /// Whether it is the matrix of a map, of which a product is taken with the tokens.
  package var isMap = false

  /// Equal weights have equal names, and their shapes cost more to hash than to compare.
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }

  package init(
    _ name: String, _ shape: [Formula], _ part: Part, copies: Formula = 1,
    unstored: Formula = 0, activeShare: Formula = 1, isBuffer: Bool = false
  ) {
    self.name = name
    self.shape = shape
    self.part = part
    self.copies = copies
    unstoredCopies = unstored
    self.activeShare = activeShare
    self.isBuffer = isBuffer
  }

  /// How many elements all copies hold.
  package var count: Formula { copies * shape.product() }

  /// How many of them no checkpoint holds.
  package var unstoredCount: Formula { unstoredCopies * shape.product() }

  /// How many of them one token meets.
  package var activeCount: Formula { count * activeShare }
}
