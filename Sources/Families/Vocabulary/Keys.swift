import Architecture
import JSON
import Symbolic
import Wording

/// The keys of one configuration, read with the defaults and the spelling of its family.
///
/// It is a class because reading is recorded: which keys were met, which sizes they gave, and
/// which of them were defaults. A family's description reads everything that changes a count; what
/// it never reads is reported, and never silently dropped.
package final class Keys {
  /// The family whose defaults and spelling hold.
  package let modelType: String
  /// What the class of the family does otherwise than most.
  let traits: Set<Family.Trait>
  private let fixed: String
  /// How its files hold layers for multi-token prediction, if it is known.
  let predictors: StoredPredictors?
  let configuration: JSONObject
  /// What the command line set, as text.
  let overrides: [String: String]
  private let defaults: JSONObject
  /// The keys that have a default, in the common spelling and in the family's own.
  let defaultKeys: Set<String>
  private let aliases: [Family.Alias]
  private let ownSpelling: [String: String]
  private(set) var sizes: [SizeBinding] = []
  private var values: [Symbol: Evaluated] = [:]
  /// Every key that was read, in the common and in the family's own spelling.
  private(set) var met: Set<String> = []
  /// Those of them that change nothing.
  private(set) var passed: Set<String> = []
  /// The keys that decide numbers and no count.
  private(set) var constants: Set<String> = []
  /// What the class behind the configuration takes for constants that are left out, by path.
  private(set) lazy var classConstants = Family.classConstants(of: modelType, fixed: fixed)
  /// Every key that the family has, whether or not this configuration makes it matter.
  var known: Set<String> {
    met.union(defaults.keys).union(aliases.filter(\.isReadInFiles).map(\.name))
      .union(ownSpelling.values).union(constants)
  }
  /// The keys that were absent and whose default was taken.
  private(set) var defaulted = JSONObject()
  /// Those of them that change what a pass executes, and no parameter.
  private(set) var operationDefaults = JSONObject()
  private(set) var notes: [String] = []
  private(set) var passNotes: [String] = []
  /// What could not be checked, because a size is free.
  private(set) var requirements: [Requirement] = []

  init(family: Family, configuration: JSONObject, overrides: [String: String]) throws {
    modelType = family.modelType
    traits = family.traits
    fixed = family.fixed
    predictors = family.predictors
    self.configuration = configuration
    self.overrides = overrides
    aliases = family.aliases
    ownSpelling = Dictionary(aliases.map { ($0.name, $0.own) }, uniquingKeysWith: { $1 })
    let defaults = try family.defaultValues()
    self.defaults = defaults
    defaultKeys = Set(defaults.keys)
      .union(ownSpelling.filter { defaults[$0.value] != nil }.keys)
  }

  /// Adds a sentence that reports of a pass show.
  func noteForPasses(_ sentence: String) {
    if !passNotes.contains(sentence) { passNotes.append(sentence) }
  }

  /// Adds what must hold of sizes that are free.
  func note(_ requirement: Requirement) {
    if !requirements.contains(requirement) { requirements.append(requirement) }
  }

  /// Adds a sentence that the report shows.
  func note(_ sentence: String) {
    if !notes.contains(sentence) { notes.append(sentence) }
  }

  /// The family's own spelling of a key, or the common one where the configuration has that.
  func spelled(_ key: String) -> String {
    let own = ownSpelling[key] ?? key
    return (written(own) ?? .null) == .null && spellings(of: key).contains(key)
      && written(key) != nil ? key : own
  }

  /// Every spelling of a key that a file may have, the family's own last: `transformers` lets an
  /// alias overwrite it.
  private func spellings(of key: String) -> [String] {
    let own = ownSpelling[key] ?? key
    return aliases.filter { $0.own == own && $0.isReadInFiles }.map(\.name) + [own]
  }

  /// What the command line or the configuration says of a constant that changes no count, or nil.
  func stated(_ key: String) -> JSONValue? {
    let names = spellings(of: key) + [key]
    constants.formUnion(names)
    for name in names {
      if let text = overrides[name] { return (try? JSONValue(parsing: text)) ?? .string(text) }
    }
    return names.lazy.compactMap { self.written($0) }.first { $0 != .null }
  }

  /// What the configuration has under a key; `outer.inner` is a key of a nested object.
  private func written(_ key: String) -> JSONValue? {
    let path = key.split(separator: ".").map(String.init)
    guard path.count == 2 else { return configuration[key] }
    let outer = overrides[path[0]].flatMap { try? JSONValue(parsing: $0) } ?? configuration[path[0]]
    return outer?.object?[path[1]]
  }
}

// MARK: - Values

extension Keys {
  /// A value and where it came from; a null, and an absent key without a default, is nil.
  struct Reading {
    let value: JSONValue
    let isDefault: Bool
    /// The text of a value that was set on the command line.
    let override: String?
  }

  /// Reads a key under its common or its own spelling.
  func reading(_ key: String) throws -> Reading? {
    let names = spellings(of: key)
    met.formUnion(names)
    for name in names + [key] {
      if let text = overrides[name] {
        met.insert(name)
        let value = (try? JSONValue(parsing: text)) ?? .string(text)
        return value == .null ? nil : Reading(value: value, isDefault: false, override: text)
      }
    }
    let values = names.compactMap { written($0) }
    if let value = values.first(where: { $0 != .null }) {
      noteConflict(names, value)
      return Reading(value: value, isDefault: false, override: nil)
    }
    guard values.isEmpty, let value = defaults[ownSpelling[key] ?? key], value != .null else {
      return nil
    }
    return Reading(value: value, isDefault: true, override: nil)
  }

  /// Whether the configuration or the command line has the key, even as null.
  func isGiven(_ key: String) -> Bool {
    overrides[key] != nil
      || spellings(of: key).contains { overrides[$0] != nil || written($0) != nil }
  }

  /// The positions that the configuration says the model was made for.
  var statedContext: Int128? {
    for name in ["max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len"] {
      if let value = written(name)?.integer, value > 0 { return value }
    }
    return nil
  }

  /// Notes that keys exist in this family and change no count.
  func passOver(_ keys: String...) {
    passed.formUnion(keys)
    met.formUnion(keys)
  }

  /// A truth value; null counts as false.
  func flag(_ key: String) throws -> Bool {
    guard let reading = try reading(key) else { return false }
    guard case .boolean(let value) = reading.value else {
      throw DescriptionError.wrongType(
        key: spelled(key), found: reading.value.kind, expected: "true or false")
    }
    noteDefault(key, reading)
    return value
  }

  /// A text, or nil.
  func text(_ key: String) throws -> String? {
    guard let reading = try reading(key) else { return nil }
    guard case .string(let value) = reading.value else {
      throw DescriptionError.wrongType(
        key: spelled(key), found: reading.value.kind, expected: "a text")
    }
    return value
  }

  /// A whole number that decides the structure and has no symbol of its own, or nil.
  func integer(_ key: String, least: Int128 = 0) throws -> Int? {
    guard let reading = try reading(key) else { return nil }
    let value = try whole(key, reading.value, least: least)
    guard let small = Int(exactly: value), small <= 1 << 40 else {
      throw DescriptionError.tooLarge(key: spelled(key), found: "\(value)", limit: "2^40")
    }
    return small
  }

  /// A list, or nil.
  func list(_ key: String) throws -> [JSONValue]? {
    guard let reading = try reading(key) else { return nil }
    guard case .array(let values) = reading.value else {
      throw DescriptionError.wrongType(
        key: spelled(key), found: reading.value.kind, expected: "a list")
    }
    return values
  }

  /// An object, or nil.
  func object(_ key: String) throws -> JSONObject? {
    guard let reading = try reading(key) else { return nil }
    guard case .object(let object) = reading.value else {
      throw DescriptionError.wrongType(
        key: spelled(key), found: reading.value.kind, expected: "an object")
    }
    return object
  }

  private func whole(_ key: String, _ value: JSONValue, least: Int128) throws -> Int128 {
    guard case .number(let text) = value else {
      throw DescriptionError.wrongType(
        key: spelled(key), found: value.kind, expected: "a whole number")
    }
    guard let number = Int128(text), number >= least else {
      if text.first?.isNumber == true, (Double(text) ?? 0) >= 0x1p127 {
        throw DescriptionError.tooLarge(key: spelled(key), found: text, limit: "2^127 - 1")
      }
      throw DescriptionError.notASize(key: spelled(key), found: text, least: least)
    }
    return number
  }

  /// One meaning under two names with two values: `transformers` lets the alias win, silently.
  private func noteConflict(_ names: [String], _ value: JSONValue) {
    guard let taken = names.first(where: { written($0) == value }) else { return }
    for name in names {
      guard let other = written(name), other != .null, other != value else { continue }
      note("\(taken) and \(name) mean the same here and differ; \(taken) is taken.")
    }
  }

  private func noteDefault(_ key: String, _ reading: Reading) {
    guard reading.isDefault else { return }
    if Self.operationKeys.contains(key) {
      operationDefaults[spelled(key)] = reading.value
    } else {
      defaulted[spelled(key)] = reading.value
    }
  }
}

// MARK: - Sizes

extension Keys {
  /// A size that the configuration or the family's default must give.
  ///
  /// - Throws: `DescriptionError.missing` if neither does, `.notASize` or `.wrongType`.
  /// - Returns: The size's symbol as a formula; its value is recorded.
  @discardableResult
  func size(_ size: Size, _ key: String? = nil, least: Int128 = 1) throws -> Formula {
    guard let result = try optional(size, key, least: least) else {
      throw DescriptionError.missing(
        key: spelled(key ?? size.key), symbol: size.symbol.name, modelType: modelType)
    }
    return result
  }

  /// A size that may be absent or null.
  func optional(_ size: Size, _ key: String? = nil, least: Int128 = 1) throws -> Formula? {
    let key = key ?? size.key
    let found = try reading(key)
    // A size that was derived already stays what it is.
    if values[size.symbol] != nil { return Formula(size.symbol) }
    guard let reading = found else { return nil }
    let value: Evaluated
    if let text = reading.override, Int128(text) == nil, case .string = reading.value {
      value = try formula(key, text)
      if let constant = value.constant {
        guard constant.isWhole, constant >= Rational(least) else {
          throw DescriptionError.notASize(key: spelled(key), found: "\(constant)", least: least)
        }
      } else {
        note(Requirement(Evaluated(least), .atMost, value))
        note(Requirement(value, .multiple, 1))
      }
    } else {
      value = Evaluated(try whole(key, reading.value, least: least))
    }
    noteDefault(key, reading)
    return bind(size, key, value, reading.isDefault ? .defaulted : .given)
  }

  /// A size that follows from others where the configuration does not give it.
  func size(
    _ size: Size, _ key: String? = nil, else value: Formula, _ reason: String
  ) throws -> Formula {
    try optional(size, key) ?? derived(size, key: key, value, reason)
  }

  /// A size that follows from others.
  func derived(_ size: Size, key: String? = nil, _ value: Formula, _ reason: String) -> Formula {
    bind(size, key ?? size.key, self.value(value), .derived(reason))
  }

  /// A share between 0 and 1, taken as the decimal that was written.
  func share(_ size: Size, allowsZero: Bool = false) throws -> Formula {
    guard let reading = try reading(size.key) else {
      throw DescriptionError.missing(
        key: size.key, symbol: size.symbol.name, modelType: modelType)
    }
    let value: Evaluated
    switch (reading.value, reading.override) {
    case (.number(let text), _):
      guard let number = Rational(decimal: text) else {
        throw DescriptionError.wrongType(
          key: size.key, found: text, expected: "a share of at most 38 digits")
      }
      value = Evaluated(number)
    case (.string, let text?):
      value = try formula(size.key, text, isWhole: false)
      if value.constant == nil { note(Requirement(value, .atMost, 1)) }
    default: value = -1
    }
    if let number = value.constant,
      number < .zero || number > .one || (number == .zero && !allowsZero)
    {
      throw DescriptionError.wrongType(
        key: size.key, found: reading.value.kind,
        expected: "a share \(allowsZero ? "of at least" : "above") 0 and at most 1")
    }
    noteDefault(size.key, reading)
    return bind(size, size.key, value, reading.isDefault ? .defaulted : .given)
  }

  private func formula(
    _ key: String, _ text: String, isWhole: Bool = true
  ) throws -> Evaluated {
    do {
      let formula = try Evaluated(parsing: text, isWhole: isWhole)
      if let fault = formula.fault {
        throw DescriptionError.arithmetic(fault, what: "\(spelled(key)) = '\(text)'")
      }
      return formula
    } catch let error as FormulaSyntaxError {
      throw DescriptionError.notAFormula(
        key: spelled(key), text: text, message: error.message, offset: error.offset)
    }
  }

  private func bind(
    _ size: Size, _ key: String, _ value: Evaluated, _ origin: SizeBinding.Origin
  ) -> Formula {
    if values[size.symbol] == nil {
      values[size.symbol] = value
      sizes.append(SizeBinding(size: size, key: spelled(key), value: value, origin: origin))
    }
    return Formula(size.symbol)
  }

  /// A formula with every size replaced by its value.
  func value(_ formula: Formula) -> Evaluated { formula.evaluated(in: values) }

  /// The number a formula is, or nil while a size in it is free.
  func number(_ formula: Formula) -> Int128? { value(formula).wholeConstant }

  /// Checks that one size is a multiple of another, once both are numbers.
  func require(_ size: Formula, _ key: String, multipleOf divisor: Formula, _ by: String) throws {
    try require(Requirement(value(size), .multiple, value(divisor)), key, by)
  }

  /// Checks that one size is not above another, once both are numbers.
  func require(_ size: Formula, _ key: String, atMost limit: Formula, _ limitKey: String) throws {
    try require(Requirement(value(size), .atMost, value(limit)), key, limitKey)
  }

  private func require(_ requirement: Requirement, _ key: String, _ other: String) throws {
    if try !requirement.isSettled(spelled(key), spelled(other)) { note(requirement) }
  }

  /// Whether two sizes differ, where the structure depends on it.
  ///
  /// - Throws: `DescriptionError.notFree` while a free size leaves that open.
  func differ(_ one: Formula, _ other: Formula, _ key: String, _ reason: String) throws -> Bool {
    if value(one) == value(other) { return false }
    return try fixed(one, key, reason) != fixed(other, key, reason)
  }

  /// The number a size is, where the structure depends on it.
  ///
  /// - Throws: `DescriptionError.notFree` while the size is free.
  func fixed(_ formula: Formula, _ key: String, _ reason: String) throws -> Int128 {
    guard let number = number(formula) else {
      throw DescriptionError.notFree(key: spelled(key), reason: reason)
    }
    return number
  }
}
