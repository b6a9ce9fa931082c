/// What can be done about a model type that is not known.
///
/// Every family that advice names reads every key of the file at hand; where none does, the advice
/// says what would be lost.
package enum Advice: Hashable, Sendable {
  /// A known type is spelt almost like it.
  case misspelt(String)
  /// The file nests a text model whose family is known.
  case textModel(String)
  /// All keys are those of many families, and the file names no class.
  case commonKeys
  /// All keys are a family's, but the class is one of its own.
  case ownClass(String)
  /// The nearest family would leave keys out.
  case lacking(family: String, keys: [String])
  /// Nothing is near.
  case kindOfFile

  /// The `model_type` that is proposed in place of the file's, if any is.
  package var proposal: String? {
    switch self {
    case .misspelt(let type), .textModel(let type): type
    case .commonKeys, .ownClass, .lacking, .kindOfFile: nil
    }
  }

  /// What follows the sentence that says that a type is not known.
  var sentences: String {
    switch self {
    case .misspelt(let type):
      " Did you mean '\(type)'? Then say --assume \(type)."
    case .textModel(let type):
      " Its text model is a '\(type)': --assume \(type) counts that alone."
    case .commonKeys:
      """
       Its keys do not tell its family, because biases and norms need no key. If you know what it is \
      built like, name that with --assume FAMILY; 'tally presets --families' lists the known ones.
      """
    case .ownClass(let name):
      """
       It is built by code of its own, \(name), which is not described; whether that has biases or \
      norms besides, no key says. 'tally presets --families' lists what is described.
      """
    case .lacking(let family, let keys):
      """
       The nearest family, \(family), does not read \(keys.listed), so no family counts it.
      """
    case .kindOfFile: " 'tally presets --families' lists the known ones."
    }
  }
}

extension [String] {
  /// The words in a sentence, the first few of many.
  var listed: String {
    let shown = prefix(6)
    let rest = count - shown.count
    if rest > 0 { return shown.joined(separator: ", ") + " and \(rest) more keys" }
    guard count > 1, let last else { return joined() }
    return dropLast().joined(separator: ", ") + " and " + last
  }
}
