package import Architecture
package import Symbolic

extension OperationLedger {
  /// What one row of the ledger does in one layer, in the order of execution.
  package struct Occurrence: Sendable {
    /// The number of the layer, or nil outside the layers.
    package let layer: Int?
    /// The path inside the layer, or the whole path outside the layers.
    package let path: String
    /// The part of a training step that does it.
    package let direction: Row.Direction
    /// The matrix product, and its FLOPs; nil for element-wise work.
    package let product: (kind: Product, flops: Rational)?
  }

  /// Every row in each of the layers that does it: before the layers, layer by layer, and after.
  ///
  /// - Throws: `DescriptionError.arithmetic`, also for a size that was left free.
  package func occurrences() throws(DescriptionError) -> [Occurrence] {
    let layersOfGroups = try model.groups.map { group throws(DescriptionError) -> [Int] in
      try layers(of: group)
    }
    var before: [Occurrence] = []
    var inside: [Int: [Occurrence]] = [:]
    var after: [Occurrence] = []
    for row in rows {
      var product: (Product, Rational)?
      if let kind = row.work.product { product = (kind, try number(kind.flops, row.path)) }
      guard let groups = row.groups else {
        let occurrence = Occurrence(
          layer: nil, path: row.path, direction: row.direction, product: product)
        if inside.isEmpty { before.append(occurrence) } else { after.append(occurrence) }
        continue
      }
      let path = String(row.path.dropFirst(model.layersPath.count + 3))
      for layer in groups.flatMap({ layersOfGroups[$0] }) {
        inside[layer, default: []].append(
          Occurrence(layer: layer, path: path, direction: row.direction, product: product))
      }
    }
    return before + inside.keys.sorted().flatMap { inside[$0] ?? [] } + after
  }
}

extension Product {
  /// Whether each channel has a product of its own with a short row of weights.
  package var isConvolution: Bool { part == .mixer && columns == 1 && copies != 1 }
}
