import Architecture
import JSON

/// Which object of a file describes the model of text, and which family reads it.
///
/// A file may nest the model of text, have its sizes flat where its class nests them, name a type
/// that others call differently, or name none at all.
struct Reading {
  /// The keys of the model of text.
  var text: JSONObject
  var family: Family
  /// The type of the model of several towers around it.
  var wrapper: String?
  /// The object around the model of text, or that itself: it says which head there is, whether the
  /// head is the token table, and how numbers are stored.
  var outer: JSONObject
  /// How the file was understood, where that is not plain.
  var notes: [String] = []
  /// What its reading rests on, where it is no type of this description: then a key that is not
  /// read is an error, because nothing else would show that the family is the wrong one.
  var grounds: String?
  /// A key that changes a count, which files of its form never have.
  var unsaid: String?

  /// Reads a file; `named` is the type that the command line gives in place of the file's.
  ///
  /// - Throws: `DescriptionError`, with what is missing.
  init(_ file: JSONObject, named: String?) throws {
    var file = file
    var notes: [String] = []
    var grounds: String?
    var unsaid: String?
    if named == nil, try Self.type(of: file) == nil, let original = try OriginalFile(file) {
      file = original.configuration
      notes.append(original.note)
      grounds = original.note
      unsaid = original.unsaid
    }
    if let named, Family.named[named] != nil {
      self = try Self.assumed(named, file)
      return
    }
    guard var type = try named ?? Self.type(of: file) ?? Self.wrapperType(of: file) else {
      self = try Self.untyped(file)
      return
    }
    let written = type
    var hasTowers = Family.withTowers.contains(type)
    if let other = try Family.otherName(of: type, file) {
      hasTowers = other.hasTowers
      notes.append("'\(type)' is read as '\(other.type)': \(other.because).")
      grounds = grounds ?? notes.last
      type = other.type
    }
    if let key = Family.thinkers[type] {
      guard let inner = file[key]?.object else {
        throw DescriptionError.noTextModel(type, key: key)
      }
      var thinker = inner
      if try Self.type(of: inner) == nil { thinker["model_type"] = .string("\(type)_thinker") }
      self = try Reading(thinker, named: nil)
      self.notes.insert("Of this \(type) model the part under \(key) is counted.", at: 0)
      return
    }
    if let nested = file[Family.nests[type] ?? "text_config"]?.object {
      self = try Self.nested(nested, in: file, type: type)
    } else if Family.named[type] == nil, Family.wrappers[type] != nil {
      self = try Self.flat(file, type: type)
    } else if let family = Family.named[type] {
      text = file
      outer = file
      self.family = family
      wrapper = hasTowers ? written : nil
    } else {
      self = try Self.unknown(type, file)
    }
    self.notes = notes + self.notes
    self.grounds = self.grounds ?? grounds
    self.unsaid = self.unsaid ?? unsaid
  }

  private init(
    text: JSONObject, family: Family, wrapper: String? = nil, outer: JSONObject,
    notes: [String] = [], grounds: String? = nil
  ) {
    self.text = text
    self.family = family
    self.wrapper = wrapper
    self.outer = outer
    self.notes = notes
    self.grounds = grounds
  }

  static func type(of configuration: JSONObject) throws(DescriptionError) -> String? {
    switch configuration["model_type"] {
    case .string(let type): return type
    case nil, .null: return nil
    case .some(let other):
      throw .wrongType(key: "model_type", found: other.kind, expected: "a text")
    }
  }

  /// A file that nests a text model and says no type of its own.
  private static func wrapperType(of file: JSONObject) throws -> String? {
    guard let text = file["text_config"]?.object else { return nil }
    return try type(of: text).flatMap { Family.named[$0] == nil ? nil : "multimodal" }
  }

  /// The class that a file names.
  static func architecture(of file: JSONObject) -> String? {
    switch file["architectures"] {
    case .array(let names): names.first?.string
    case .string(let only): only
    default: nil
    }
  }
}

// MARK: - The shapes of files

extension Reading {
  /// What the command line calls the family: it speaks to the text model, where one is nested.
  private static func assumed(_ named: String, _ file: JSONObject) throws -> Reading {
    guard let family = Family.named[named] else { throw DescriptionError.noModelType }
    guard let nested = innermost(file) else {
      return Reading(text: file, family: family, outer: file)
    }
    return Reading(
      text: nested.text, family: family, wrapper: try type(of: nested.outer) ?? "multimodal",
      outer: nested.outer)
  }

  /// The text model inside a file, under any of the keys that have one, and the object around it.
  private static func innermost(_ file: JSONObject) -> (text: JSONObject, outer: JSONObject)? {
    for key in Set(Family.thinkers.values) {
      if let inner = file[key]?.object { return innermost(inner) ?? (inner, file) }
    }
    for key in ["text_config"] + Set(Family.nests.values).sorted() {
      if let inner = file[key]?.object { return (inner, file) }
    }
    return nil
  }

  private static func nested(
    _ text: JSONObject, in file: JSONObject, type: String
  ) throws -> Reading {
    let isKnown =
      Family.named[type] != nil || Family.wrappers[type] != nil || type == "multimodal"
    if !isKnown, OtherKinds.kind(of: type) != nil || Family.undescribed[type] != nil {
      throw Self.notDescribed(type, file)
    }
    guard let inner = try Self.type(of: text) ?? Family.wrappers[type] else {
      throw isKnown
        ? DescriptionError.noModelType : .unknownModelType(type, advice: .kindOfFile)
    }
    guard let family = Family.named[inner] else {
      if Family.wrappers[inner] != nil { return try Reading(text, named: nil) }
      throw Self.notDescribed(inner, text)
    }
    guard isKnown else {
      // What such a wrapper adds to its text model is not known.
      throw DescriptionError.unknownModelType(
        type, advice: Advice(nested: family, text, within: type))
    }
    return Reading(text: text, family: family, wrapper: type, outer: file)
  }

  /// A file with the sizes of the text model where its class nests them.
  private static func flat(_ file: JSONObject, type: String) throws -> Reading {
    let key = Family.nests[type] ?? "text_config"
    let name = try Family.textModel(ofFlat: type, architecture: architecture(of: file))
    guard let name, let family = Family.named[name], family.hasWidth(file) else {
      throw DescriptionError.noTextModel(type, key: key)
    }
    let note =
      "\(type) nests its text model under \(key); the sizes stand flat here, and are read as those of \(name)."
    return Reading(
      text: file, family: family, wrapper: type, outer: file, notes: [note], grounds: note)
  }

  /// A file that names no type: its class may be that of a family.
  private static func untyped(_ file: JSONObject) throws -> Reading {
    guard file["peft_type"] == nil else {
      throw DescriptionError.adapter(base: file["base_model_name_or_path"]?.string)
    }
    guard let name = architecture(of: file), let type = Family.ofClass(name),
      let family = Family.named[type]
    else { throw DescriptionError.noModelType }
    let note = "The file has no model_type; its class \(name) is that of \(type)."
    return Reading(text: file, family: family, outer: file, notes: [note], grounds: note)
  }

  /// A type that is not known; the file's class may be that of a family all the same.
  private static func unknown(_ type: String, _ file: JSONObject) throws -> Reading {
    if let name = architecture(of: file), let known = Family.ofClass(name), known != type,
      Family.undescribed[type] == nil, let family = Family.named[known]
    {
      let note = "model_type '\(type)' is not known; its class \(name) is that of \(known)."
      return Reading(text: file, family: family, outer: file, notes: [note], grounds: note)
    }
    throw Self.notDescribed(type, file)
  }

  private static func notDescribed(_ type: String, _ file: JSONObject) -> DescriptionError {
    if let kind = OtherKinds.kind(of: type) { return .otherKind(type, kind: kind) }
    if let missing = Family.undescribed[type] { return .undescribed(type, missing: missing) }
    return .unknownModelType(type, advice: Advice(for: type, file))
  }
}

extension Family {
  /// Whether a file has the width of a model of this family, which never defaults.
  func hasWidth(_ file: JSONObject) -> Bool {
    let own = Set(aliases.filter { ["hidden_size"].contains($0.name) }.map(\.own))
    return own.union(["hidden_size"]).contains { (file[$0] ?? .null) != .null }
  }
}
