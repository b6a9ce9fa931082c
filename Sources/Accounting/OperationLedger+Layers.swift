package import Architecture
package import Symbolic

extension OperationLedger {
  /// The operations of one kind under one path, with the number of its layer in the path.
  package struct Place: Hashable, Sendable {
    /// The full path, with the index of its layer and `#` for that of an expert.
    package let path: String
    /// The kind of operation.
    package let operation: ScalarOperation

    package init(path: String, operation: ScalarOperation) {
      self.path = path
      self.operation = operation
    }
  }

  /// Every row in each of the layers that does it.
  ///
  /// Rows of one path, as a product and its bias, are added up.
  ///
  /// - Throws: `DescriptionError.arithmetic`, also for a size that was left free.
  package func places() throws(DescriptionError) -> [(place: Place, count: Rational)] {
    var order: [Place] = []
    var counts: [Place: Rational] = [:]
    let layersOfGroups = try model.groups.map { group throws(DescriptionError) -> [Int] in
      try layers(of: group)
    }
    for row in rows {
      for operation in ScalarOperation.allCases {
        let formula = row.work.count(of: operation)
        if formula.isZero { continue }
        let count = try number(formula, row.path)
        for path in paths(of: row, layersOfGroups) {
          let place = Place(path: path, operation: operation)
          guard let sum = counts[place] else {
            order.append(place)
            counts[place] = count
            continue
          }
          do {
            counts[place] = try sum.adding(count)
          } catch {
            throw .arithmetic(error, what: path)
          }
        }
      }
    }
    return order.map { ($0, counts[$0] ?? .zero) }
  }

  private func paths(of row: Row, _ layersOfGroups: [[Int]]) -> [String] {
    guard let groups = row.groups else { return [row.path] }
    let inside = row.path.dropFirst(model.layersPath.count + 3)
    return groups.flatMap { layersOfGroups[$0] }.sorted().map { layer in
      "\(model.layersPath).\(layer).\(inside)"
    }
  }

  func layers(of group: LayerGroup) throws(DescriptionError) -> [Int] {
    switch group.indices {
    case .listed(let indices): return indices
    case .range(let first, let end):
      let from = Int(try number(first, "the layers").floor)
      return Array(from..<max(from, Int(try number(end, "the layers").floor)))
    }
  }

  func number(_ formula: Formula, _ what: String) throws(DescriptionError) -> Rational {
    do {
      return try value(formula, what).evaluated(with: [:])
    } catch let error as ArithmeticError {
      throw .arithmetic(error, what: what)
    } catch let error as DescriptionError {
      throw error
    } catch {
      throw .arithmetic(.overflow, what: what)
    }
  }
}
