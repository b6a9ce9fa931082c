package import Symbolic

/// A device that computes: how fast with each type of number, how much it holds, how fast it reads.
package struct Device: Sendable {
  /// A type of numbers that matrix units multiply.
  package enum Number: String, CaseIterable, Hashable, Sendable {
    case fp32, tf32, bf16, fp16, fp8, fp4, int8, int4
  }

  /// The word that names it on the command line.
  package let name: String
  /// What its maker calls it.
  package let title: String
  /// Other spellings.
  package let synonyms: [String]
  /// Operations a second of dense matrix products, for each type of number.
  let peaks: [Number: Rational]
  /// The types for which the maker states twice as much where half of the weights are zero.
  let sparse: Set<Number>
  /// Bytes of memory, where the sources state it.
  package let memory: Rational?
  /// Bytes a second.
  package let bandwidth: Rational?
  /// What sources say differently.
  package let note: String
  /// Where the peaks are printed.
  package let source: String

  /// Operations a second; twice the dense ones where `isSparse` and the device has such products.
  package func peak(_ number: Number, isSparse: Bool = false) -> Rational? {
    guard let dense = peaks[number] else { return nil }
    guard isSparse else { return dense }
    return sparse.contains(number) ? try? dense.multiplied(by: Rational(2)) : nil
  }

  /// The type whose peak is meant where none is named: `bf16`, else `fp16`, else `fp32`.
  package var usualNumber: Number? { [.bf16, .fp16, .fp32].first { peaks[$0] != nil } }

  /// The types of number that it multiplies.
  package func numbers(isSparse: Bool = false) -> [Number] {
    Number.allCases.filter { peak($0, isSparse: isSparse) != nil }
  }

  /// The device of a name, as people, papers and `nvidia-smi` write it.
  package static func named(_ word: String) -> Device? {
    let wanted = key(word)
    return all.first { ([$0.name] + $0.synonyms).contains { key($0) == wanted } }
  }

  /// Every name and every other spelling.
  package static var words: [String] { all.flatMap { [$0.name] + $0.synonyms } }

  private static let makers: Set<String> = [
    "nvidia", "amd", "google", "intel", "apple", "aws", "geforce", "tesla",
  ]

  /// Letters and digits alone, without makers.
  private static func key(_ word: String) -> String {
    word.lowercased().split { !$0.isLetter && !$0.isNumber }.filter {
      !makers.contains(String($0))
    }.joined()
  }
}
