package import Architecture
package import Symbolic

extension ParameterLedger {
  /// One tensor of a checkpoint.
  package struct Tensor: Hashable, Sendable {
    /// The full name, with the indices of layer and expert.
    package let name: String
    /// The extents, in memory order.
    package let shape: [Evaluated]
    /// The elements, the product of the extents.
    package let count: Evaluated
    /// The part of the model that it counts under.
    package let part: Part
    /// Whether it is stored with the model and is no parameter.
    package let isBuffer: Bool
    /// The layer, counted from zero.
    package let layer: Int?
  }

  /// More tensors than this are counted, but not listed.
  private static let mostListed: Int128 = 2_000_000

  /// Every tensor with its full name, layer by layer.
  ///
  /// - Throws: `DescriptionError.notFree` if the number of layers or experts is free,
  ///   `.tooManyTensors` if there are too many to list.
  package func tensors() throws(DescriptionError) -> [Tensor] {
    let resolved = try rows.map { (row) throws(DescriptionError) in try ResolvedRow(row, self) }
    try checkCount(of: resolved)
    let tail = Set(model.tail.flatMap { $0.weights.map(\.name) })
    var result: [Tensor] = []
    for entry in resolved where entry.row.layers == nil && !tail.contains(entry.row.path) {
      entry.append(path: entry.row.path, layer: nil, to: &result)
    }
    var layers: [(index: Int, group: Int)] = []
    for (group, entry) in model.groups.enumerated() {
      layers += try indices(of: entry).map { ($0, group) }
    }
    let inLayers = resolved.filter { $0.row.layers != nil }
    for (index, group) in layers.sorted(by: { $0.index < $1.index }) {
      for entry in inLayers where entry.row.groups.contains(group) {
        let path =
          "\(model.layersPath).\(index)" + entry.row.path.dropFirst(model.layersPath.count + 2)
        entry.append(path: path, layer: index, to: &result)
      }
    }
    for entry in resolved where entry.row.layers == nil && tail.contains(entry.row.path) {
      entry.append(path: entry.row.path, layer: nil, to: &result)
    }
    return result
  }

  private func checkCount(of resolved: [ResolvedRow]) throws(DescriptionError) {
    let count = resolved.map { entry in
      (entry.row.layers.map { Formula($0) } ?? 1) * Formula(entry.copies)
    }.sum()
    guard let number = try value(count, "The number of tensors").wholeConstant else {
      throw .notFree(key: key(of: .layers), reason: "the tensors are listed one by one")
    }
    guard number <= Self.mostListed else { throw .tooManyTensors(limit: Self.mostListed) }
  }

  private func indices(of group: LayerGroup) throws(DescriptionError) -> [Int] {
    switch group.indices {
    case .listed(let indices): return indices
    case .range(let first, let end):
      let numbers = [first, end].compactMap { size in
        size.evaluated(in: values).wholeConstant.flatMap { Int(exactly: $0) }
      }
      guard numbers.count == 2, numbers[1] <= Int(Self.mostListed) else {
        throw .tooManyTensors(limit: Self.mostListed)
      }
      return numbers[0] < numbers[1] ? Array(numbers[0]..<numbers[1]) : []
    }
  }

  /// A size's key in this model's configuration.
  private func key(of size: Size) -> String {
    model.sizes.first { $0.size == size }?.key ?? size.key
  }

  /// A row with its numbers put in, so that each layer's tensors need only their names.
  private struct ResolvedRow {
    let row: Row
    let shape: [Evaluated]
    let count: Evaluated
    let copies: Int128
    let first: Int128

    init(_ row: Row, _ ledger: ParameterLedger) throws(DescriptionError) {
      self.row = row
      shape = try row.weight.shape.map { (size) throws(DescriptionError) in
        try ledger.value(size, "The shape of \(row.path)")
      }
      count = try ledger.value(row.weight.shape.product(), "The size of \(row.path)")
      let copies = try ledger.value(row.weight.copies, "The number of experts").wholeConstant
      let first = try ledger.value(row.weight.firstNumber, "The number of an expert").wholeConstant
      guard let copies, let first else {
        throw .notFree(key: ledger.key(of: .experts), reason: "the tensors are listed one by one")
      }
      self.copies = copies
      self.first = first
    }

    func append(path: String, layer: Int?, to result: inout [Tensor]) {
      func add(_ name: String) {
        result.append(
          Tensor(
            name: name, shape: shape, count: count, part: row.weight.part,
            isBuffer: row.weight.isBuffer, layer: layer))
      }
      guard path.contains("#") else { return add(path) }
      for copy in first..<first + max(copies, 0) { add(path.replacing("#", with: "\(copy)")) }
    }
  }
}
