/// A JSON value that keeps what counting needs: the digits of numbers and the order of keys.
///
/// Foundation's coders round large numbers, reorder keys, and reject the literals `Infinity` and
/// `NaN` that Python writes into published configurations; see `docs/decisions.md`.
package enum JSONValue: Hashable, Sendable {
  case null
  case boolean(Bool)
  /// A number as its text, so that no digit is lost: `0.29`, `1e-06`, `46702792704`, `Infinity`.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// A whole number.
  package static func integer(_ value: some BinaryInteger) -> JSONValue { .number("\(value)") }

  /// An object from keys and values in order.
  package static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(JSONObject(members.map { ($0.key, $0.value) }))
  }

  /// What the value is, as a person would say it in an error.
  package var kind: String {
    switch self {
    case .null: "null"
    case .boolean(let value): "\(value)"
    case .number(let text): text
    case .string(let text): "the string \"\(text)\""
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// The members of a JSON object, in the order of the file; of a repeated key the last value holds.
package struct JSONObject: Hashable, Sendable {
  /// The keys in the order of the document.
  package private(set) var keys: [String] = []
  private var values: [String: JSONValue] = [:]

  package init() {}

  package init(_ members: some Sequence<(String, JSONValue)>) {
    for (key, value) in members { self[key] = value }
  }

  /// The value of a key; assigning nil removes it.
  package subscript(key: String) -> JSONValue? {
    get { values[key] }
    set {
      if let newValue {
        if values.updateValue(newValue, forKey: key) == nil { keys.append(key) }
      } else if values.removeValue(forKey: key) != nil {
        keys.removeAll { $0 == key }
      }
    }
  }
}

// MARK: - Reading a tree

extension JSONValue {
  /// The value of a key, if this is an object that has it.
  package subscript(key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  /// The object, if this is one.
  package var object: JSONObject? {
    if case .object(let object) = self { object } else { nil }
  }

  /// The elements, if this is an array.
  package var array: [JSONValue]? {
    if case .array(let array) = self { array } else { nil }
  }

  /// The text, if this is a string.
  package var string: String? {
    if case .string(let string) = self { string } else { nil }
  }

  /// The number, if this is a whole one that fits 128 bits.
  package var integer: Int128? {
    if case .number(let text) = self { Int128(text) } else { nil }
  }
}
