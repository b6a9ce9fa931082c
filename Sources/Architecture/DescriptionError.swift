package import Symbolic

/// A configuration that cannot be counted, as facts; the wording is in `description`.
package enum DescriptionError: Error, Hashable, Sendable {
  /// A size must be a whole number of at least `least`.
  case notASize(key: String, found: String, least: Int128 = 1)
  /// A size must not be more than a limit.
  case tooLarge(key: String, found: String, limit: String)
  /// A value has the wrong JSON type.
  case wrongType(key: String, found: String, expected: String)
  /// One size must divide another.
  case notDivisible(key: String, value: Int128, by: String, divisor: Int128)
  /// One size must not exceed another.
  case exceeds(key: String, value: Int128, limit: String, limitValue: Int128)
  /// A required key is absent, and no default would be safe to assume.
  case missing(key: String, symbol: String, modelType: String)
  /// A list that must have one entry for each layer.
  case wrongLength(key: String, count: Int, expected: Int)
  /// A value whose effect on the count is known to exist and is not described here.
  ///
  /// `supported` is nil where no other value would describe the same model.
  case unsupported(key: String, found: String, supported: String?)
  /// A change that a model has nothing for.
  case notChanged(String, because: String, advice: String)
  /// A size that decides the structure was left free.
  case notFree(key: String, reason: String)
  /// A size was left free under a name that a report shows for something else.
  case variablesTaken(key: String, name: String, taken: [String])
  /// A text that is no number and no formula.
  case notAFormula(key: String, text: String, message: String, offset: Int)
  /// More layers than can be told apart one by one.
  case tooManyLayers(key: String, count: Int128, limit: Int128)
  /// More tensors than can be listed.
  case tooManyTensors(limit: Int128)
  /// There is no `model_type`.
  case noModelType
  /// The file of an adapter, which adds to a model that it may name.
  case adapter(base: String?)
  /// A model type that is known to be something else than a decoder.
  case otherKind(String, kind: String)
  /// No description is known for a `model_type`.
  case unknownModelType(String, advice: Advice)
  /// A model type that is known, and of which something is not described.
  case undescribed(String, missing: String)
  /// A wrapper's file has neither a text model under a key nor the sizes of one.
  case noTextModel(String, key: String)
  /// A file that is read as a family on other grounds than its type, and has keys that this family
  /// does not read.
  case unread([String], modelType: String, grounds: String)
  /// A key was set on the command line that the family does not read.
  case unknownKey(String, modelType: String, nearest: String?)
  /// A key that a family reads where another one has another value.
  case unusedKey(String, modelType: String, with: String)
  /// The parameters of a family are described, and not what a pass executes.
  case operationsUnknown(modelType: String, missing: String)
  /// An exact computation has no answer.
  case arithmetic(ArithmeticError, what: String)
}

extension DescriptionError: CustomStringConvertible {
  /// One sentence that says what is wrong, then one that says what to do.
  package var description: String {
    switch self {
    case .notASize(let key, let found, let least):
      "\(key) is \(found), but it must be a whole number of at least \(least). Correct \(key)."
    case .tooLarge(let key, let found, let limit):
      "\(key) is \(found), but it must be at most \(limit). Correct \(key)."
    case .wrongType(let key, let found, let expected):
      "\(key) is \(found), but it must be \(expected). Correct \(key)."
    case .notDivisible(let key, let value, let by, let divisor):
      """
      \(key) (\(value)) is not a multiple of \(by) (\(divisor)). \
      The nearest multiple is \(key) = \(Self.nearestMultiple(of: divisor, to: value)).
      """
    case .exceeds(let key, let value, let limit, let limitValue):
      "\(key) (\(value)) is more than \(limit) (\(limitValue)). Lower \(key) or raise \(limit)."
    case .missing(let key, let symbol, let modelType):
      """
      \(key) is missing, and '\(modelType)' has no safe default for it. \
      Add it to the configuration, or give it with --set \(key)=VALUE\
      \(symbol.isEmpty ? "" : " (papers write it \(symbol))").
      """
    case .wrongLength(let key, let count, let expected):
      """
      \(key) has \(count) entries for \(expected) layers. \
      Give one entry for each layer, or correct the number of layers.
      """
    case .unsupported(let key, let found, let supported):
      """
      \(key) is \(found), which changes the count in a way that is not described here\
      \(supported.map { ". Supported: \($0)." } ?? ", so this model is not counted.")
      """
    case .notChanged(let change, let reason, let advice):
      "\(change) cannot be applied, because \(reason). \(advice)"
    case .notFree(let key, let reason):
      "\(key) cannot be left free, because \(reason). Give it a number."
    case .variablesTaken(let key, let name, let taken):
      """
      \(key) cannot be called \(name) here, because the formulas use that symbol. \
      Take another than \(taken.joined(separator: ", ")).
      """
    case .notAFormula(let key, let text, let message, let offset):
      """
      \(key) = '\(text)' is neither a number nor a formula: \(message) at character \(offset + 1). \
      Give a number, a free variable such as x, or a formula such as 4*x.
      """
    case .tooManyLayers(let key, let count, let limit):
      """
      \(key) is \(count), but layers that differ are told apart one by one, up to \(limit). \
      Lower \(key).
      """
    case .tooManyTensors(let limit):
      """
      The model has more than \(limit) tensors, which are too many to list one by one. \
      Lower the number of layers or experts, or ask for totals.
      """
    case .operationsUnknown(let modelType, let missing):
      """
      What a pass of '\(modelType)' executes is not described (\(missing)). \
      'tally params' counts its parameters.
      """
    case .adapter(let base):
      "This is the file of an adapter, which adds to another model. Count that model"
        + (base.map { ", \($0)." } ?? ".")
    case .otherKind(let modelType, let kind):
      """
      '\(modelType)' is \(kind), and only decoders that predict the next token are described. \
      Take such a model.
      """
    case .noModelType:
      """
      model_type is missing, so the family is unknown. Add it to the configuration, or name it with \
      --assume FAMILY; 'tally presets --families' lists them.
      """
    case .unknownModelType(let name, let advice):
      "model_type '\(name)' is not known.\(advice.sentences)"
    case .undescribed(let name, let missing):
      """
      '\(name)' is known and not counted, because what it has is not all described here: \(missing).
      """
    case .noTextModel(let name, let key):
      """
      '\(name)' nests a text model under \(key), and the file has neither that nor the sizes of one \
      under a class that is known. Add \(key).
      """
    case .unread(let keys, let modelType, let grounds):
      """
      \(grounds) But \(modelType) does not read \(keys.listed), so the model is another one, and is \
      not counted.
      """
    case .unknownKey(let key, let modelType, let nearest):
      "'\(modelType)' does not read a key '\(key)'."
        + (nearest.map { " Did you mean '\($0)'?" }
          ?? " Run 'tally explain MODEL' to see the sizes a model has.")
    case .unusedKey(let key, let modelType, let setting):
      "'\(modelType)' reads \(key) only with \(setting). Set that as well."
    case .arithmetic(.overflow, let what):
      "\(what) does not fit in 128 bits. Lower the sizes it is made of."
    case .arithmetic(let error, let what):
      if case .noClosedForm = error {
        "\(what): \(error) Generate fewer tokens, or take a share with a smaller denominator."
      } else {
        "\(what): \(error) Correct the sizes it is made of."
      }
    }
  }

  /// The multiple that is nearest, but at least one time the divisor, for positive numbers.
  private static func nearestMultiple(of divisor: Int128, to value: Int128) -> Int128 {
    let below = value - value % divisor
    let (above, overflow) = below.addingReportingOverflow(divisor)
    guard !overflow, below == 0 || above - value <= value - below else { return below }
    return above
  }
}
