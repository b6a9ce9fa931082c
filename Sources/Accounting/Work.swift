package import Symbolic

/// What a pass executes under one name: a matrix product, or element-wise work.
package struct Work: Hashable, Sendable {
  /// A matrix product, or element-wise operations.
  package enum Kind: Hashable, Sendable {
    case product(Product)
    case elementwise(Elementwise)
  }

  /// The name inside its module.
  package var name: String
  /// What is computed.
  package var kind: Kind
  /// Whether a layer does it that is listed outside the layers.
  var isOfLayer = false
  /// Whether the passes after a prompt do it, and not the prompt.
  var isOfStep = false
  /// Whether a training step keeps what is needed to go back through it.
  var isKept = true

  /// Equal work has equal names, and its formulas cost more to hash than to compare.
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }

  package init(_ name: String, _ product: Product) {
    self.name = name
    kind = .product(product)
  }

  package init(_ name: String, _ elementwise: Elementwise) {
    self.name = name
    kind = .elementwise(elementwise)
  }

  /// The operations of one kind.
  package func count(of operation: ScalarOperation) -> Formula {
    switch kind {
    case .product(let product):
      operation == .multiply || operation == .add ? product.multiplications : .zero
    case .elementwise(let work): work.counts[operation]
    }
  }

  /// The FLOPs: two for each multiply-add, one for each other operation but comparisons.
  package var flops: Formula {
    switch kind {
    case .product(let product): product.flops
    case .elementwise(let work): work.counts.flops
    }
  }

  /// The same work `count` times.
  package func times(_ runs: Formula) -> Work {
    guard runs != .one else { return self }
    var copy = self
    switch kind {
    case .product(var product):
      product.copies *= runs
      copy.kind = .product(product)
    case .elementwise(var work):
      work.counts = runs * work.counts
      copy.kind = .elementwise(work)
    }
    return copy
  }

  /// The same work under a longer name.
  package func within(_ path: String) -> Work {
    guard !path.isEmpty else { return self }
    var copy = self
    copy.name = name.isEmpty ? path : "\(path).\(name)"
    return copy
  }
}

/// `copies` products of a `[rows, inner]` matrix and an `[inner, columns]` matrix.
///
/// Each number of the result is `inner` multiplications and, from zero, as many additions. Where a
/// mask keeps only some of the results, `rows` is their number and `columns` is 1.
package struct Product: Hashable, Sendable {
  /// The part of the model that a product belongs to.
  package enum Part: String, CaseIterable, Hashable, Sendable {
    case attentionProjections = "attention_projections"
    case attentionCore = "attention_scores_and_values"
    case denseFeedForward = "dense_mlp"
    case routedExperts = "routed_experts"
    case sharedExperts = "shared_experts"
    case router
    case mixer
    case head = "lm_head"
  }

  /// What a product is to the softmax of attention.
  package enum Role: Hashable, Sendable {
    /// Queries times keys, whose results a softmax weighs.
    case scores
    /// The weights of the softmax times the values.
    case values
    /// What chooses the keys that attention sees.
    case choice
  }

  /// The part of the model that it belongs to.
  package var part: Part
  /// Its role in attention, if it has one.
  package var role: Role?
  /// How many products of these extents there are.
  package var copies: Formula
  /// The rows of the left matrix and of the result.
  package var rows: Formula
  /// The extent that is summed over.
  package var inner: Formula
  /// The columns of the right matrix and of the result.
  package var columns: Formula
  /// Whether the right matrix is a parameter, and not computed from the tokens.
  package var isLearned: Bool
  /// How many of the two operands the backward pass needs the gradient of.
  package var gradients = 2
  /// Whether only the backward pass executes it, once.
  var isBackwardOnly = false

  package init(
    _ part: Part, role: Role? = nil, copies: Formula = 1, rows: Formula, inner: Formula,
    columns: Formula, isLearned: Bool = false
  ) {
    self.part = part
    self.role = role
    self.copies = copies
    self.rows = rows
    self.inner = inner
    self.columns = columns
    self.isLearned = isLearned
  }

  /// The multiplications, and as many additions.
  package var multiplications: Formula { copies * rows * inner * columns }

  /// Two for each multiply-add.
  package var flops: Formula { 2 * multiplications }
}

/// Work on single elements, in one of the places where a model does it.
package struct Elementwise: Hashable, Sendable {
  /// The place of element-wise work in a model.
  package enum Category: String, CaseIterable, Hashable, Sendable {
    /// Scaling, bounding and shifting scores, and their softmax.
    case softmax
    case norms
    case activations
    case rotary
    /// Additions to the residual stream, and constants that multiply it.
    case residual
    /// Scores and weights of experts and of routed blocks.
    case routing
    case bias
    case mixer
  }

  /// The place of the work in the model.
  package var category: Category
  /// The operations by kind.
  package var counts: OperationCounts

  package init(_ category: Category, _ counts: OperationCounts) {
    self.category = category
    self.counts = counts
  }

  package init(_ category: Category, _ counts: [ScalarOperation: Formula]) {
    self.init(category, OperationCounts(counts))
  }
}
