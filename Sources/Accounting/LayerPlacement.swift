import Architecture
package import Symbolic

/// A number of layers of one kind, where a model has several kinds.
package struct LayerCount: Sendable {
  /// The symbol that counts these layers, such as *L_moe*.
  package let symbol: Symbol
  /// What these layers have.
  package let meaning: String
  /// The number, in the model's symbols if it follows from sizes.
  package let definition: Formula
}

extension Formula {
  /// The formula with numbers of layers replaced by what they are in the model's sizes.
  ///
  /// Two ledgers of one model may give one name to the layers of different kinds, so a formula of
  /// one does not stand beside the values of the other.
  func spellingOut(_ counts: [LayerCount]) -> Formula {
    substituting(
      Dictionary(counts.map { ($0.symbol, $0.definition) }, uniquingKeysWith: { first, _ in first })
    )
  }
}

/// Which layers have which items (tensors, or work), and the symbols that count them.
struct LayerPlacement<Item: Hashable & Sendable>: Sendable {
  struct Entry: Sendable {
    let item: Item
    let module: Module?
    var groups: [Int]

    var isNorm: Bool {
      switch module {
      case nil, .normalization: true
      default: false
      }
    }
  }

  private struct Occurrence: Hashable {
    let item: Item
    let number: Int
  }

  private(set) var entries: [Entry] = []
  private(set) var counts: [LayerCount] = []
  private var symbols: [[Int]: Symbol] = [:]
  private let groups: [LayerGroup]

  /// Places what `items` finds in one layer, each with the module that it belongs to.
  init(_ model: Model, _ items: (_ group: Int, Layer) -> [(Item, Module?)]) {
    groups = model.groups
    // A layer may have one item several times: its first is the first of other layers, and so on.
    var positions: [Occurrence: Int] = [:]
    for (index, group) in groups.enumerated() {
      var met: [Item: Int] = [:]
      for (item, module) in items(index, group.layer) {
        let occurrence = Occurrence(item: item, number: met[item, default: 0])
        met[item, default: 0] += 1
        if let position = positions[occurrence] {
          entries[position].groups.append(index)
        } else {
          positions[occurrence] = entries.count
          entries.append(Entry(item: item, module: module, groups: [index]))
        }
      }
    }
    // Name each set of layers after the first module that is more than a norm.
    for entry in entries where !entry.isNorm { name(entry) }
    for entry in entries { name(entry) }
  }

  private mutating func name(_ entry: Entry) {
    let set = entry.groups
    guard symbols[set] == nil else { return }
    if set.count == groups.count {
      symbols[set] = Size.layers.symbol
      return
    }
    let taken = Set(symbols.values.map(\.name))
    let label = entry.module?.label ?? "layers"
    var name = "L_\(label)"
    var number = 2
    while taken.contains(name) {
      name = "L_\(label)\(number)"
      number += 1
    }
    symbols[set] = Symbol(name)
    counts.append(
      LayerCount(
        symbol: Symbol(name), meaning: "layers with \(meaning(of: entry))",
        definition: set.map { groups[$0].indices.count }.sum()))
  }

  /// What just these layers have: a module, and what tells it from those of other layers.
  private func meaning(of entry: Entry) -> String {
    guard let module = entry.module else { return "it" }
    let others = groups.indices.filter { !entry.groups.contains($0) }.map { groups[$0].layer }
    guard others.contains(where: { $0.has(module.label) }) else { return module.meaning }
    let own = entry.groups.map { groups[$0].layer }
    let reaches = Set(own.flatMap { $0.reaches(of: module.label) })
    if reaches.count == 1, let reach = reaches.first,
      !others.contains(where: { $0.reaches(of: module.label).contains(reach) })
    {
      return "\(module.meaning) \(reach)"
    }
    let routed = Set(own.map(\.isConditional))
    if routed.count == 1, !others.contains(where: { routed.contains($0.isConditional) }) {
      return "\(module.meaning)\(routed == [true] ? " and a" : ", without a") depth router"
    }
    let rotated = Set(own.flatMap { $0.rotations(of: module.label) })
    if rotated.count == 1, let word = rotated.first,
      !others.contains(where: { $0.rotations(of: module.label).contains(word) })
    {
      return "\(module.meaning) \(word)"
    }
    return "\(module.meaning) of one kind"
  }

  func symbol(for entry: Entry) -> Symbol { symbols[entry.groups] ?? Size.layers.symbol }

  /// The value of every symbol of a model, the numbers of layers of each kind included.
  func values(_ model: Model) -> [Symbol: Evaluated] {
    var values = model.values
    // A family whose depth is no key of its own still has a number of layers.
    if values[Size.layers.symbol] == nil {
      values[Size.layers.symbol] = model.layerCount.evaluated(in: model.values)
    }
    for count in counts {
      values[count.symbol] = count.definition.evaluated(in: model.values)
    }
    return values
  }
}

extension Layer {
  fileprivate func has(_ label: String) -> Bool {
    branches.contains { $0.module.label == label }
  }

  /// How far the attention under a label sees, in words.
  fileprivate func reaches(of label: String) -> [String] {
    branches.filter { $0.module.label == label }.compactMap { branch in
      switch branch.module {
      case .selfAttention(let module): module.reach.words
      case .latentAttention(let module): module.reach.words
      case .compressedAttention(let module): module.reach.words
      case .embedding, .normalization, .linear, .head, .feedForward, .mixtureOfExperts,
        .depthRouter, .idle, .recurrent, .stream:
        nil
      }
    }
  }
}

extension Layer {
  /// Whether the attention under a label rotates queries and keys, in words.
  fileprivate func rotations(of label: String) -> [String] {
    branches.filter { $0.module.label == label }.compactMap { branch in
      guard case .selfAttention(let module) = branch.module else { return nil }
      return module.position.rotarySize.isZero ? "without rotation" : "with rotation"
    }
  }
}

extension Reach {
  fileprivate var words: String {
    switch self {
    case .all: "over all positions"
    case .window: "over a window"
    case .windowBehindPrompt: "over the prompt and a window"
    case .chosen: "over chosen positions"
    case .chunk: "over chunks"
    case .blocks, .bestBlocks: "over chosen blocks"
    }
  }
}
