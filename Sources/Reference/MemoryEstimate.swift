import Architecture
import Kernels
import Symbolic

/// About how much memory a pass takes, from the description alone.
package struct MemoryEstimate: Hashable, Sendable {
  /// Weights that are held at one time.
  package let weightBytes: Int
  /// Keys, values and states, of all layers.
  package let cacheBytes: Int
  /// What stands between the parts: the residual stream, the widest layer, the scores of the
  /// vocabulary.
  package let activationBytes: Int

  /// All of it.
  package var bytes: Int { weightBytes + cacheBytes + activationBytes }

  /// The elements of keys and values that are cached when the pass ends.
  ///
  /// - Throws: `ExecutionError.tooLarge` where even the estimate has no number.
  package init(
    _ executor: Executor, sequences: Int, tokens: Int, past: Int, scored: Int, cacheElements: Int
  ) throws {
    try executor.model.require(positions: past + tokens, executor)
    let size = MemoryLayout<Float>.stride
    // The pass that fills the cache may be the longer one.
    let rows = try Self.product([sequences, max(tokens, past)])
    var widest = 0
    var fixed = 0
    var kept: [String: Int] = [:]
    var all = 0
    let parts = executor.layers.mapValues { $0.branches }
    for branches in parts.values {
      var width = 0
      for branch in branches {
        var copies = 1
        if case .mixtureOfExperts = branch.module { copies = 2 }
        for weight in branch.weights where !weight.isBuffer {
          let count = try executor.extent(weight.shape.product())
          all += try executor.extent(weight.count)
          kept["\(branch.path).\(weight.name)"] = count
          // A map returns as many elements for each token as its weight has rows.
          width += copies * (try weight.shape.first.map { try executor.extent($0) } ?? 0)
        }
      }
      widest = max(widest, width)
    }
    for program in executor.programs.values {
      for step in program.allSteps {
        fixed = max(fixed, try executor.fixedScratch(step.operation))
      }
    }
    var outside = 0
    for branch in executor.model.head + executor.model.tail {
      for weight in branch.weights { outside += try executor.extent(weight.count) }
    }
    let vocabulary = try executor.model.vocabularySize(executor)
    let hidden = try executor.hiddenSize
    let streams = try executor.model.groups.first.map { try executor.extent($0.layer.streams) } ?? 1
    switch executor.weights.policy {
    case .streamed: weightBytes = min(all + outside, 1 << 25) * size
    case .shared: weightBytes = (kept.values.reduce(0, +) + outside) * size
    case .resident: weightBytes = (all + outside) * size
    }
    // A buffer that grows is copied into one of twice its length.
    cacheBytes = 2 * cacheElements * size
    activationBytes =
      (try Self.product([rows, widest + 6 * hidden * streams])
        + Self.product([scored, vocabulary])
        + Self.product([
          executor.evidence == .literal ? rows : executor.workers.count * 128, tokens + past,
        ])
        + fixed) * size
  }

  fileprivate static func product(_ factors: [Int]) throws -> Int {
    try factors.reduce(1) { product, factor in
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      guard !overflow, next < 1 << 50 else { throw ExecutionError.tooLarge(what: "The pass") }
      return next
    }
  }
}

extension Executor {
  /// What an operation takes that does not grow with the tokens: chunks, and kernels of
  /// convolutions.
  fileprivate func fixedScratch(_ operation: Operation) throws -> Int {
    switch operation {
    case .convolve(_, let convolution):
      try MemoryEstimate.product([
        4, extent(convolution.channels), extent(convolution.kernel),
        extent(convolution.dilation),
      ])
    case .convolveByToken(_, _, let convolution):
      try MemoryEstimate.product([2, extent(convolution.channels), extent(convolution.kernel)])
    case .convolveHeads(_, let heads): try extent(heads.channels)
    case .scan(_, let scan): try fixedScratch(scan)
    case .previous(let x): try extent(x.width)
    case .delay, .lookUpNgrams, .lookUp, .product, .productOfHeads, .addBias, .addVector,
      .multiplyVector, .normalize, .divide, .affine, .slice, .join, .repeat, .mixStreams,
      .sumParts, .balance, .magnitude, .rescale, .exceed, .rotate, .keep, .keepLatents, .keepIndex,
      .index, .attend, .attendDepth, .attendLatents, .meanBlocks, .indexBlocks, .compress,
      .indexEntries, .attendEntries, .groupedProduct, .activate, .gate, .add, .dot, .subtract,
      .shift, .scale, .positionFactor, .elements, .exponentials, .shorten, .bound, .clip, .route,
      .experts, .mapChosen, .pairScores, .weigh, .assign, .received, .scoresAboveSinks, .confide,
      .enter, .quotient,
      .interpolate, .blend,
      .last,
      .leave, .take:
      0
    }
  }

  /// What a scan takes beside its values.
  private func fixedScratch(_ scan: Scan) throws -> Int {
    switch scan {
    case .selective(let scan):
      return try MemoryEstimate.product([extent(scan.channels), extent(scan.state)])
    case .gatedUnit(let scan): return try extent(scan.width)
    case .duality(let scan):
      let chunk = try extent(scan.chunk)
      return try MemoryEstimate.product([2, chunk, chunk])
        + MemoryEstimate.product([4, chunk, extent(scan.headSize) + extent(scan.state)])
    case .gatedDelta(let scan):
      return try chunks(of: scan.chunk, keys: scan.keySize, values: scan.valueSize)
    case .channelDelta(let scan):
      return try chunks(of: scan.chunk, keys: scan.size, values: scan.size)
    case .lightning(let scan): return try chunks(of: scan.block, keys: scan.size, values: scan.size)
    case .matrixMemory(let scan):
      return try chunks(of: scan.chunk, keys: scan.keySize, values: scan.valueSize)
    case .weightedMean(let scan): return try extent(scan.width)
    }
  }

  /// The pairs of a chunk, its keys and values in several forms, and what is written to the state.
  private func chunks(of chunk: Formula, keys: Formula, values: Formula) throws -> Int {
    let (chunk, keys, values) = (try extent(chunk), try extent(keys), try extent(values))
    return try [[3, chunk, chunk], [6, chunk, keys + values], [keys, values]].map {
      try MemoryEstimate.product($0)
    }.reduce(0, +)
  }

  /// The width of the residual stream.
  var hiddenSize: Int {
    get throws {
      for branch in model.head {
        if case .embedding(let table) = branch.module, table.index == .token {
          return try extent(table.width)
        }
      }
      return 0
    }
  }
}
