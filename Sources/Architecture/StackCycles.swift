package import Symbolic

/// Two stacks of layers that run in turn, several times in a pass: the slow one after a number of runs of
/// the fast one.
///
/// Each run of a stack begins with the sum of the states of both, and ends with a norm. The slow stack
/// is the model's groups of layers; the tensors of the fast one are listed before them.
///
/// - Source: Wang et al. 2025, <https://arxiv.org/abs/2506.21734>.
package struct StackCycles: Sendable {
  /// One of the two stacks.
  package enum Stack: Hashable, Sendable {
    case slow, fast
  }

  /// The paths of the stacks.
  package var slowPath: String
  /// The path of the fast stack's tensors.
  package var fastPath: String
  /// A layer of the fast stack, and how many there are.
  package var layer: Layer
  /// The number of layers of the fast stack.
  package var count: Int
  /// How often the slow stack runs, and the fast one before each of these.
  package var slowRuns: Formula
  /// How often the fast stack runs before each run of the slow one.
  package var fastRuns: Formula
  /// In how many of all its runs the fast stack learns; the others are taken as given.
  package var learningRuns: Formula
  /// The norm at the end of each run.
  package var norm: Normalization
  /// The state with which the fast stack begins, and the path of its tensor.
  package var start: Weight
  /// The path of that tensor.
  package var startPath: String

  package init(
    slowPath: String, fastPath: String, layer: Layer, count: Int, slowRuns: Formula,
    fastRuns: Formula, learningRuns: Formula, norm: Normalization, start: Weight,
    startPath: String
  ) {
    self.slowPath = slowPath
    self.fastPath = fastPath
    self.layer = layer
    self.count = count
    self.slowRuns = slowRuns
    self.fastRuns = fastRuns
    self.learningRuns = learningRuns
    self.norm = norm
    self.start = start
    self.startPath = startPath
  }

  /// The layers of the fast stack.
  package var fastLayers: String { "\(fastPath).layers" }

  /// The path of a stack's tensors.
  package func path(of stack: Stack) -> String { stack == .slow ? slowPath : fastPath }
}
