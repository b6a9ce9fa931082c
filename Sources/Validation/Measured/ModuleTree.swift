import Measurements
import Symbolic

/// The modules of a file, each under the one that it is inside.
struct ModuleTree {
  struct Node {
    /// As the file has it, with `#` for the number of an expert.
    var path: [String]
    var name: ModuleName
    var count: Rational
    var slack: Rational
    /// Where it stands in the file.
    var rank: Int
    var parent: Int?
    var children: [Int] = []
  }

  /// The outermost first.
  private(set) var nodes: [Node] = []
  /// The place in the file from which on modules stand that only the backward pass met.
  private(set) var backward = Int.max

  /// Puts up the tree; modules that `isKnown` does not know count with the one that they are inside.
  ///
  /// - Throws: `ArithmeticError.overflow`.
  init(_ counts: MeasuredCounts, isKnown: (ModuleName) -> Bool) throws(ArithmeticError) {
    var places: [[String]: Int] = [:]
    var merged: [Node] = []
    for module in counts.modules {
      let name = ModuleName(file: module.path)
      guard module.path.isEmpty || name.layer == nil || isKnown(name) else { continue }
      let path = Self.joined(module.path)
      if let place = places[path] {
        merged[place].count = try merged[place].count.adding(module.count)
        merged[place].slack = try merged[place].slack.adding(module.slack)
      } else {
        places[path] = merged.count
        merged.append(
          Node(
            path: path, name: name, count: module.count, slack: module.slack, rank: merged.count))
        // The head is the last that the forward pass meets.
        if name.layer == nil, name.inside.last == "lm_head" { backward = merged.count }
      }
    }
    if places[[]] == nil {
      var whole = Node(path: [], name: ModuleName(file: []), count: .zero, slack: .zero, rank: 0)
      for node in merged where Self.ancestor(of: node.path, places) == nil {
        whole.count = try whole.count.adding(node.count)
        whole.slack = try whole.slack.adding(node.slack)
      }
      merged.append(whole)
    }
    nodes = merged.enumerated().sorted {
      ($0.element.path.count, $0.offset) < ($1.element.path.count, $1.offset)
    }.map(\.element)
    for (index, node) in nodes.enumerated() { places[node.path] = index }
    for index in nodes.indices {
      guard let parent = Self.ancestor(of: nodes[index].path, places) else { continue }
      nodes[index].parent = parent
      nodes[parent].children.append(index)
    }
  }

  /// The path with `#` for every number but the first, which is that of the layer.
  private static func joined(_ path: [String]) -> [String] {
    guard let layer = path.firstIndex(where: { Int($0) != nil }) else { return path }
    return path[...layer] + path[(layer + 1)...].map { Int($0) != nil ? "#" : $0 }
  }

  private static func ancestor(of path: [String], _ places: [[String]: Int]) -> Int? {
    var rest = path
    while !rest.isEmpty {
      rest.removeLast()
      if let place = places[rest] { return place }
    }
    return nil
  }

  /// The innermost module that holds a place.
  func innermost(_ place: ModuleName, _ candidates: [Int]) -> Int? {
    candidates.filter { nodes[$0].name.holds(place) }
      .max { nodes[$0].path.count < nodes[$1].path.count }
  }
}
