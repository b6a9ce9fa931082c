/// Finds what would make a parser refuse a document.
enum XMLChecker {
  /// The first fault, or nothing if the document is well formed.
  static func fault(in document: String) -> String? {
    var open: [String] = []
    var roots = 0
    var rest = Substring(document)
    while let start = rest.firstIndex(of: "<") {
      if let fault = faultInText(rest[..<start]) { return fault }
      guard let end = rest[start...].firstIndex(of: ">") else { return "a tag without an end" }
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("/") {
        guard open.popLast() == String(tag.dropFirst()) else { return "</\(tag.dropFirst())>" }
        continue
      }
      if open.isEmpty { roots += 1 }
      let isEmpty = tag.hasSuffix("/")
      let name = tag.prefix { $0 != " " && $0 != "/" }
      if let fault = faultInAttributes(tag.dropFirst(name.count).dropLast(isEmpty ? 1 : 0)) {
        return "\(name): \(fault)"
      }
      if !isEmpty { open.append(String(name)) }
    }
    guard rest.allSatisfy(\.isWhitespace) else { return "text after the root" }
    return roots == 1 && open.isEmpty ? nil : "\(roots) roots, open: \(open)"
  }

  private static func faultInText(_ text: Substring) -> String? {
    let entities = ["amp;", "lt;", "gt;", "quot;", "#39;"]
    for part in text.split(separator: "&", omittingEmptySubsequences: false).dropFirst()
    where !entities.contains(where: part.hasPrefix) {
      return "&\(part.prefix(8))"
    }
    for scalar in text.unicodeScalars
    where (scalar.value < 0x20 && scalar != "\n") || scalar.value & 0xFFFE == 0xFFFE {
      return "U+\(String(scalar.value, radix: 16))"
    }
    return text.contains(">") ? "a lone >" : nil
  }

  private static func faultInAttributes(_ text: Substring) -> String? {
    var rest = text
    var names: Set<Substring> = []
    while let start = rest.firstIndex(where: { $0 != " " }) {
      guard start != rest.startIndex else { return "no space before \(rest.prefix(10))" }
      guard let equals = rest.firstIndex(of: "=") else { return "no value in \(rest)" }
      let name = rest[start..<equals]
      guard names.insert(name).inserted else { return "\(name) twice" }
      guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0 == "-" }) else {
        return "the name \(name)"
      }
      let quote = rest.index(after: equals)
      guard quote < rest.endIndex, rest[quote] == "\"" else { return "no quote after \(name)" }
      let value = rest[rest.index(after: quote)...]
      guard let end = value.firstIndex(of: "\"") else { return "no quote ends \(name)" }
      if let fault = faultInText(value[..<end]) { return fault }
      rest = value[value.index(after: end)...]
    }
    return nil
  }
}
