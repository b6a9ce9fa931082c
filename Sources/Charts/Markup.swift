/// Text on its way into XML.
enum Markup {
  /// The text on one line without what a document may not hold or a reader cannot see.
  ///
  /// Besides control characters these are the marks that reverse the direction of writing, with
  /// which a name could disturb the words around it.
  static func clean(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A, 0x0D, 0x85, 0x2028, 0x2029: result.append(" ")
      case 0..<0x20, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069, 0xFFF9...0xFFFB: continue
      case let value where value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(value): continue
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// The clean text with the characters that XML reserves written as entities.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in clean(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
