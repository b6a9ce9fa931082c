package import Accounting
import Architecture
import Reference
import Symbolic

/// How many experts of one layer ran in a pass, beside what there can be.
package struct MeasuredExperts: Hashable, Sendable {
  /// The list of experts: `model.layers.3.mlp.experts.#`.
  package let path: String
  /// The least, the expected and the most that the formulas give.
  package let analytic: ExpertsMet
  /// The experts that ran.
  package let measured: Int128

  /// Whether it is no fewer than the least and no more than the most.
  package var isWithin: Bool {
    guard let least = analytic.least.constant, let most = analytic.most.constant else {
      return false
    }
    return least <= Rational(measured) && Rational(measured) <= most
  }

  /// One for each layer with experts.
  ///
  /// - Throws: `DescriptionError.arithmetic`.
  static func all(
    _ ledger: OperationLedger, _ tallies: [String: OperationTally]
  ) throws(DescriptionError) -> [MeasuredExperts] {
    let places = try ExpertsMet.places(ledger)
    var ran: [String: Set<Substring>] = [:]
    for path in tallies.keys {
      for place in places {
        let halves = place.path.split(separator: "#", maxSplits: 1)
        guard let start = halves.first, path.hasPrefix(start) else { continue }
        let number = path.dropFirst(start.count).prefix { $0.isNumber }
        if !number.isEmpty { ran[place.path, default: []].insert(number) }
      }
    }
    return places.map { place in
      MeasuredExperts(
        path: place.path, analytic: place.met, measured: Int128(ran[place.path]?.count ?? 0))
    }
  }
}
