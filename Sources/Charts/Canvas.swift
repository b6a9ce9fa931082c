/// The elements of a drawing, as they are written.
struct Canvas {
  private(set) var content = ""

  enum Anchor: String {
    case start, middle, end
  }

  private func n(_ value: Double) -> String { Numbers.coordinate(value) }

  mutating func text(
    _ text: String, x: Double, y: Double, style: String, anchor: Anchor = .start,
    isTurned: Bool = false, tooltip: String = ""
  ) {
    let anchor = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
    let turn = isTurned ? " transform=\"rotate(-40 \(n(x)) \(n(y)))\"" : ""
    content += "<text class=\"\(style)\" x=\"\(n(x))\" y=\"\(n(y))\"\(anchor)\(turn)>"
    content += "\(Self.title(tooltip))\(Markup.escaped(text))</text>\n"
  }

  mutating func line(x1: Double, y1: Double, x2: Double, y2: Double, style: String) {
    let end = y1 == y2 ? "H\(n(x2))" : x1 == x2 ? "V\(n(y2))" : "L\(n(x2)) \(n(y2))"
    content += "<path class=\"\(style)\" d=\"M\(n(x1)) \(n(y1))\(end)\"/>\n"
  }

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, style: String = "", fill: String = "",
    tooltip: String = ""
  ) {
    content += "<rect" + (style.isEmpty ? "" : " class=\"\(style)\"")
    content += " x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\""
    content += (fill.isEmpty ? "" : " fill=\"\(fill)\"")
    content += tooltip.isEmpty ? "/>\n" : ">\(Self.title(tooltip))</rect>\n"
  }

  mutating func circle(x: Double, y: Double, radius: Double, style: String, tooltip: String = "") {
    content += "<circle class=\"\(style)\" cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\""
    content += tooltip.isEmpty ? "/>\n" : ">\(Self.title(tooltip))</circle>\n"
  }

  mutating func path(
    _ commands: String, style: String = "", attributes: String = "", tooltip: String = ""
  ) {
    content += "<path" + (style.isEmpty ? "" : " class=\"\(style)\"") + attributes
    content +=
      " d=\"\(commands)\"" + (tooltip.isEmpty ? "/>\n" : ">\(Self.title(tooltip))</path>\n")
  }

  mutating func open(_ transform: String, x: Double, y: Double) {
    content += "<g transform=\"\(transform)(\(n(x)) \(n(y)))\">\n"
  }

  mutating func open(style: String, tooltip: String = "") {
    content += "<g class=\"\(style)\">\(Self.title(tooltip))\n"
  }

  mutating func close() { content += "</g>\n" }

  private static func title(_ text: String) -> String {
    text.isEmpty ? "" : "<title>\(Markup.escaped(text))</title>"
  }

  /// All of it as a document with a size, a name and a style.
  func document(width: Double, height: Double, title: String, description: String) -> String {
    let (width, height) = (n(width), n(height.rounded(.up)))
    return """
      <svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="\(width)" \
      height="\(height)" viewBox="0 0 \(width) \(height)" \
      font-family="\(Style.fonts)" font-size="12">
      <title>\(Markup.escaped(title))</title>
      <desc>\(Markup.escaped(description))</desc>
      <style>
      \(Style.sheet)
      </style>
      \(content)</svg>

      """
  }
}
