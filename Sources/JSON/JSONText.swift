extension JSONValue {
  /// The value as indented text that ends in a newline.
  ///
  /// Lists of numbers and short lists stay on one line, so that shapes are easy to read.
  package var text: String {
    var result = ""
    write(to: &result, indent: 0)
    return result + "\n"
  }

  /// Appends the value as it stands inside a text whose lines are indented by `indent` blanks.
  package func append(to text: inout String, indent: Int) { write(to: &text, indent: indent) }

  /// The value on one line.
  package var line: String {
    switch self {
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .number(let text): return text
    case .string(let text): return Self.quoted(text)
    case .array(let values): return "[" + values.map(\.line).joined(separator: ", ") + "]"
    case .object(let object):
      let members = object.keys.map { "\(Self.quoted($0)): \((object[$0] ?? .null).line)" }
      return "{" + members.joined(separator: ", ") + "}"
    }
  }

  private var isFlat: Bool {
    switch self {
    case .array(let values):
      values.allSatisfy {
        switch $0 {
        case .array, .object: false
        default: true
        }
      }
    default: true
    }
  }

  private func write(to result: inout String, indent: Int) {
    let inner = String(repeating: " ", count: indent + 2)
    let outer = String(repeating: " ", count: indent)
    switch self {
    case .object(let object) where !object.keys.isEmpty:
      result += "{\n"
      for (index, key) in object.keys.enumerated() {
        result += "\(inner)\(Self.quoted(key)): "
        (object[key] ?? .null).write(to: &result, indent: indent + 2)
        result += index == object.keys.count - 1 ? "\n" : ",\n"
      }
      result += "\(outer)}"
    case .array(let values) where !isFlat:
      result += "[\n"
      for (index, value) in values.enumerated() {
        result += inner
        value.write(to: &result, indent: indent + 2)
        result += index == values.count - 1 ? "\n" : ",\n"
      }
      result += "\(outer)]"
    default: result += line
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
