import Architecture
import Symbolic

extension Model {
  /// Refuses a free variable under which a report shows a size of the model too.
  ///
  /// A variable that stands for the size of its own name is no conflict.
  ///
  /// - Parameter shown: The symbols that the report's formulas mention.
  /// - Throws: `DescriptionError.variablesTaken`.
  func refuseFreeVariables(among shown: Set<Symbol>) throws(DescriptionError) {
    let own = Set(
      sizes.filter { $0.value == Evaluated(variable: Symbol(variable: $0.size.symbol.name)) }
        .map(\.size.symbol))
    let taken = Set(shown.filter { !$0.isFree && !own.contains($0) }.map(\.name))
    for binding in sizes {
      let variables = binding.value.variables.map(\.name).sorted()
      guard let variable = variables.first(where: { taken.contains($0) }) else { continue }
      throw .variablesTaken(key: binding.key, name: variable, taken: taken.sorted())
    }
  }
}
