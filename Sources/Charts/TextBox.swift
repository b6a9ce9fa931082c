/// Text as wide as it will be, or wider: the font of the reader is not known.
enum TextBox {
  /// The width at a font size, by the letters of a wide sans-serif font.
  static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
    text.unicodeScalars.reduce(0) { $0 + width(of: $1) } * size * (isBold ? 1.1 : 1)
  }

  private static func width(of scalar: Unicode.Scalar) -> Double {
    switch scalar {
    case "i", "j", "l", "I", ".", ",", ":", ";", "|", "!", "'", " ": 0.34
    case "f", "t", "r", "(", ")", "[", "]", "/", "-", "\"": 0.42
    case "m", "w", "M", "W", "%", "@", "…", "—": 1
    case "0"..."9": 0.64
    case "a"..."z": 0.62
    case "A"..."Z", "&": 0.76
    case "+", "=", "<", ">", "~", "\u{2212}", "×": 0.84
    default:
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .enclosingMark, .format, .control: 0
      default: scalar.value < 0x1100 ? 0.7 : scalar.value < 0x2E80 ? 0.9 : 1.1
      }
    }
  }

  /// The text if it fits, or its beginning with an ellipsis.
  static func truncated(
    _ text: String, width limit: Double, size: Double, isBold: Bool = false
  )
    -> String
  {
    guard width(text, size: size, isBold: isBold) > limit else { return text }
    let room = limit - width("…", size: size, isBold: isBold)
    var (result, used) = ("", 0.0)
    for character in text {
      used += width(String(character), size: size, isBold: isBold)
      guard used <= room else { break }
      result.append(character)
    }
    while result.last == " " { result.removeLast() }
    return result + "…"
  }

  /// The text in lines broken between words; what does not fit into the last is cut.
  static func wrapped(
    _ text: String, width limit: Double, size: Double, isBold: Bool = false, lines most: Int
  ) -> [String] {
    let words = Markup.clean(text).split(separator: " ").map(String.init)
    var lines: [String] = []
    var line = ""
    for (index, word) in words.enumerated() {
      let longer = line.isEmpty ? word : line + " " + word
      if line.isEmpty || width(longer, size: size, isBold: isBold) <= limit {
        line = longer
      } else if lines.count + 1 < most {
        lines.append(line)
        line = word
      } else {
        line = ([line] + words[index...]).joined(separator: " ")
        break
      }
    }
    if !line.isEmpty { lines.append(line) }
    return lines.map { truncated($0, width: limit, size: size, isBold: isBold) }
  }
}
