import Architecture
import Symbolic

extension Model {
  /// Refuses a free variable under which a report shows a size of the model too.
  ///
  /// A variable that stands for the size of its own name is no conflict.
  ///
  /// - Parameter shown: The symbols that the report's formulas mention.
  /// - Throws: `DescriptionError.lettersTaken`.
  func refuseLetters(among shown: Set<Symbol>) throws(DescriptionError) {
    let own = Set(
      sizes.filter { $0.value == Evaluated(letter: Symbol(letter: $0.size.symbol.name)) }
        .map(\.size.symbol))
    let taken = Set(shown.filter { !$0.isFree && !own.contains($0) }.map(\.name))
    for binding in sizes {
      let letters = binding.value.letters.map(\.name).sorted()
      guard let letter = letters.first(where: { taken.contains($0) }) else { continue }
      throw .lettersTaken(key: binding.key, letter: letter, taken: taken.sorted())
    }
  }
}
