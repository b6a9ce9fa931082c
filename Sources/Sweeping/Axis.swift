package import Symbolic

/// What varies in a sweep, and over which values.
package struct Axis: Hashable, Sendable {
  /// What a key changes.
  package enum Target: Hashable, Sendable {
    /// A key of `config.json`.
    case configuration
    /// A number of the pass.
    case tokens, past, generated, batch
    /// A word of the pass: its phase, mask, logits, form of latent attention, recomputation.
    case pass
    case convention
    case weightFormat, cacheFormat
    /// A change that a paper proposes.
    case transformation
    /// The FLOPs of a training run.
    case budget
  }

  /// The key that varies.
  package let key: String
  /// Its values, in the order of the grid.
  package let values: AxisValues

  package init(_ key: String, _ values: AxisValues) {
    self.key = key
    self.values = values
  }

  /// What the key changes.
  package var target: Target { Self.target(of: key) }

  /// What a key changes; `mod/2` is the capacity of `mod=κ/2`, and `upcycle/4` the number of experts
  /// of `upcycle=E/4`.
  package static func target(of key: String) -> Target {
    let name = key.split(separator: "/", maxSplits: 1).first.map(String.init) ?? key
    if name != key {
      return targets[name] == .transformation ? .transformation : .configuration
    }
    return targets[key] ?? .configuration
  }

  /// What is not a key of `config.json`.
  package static let targets: [String: Target] = [
    "tokens": .tokens, "past": .past, "generate": .generated, "batch": .batch, "phase": .pass,
    "mask": .pass,
    "logits": .pass, "mla": .pass, "recompute": .pass, "convention": .convention,
    "weight-dtype": .weightFormat, "kv-dtype": .cacheFormat, "segment": .transformation,
    "shared": .transformation, "upcycle": .transformation, "mod": .transformation,
    "mode": .transformation, "recursion": .transformation, "granularity": .transformation,
    "leverage": .transformation, "idle": .transformation, "capacity": .transformation,
    "budget": .budget,
  ]
}

/// Every combination of the values of some axes; the last axis changes fastest.
package struct Grid: Sendable {
  /// The axes; the last one changes fastest.
  package let axes: [Axis]
  /// How many points one step of each axis passes over.
  let strides: [Int128]
  /// The number of points.
  package let count: Int128

  /// - Throws: `ArithmeticError.overflow` for more points than 128 bits can count.
  package init(_ axes: [Axis]) throws(ArithmeticError) {
    self.axes = axes
    var strides: [Int128] = []
    var count: Int128 = 1
    for axis in axes.reversed() {
      strides.append(count)
      count = try count.multiplied(by: Int128(axis.values.count))
    }
    self.strides = strides.reversed()
    self.count = count
  }

  /// Which value of each axis a point has.
  package func coordinates(_ point: Int128) -> [Int] {
    axes.indices.map { Int(point / strides[$0] % Int128(axes[$0].values.count)) }
  }

  /// The points of one of several shards, which together are all points in their order.
  package func shard(_ number: Int, of count: Int) -> Range<Int128> {
    // Whole and rest apart, so that nothing overflows.
    func bound(_ shards: Int) -> Int128 {
      let (quotient, remainder) = self.count.quotientAndRemainder(dividingBy: Int128(count))
      return quotient * Int128(shards) + remainder * Int128(shards) / Int128(count)
    }
    return bound(number - 1)..<bound(number)
  }
}
