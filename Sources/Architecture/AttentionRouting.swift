/// Routers without a map, which take their scores from the attention of the layer before.
///
/// - Source: Gadhikar et al. 2024 (A-MoD), §3, <https://arxiv.org/abs/2412.20875>.
extension [LayerGroup] {
  /// The layers, whose numbers are listed: before each whose routers read attention one that leaves it.
  package func leavingAttention(of count: Int) throws(DescriptionError) -> [LayerGroup] {
    var readers: Set<Int> = []
    var routed: Set<Int> = []
    for group in self {
      guard case .listed(let numbers) = group.indices, group.layer.isConditional else { continue }
      routed.formUnion(numbers)
      if group.layer.conditions.contains(where: \.router.readsAttention) {
        readers.formUnion(numbers)
      }
    }
    for reader in readers.sorted() where reader == 0 || routed.contains(reader - 1) {
      throw .notChanged(
        "the score attention_map",
        because: "layer \(reader) has no layer before it whose attention sees every token",
        advice: "Route every second layer from 1 on, or none next to another.")
    }
    return try changingEach(of: count) { layer, index throws(DescriptionError) in
      guard readers.contains(index + 1) else { return }
      guard layer.leaveAttention() else {
        throw .notChanged(
          "the score attention_map",
          because: "layer \(index) has no plain attention whose weights could be averaged",
          advice: "Take a model with plain attention over all positions or a window.")
      }
    }
  }
}

extension Layer {
  /// Makes its one attention leave what each token receives; false if it has no such attention.
  fileprivate mutating func leaveAttention() -> Bool {
    guard repeats.isEmpty else { return false }
    var count = 0
    for block in blocks.indices {
      for branch in blocks[block].branches.indices {
        guard case .selfAttention(var attention) = blocks[block].branches[branch].module,
          attention.hasPlainWeights
        else { continue }
        count += 1
        attention.leavesReceived = true
        blocks[block].branches[branch].module = .selfAttention(attention)
      }
    }
    return count == 1
  }
}

extension SelfAttention {
  /// Whether each query has one weight for each key that it sees, and sees as the tokens stand.
  fileprivate var hasPlainWeights: Bool {
    let reachesBack =
      switch reach {
      case .all, .window: true
      case .windowBehindPrompt, .chosen, .chunk, .blocks, .bestBlocks: false
      }
    return reachesBack && ahead == nil && indexer == nil && blockIndexer == nil
      && valueBias == nil && difference == nil && routedQueries == nil
  }
}
