package import Architecture
package import JSON
import Symbolic

/// A model of the same structure with smaller sizes.
package struct Reduction: Sendable {
  /// One size, before and after.
  package struct Change: Hashable, Sendable {
    /// The key of the configuration.
    package let key: String
    /// The value of the full model.
    package let from: Int128
    /// The value of the small one.
    package let to: Int128
  }

  /// The small model.
  package let model: Model
  /// The keys that were changed, in the order in which they were set.
  package let changes: [Change]

  package init(model: Model, changes: [Change]) {
    self.model = model
    self.changes = changes
  }
}

extension Description {
  /// A small model with every kind of layer that a configuration's model has.
  ///
  /// Sizes shrink through the keys of the configuration, so that the family itself sees to what
  /// fits together; of layers of a kind the first are kept. A size that cannot shrink stays. Of
  /// a model that is narrow already only the sizes shrink that are large all the same.
  ///
  /// The model still has `positions` positions, and up to `layers` layers of each kind.
  ///
  /// - Throws: `DescriptionError`, as `model(from:named:)`.
  package func reduced(
    from configuration: JSONObject, named name: String, positions: Int128, layers most: Int = 2
  ) throws -> Reduction {
    let full = try model(from: configuration, named: name)
    let targets = Targets(full, positions: positions)
    var small = self
    small.overrides.merge(targets.overrides(besides: overrides)) { given, _ in given }
    var model: Model
    if let all = try? small.model(from: configuration, named: name) {
      model = all
    } else {
      // Not all together, so one after the other.
      small = self
      model = full
      for (key, value) in targets.overrides(besides: overrides).sorted(by: { $0.key < $1.key }) {
        var next = small
        next.overrides[key] = value
        guard let smaller = try? next.model(from: configuration, named: name) else { continue }
        (small, model) = (next, smaller)
      }
    }
    var changes: [Reduction.Change] = []
    for (before, after) in zip(full.sizes, model.sizes) where before.size == after.size {
      guard let from = before.number, let to = after.number, from != to else { continue }
      changes.append(Reduction.Change(key: before.key, from: from, to: to))
    }
    let layers = model.numberOfLayers
    model.keepFirstLayers(most)
    let kept = model.numberOfLayers
    if let layers, let kept, layers != kept {
      changes.append(Reduction.Change(key: "layers", from: layers, to: kept))
    }
    return Reduction(model: model, changes: changes)
  }
}

/// The sizes that a reduced model should have.
private struct Targets {
  private var sizes: [Size: Int128] = [:]
  private let bindings: [SizeBinding]
  private let positions: Int128

  init(_ model: Model, positions: Int128) {
    bindings = model.sizes
    self.positions = positions
    for binding in bindings { sizes[binding.size] = binding.number }
  }

  /// New values for the keys that a configuration may set, without those that the user set.
  func overrides(besides given: [String: String]) -> [String: String] {
    var overrides: [String: String] = [:]
    let isNarrow = sizes[.hidden].map { $0 <= 64 } ?? false
    for binding in bindings {
      if case .derived = binding.origin { continue }
      guard given[binding.key] == nil, let value = binding.number,
        !isNarrow || value > Self.most,
        let target = target(binding.size, value) ?? (value > Self.most ? Self.width : nil),
        target < value
      else { continue }
      overrides[binding.key] = "\(target)"
    }
    return overrides
  }

  /// The largest size of a reduced model, and one for those of which nothing else is known.
  private static let (most, width): (Int128, Int128) = (1024, 64)

  private var groups: Int128 { min(sizes[.keyValueHeads] ?? sizes[.heads] ?? 1, 2) }

  private var heads: Int128 {
    guard let heads = sizes[.heads] else { return 4 }
    guard let all = sizes[.keyValueHeads], all > 0, all < heads else { return min(heads, 4) }
    return groups * min(heads / all, 4)
  }

  private var hidden: Int128 {
    let isShared = bindings.contains {
      if case .derived = $0.origin { $0.size == .headSize } else { false }
    }
    if let narrow = sizes[.hidden], narrow <= Self.width { return narrow }
    return isShared && sizes[.heads] != nil ? heads * 16 : Self.width
  }

  /// A width in the same ratio to the model's as before, and a multiple of 8.
  private func scaled(_ width: Int128) -> Int128 {
    guard let before = sizes[.hidden], before > 0 else { return width }
    let (product, overflow) = width.multipliedReportingOverflow(by: hidden)
    return overflow ? Self.width : min(max(8, product / before / 8 * 8), Self.most)
  }

  private func target(_ size: Size, _ value: Int128) -> Int128? {
    switch size {
    case .vocabulary: 96
    case .hidden: hidden
    case .positions: positions
    case .heads: heads
    case .keyValueHeads: sizes[.keyValueHeads] == sizes[.heads] ? heads : groups
    case .headSize, .plainSize, .valueSize, .mixerHeadSize, .deltaKeySize, .deltaValueSize: 16
    case .rotarySize: 8
    case .rotaryPart: 8
    case .queryRank: 24
    case .keyValueRank: 16
    case .intermediate, .expertSize, .sharedSize, .innerSize: scaled(value)
    case .experts: 16
    case .activeExperts: min(value, 8)
    case .noOpExperts: 4
    case .window, .chunk, .chunkSize: 16
    case .stateSize: 16
    case .timeStepRank: 4
    case .predictorSize: 16
    case .mixerHeads: mixerWidth.map { max(1, $0 / 16) }
    case .mixerGroups: 2
    case .deltaKeyHeads: 2
    case .deltaValueHeads:
      sizes[.deltaKeyHeads].map { $0 > 0 ? 2 * min(max(1, value / $0), 4) : 2 }
    case .embeddingWidth: hidden
    default: size.key == "block_size" ? 16 : nil
    }
  }

  private var mixerWidth: Int128? {
    sizes[.innerSize].map { scaled($0) }
      ?? (sizes[.mixerHeads].flatMap { heads in sizes[.mixerHeadSize].map { heads * $0 } })
      .map { scaled($0) }
  }
}

extension SizeBinding {
  fileprivate var number: Int128? { value.wholeConstant }
}

extension Model {
  /// The number of layers, if no size decides it.
  fileprivate var numberOfLayers: Int128? {
    layerCount.evaluated(in: values).wholeConstant
  }

  /// Keeps the first layers of each kind.
  fileprivate mutating func keepFirstLayers(_ most: Int) {
    let values = values
    let all = groups
    for (place, group) in groups.enumerated() {
      switch group.indices {
      case .listed(let indices): groups[place].indices = .listed(Array(indices.prefix(most)))
      case .range(let first, let end):
        guard let first = first.evaluated(in: values).wholeConstant,
          let end = end.evaluated(in: values).wholeConstant
        else { continue }
        let last = max(first, min(end, first + Int128(most)))
        groups[place].indices = .listed(Array(Int(first)..<Int(last)))
      }
    }
    keepHolders(of: all)
    groups.removeAll {
      if case .listed(let indices) = $0.indices { indices.isEmpty } else { false }
    }
    guard let count = numberOfLayers,
      let place = sizes.firstIndex(where: { $0.size == .layers })
    else { return }
    let binding = sizes[place]
    sizes[place] = SizeBinding(
      size: binding.size, key: binding.key, value: Evaluated(count), origin: binding.origin)
  }

  /// Keeps the layers that hold tensors of those that are kept.
  private mutating func keepHolders(of all: [LayerGroup]) {
    let holders = Set(
      groups.filter { !$0.indices.count.isZero }.flatMap(\.layer.sharings).map(\.holder))
    for (place, group) in all.enumerated() {
      guard case .listed(let before) = group.indices,
        case .listed(let kept) = groups[place].indices
      else { continue }
      groups[place].indices = .listed(
        before.filter { kept.contains($0) || holders.contains($0) })
    }
  }
}
