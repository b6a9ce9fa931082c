/// Colours, shapes and strokes: series differ in all three, so that none of them is needed.
enum Style {
  static let fonts = "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"

  /// The colours of Okabe and Ito; yellow is deeper on white, black and blue lighter on black.
  private static let colors: [(light: String, dark: String)] = [
    ("#0072b2", "#3f9fe0"), ("#d55e00", "#f07a26"), ("#009e73", "#1fbf92"),
    ("#c05f95", "#dd8fba"), ("#d98e00", "#e69f00"), ("#3aa0dc", "#8fd0f7"),
    ("#30343b", "#e3e6ea"), ("#9c8f00", "#f0e442"),
  ]

  private static let dashes = ["", "8 4", "2 3", "10 4 2 4", "5 3", "12 3 3 3 3 3", "2 6"]

  static func color(_ index: Int) -> String { "s\(index % colors.count)" }

  /// The stroke pattern of a series, as an attribute.
  static func dash(_ index: Int) -> String {
    let pattern = dashes[index % dashes.count]
    return pattern.isEmpty ? "" : " stroke-dasharray=\"\(pattern)\""
  }

  /// The shape of a series; it shifts with every turn of the colours.
  static func shape(_ index: Int) -> Shape {
    let all = Shape.allCases
    return all[(index + index / colors.count) % all.count]
  }

  enum Shape: CaseIterable {
    case circle, square, triangle, diamond, cross, wedge, plus, ring

    /// Whether the shape is an outline without an inside.
    var isOpen: Bool { self == .cross || self == .plus || self == .ring }

    /// The path around the current point, relative to it.
    func path(_ radius: Double) -> String {
      func n(_ factor: Double) -> String { Numbers.coordinate(radius * factor) }
      let round = "m-\(n(1)) 0a\(n(1)) \(n(1)) 0 1 0 \(n(2)) 0a\(n(1)) \(n(1)) 0 1 0 -\(n(2)) 0z"
      return switch self {
      case .circle, .ring: round
      case .square: "m-\(n(0.9)) -\(n(0.9))h\(n(1.8))v\(n(1.8))h-\(n(1.8))z"
      case .triangle: "m0 -\(n(1.2))l\(n(1.1)) \(n(2))h-\(n(2.2))z"
      case .diamond: "m0 -\(n(1.3))l\(n(1.2)) \(n(1.3))l-\(n(1.2)) \(n(1.3))l-\(n(1.2)) -\(n(1.3))z"
      case .cross:
        "m-\(n(0.9)) -\(n(0.9))l\(n(1.8)) \(n(1.8))m0 -\(n(1.8))l-\(n(1.8)) \(n(1.8))"
      case .wedge: "m0 \(n(1.2))l\(n(1.1)) -\(n(2))h-\(n(2.2))z"
      case .plus: "m-\(n(1.2)) 0h\(n(2.4))m-\(n(1.2)) -\(n(1.2))v\(n(2.4))"
      }
    }
  }

  /// The style sheet: what a light page needs, and then what differs on a dark one.
  ///
  /// A drawing opened by itself follows the reader's colour scheme with its page too.
  static var sheet: String {
    let light = colors.enumerated().map { rule("s\($0)", "fill:\($1.light);stroke:\($1.light)") }
    let dark = colors.enumerated().map { rule("s\($0)", "fill:\($1.dark);stroke:\($1.dark)") }
    let lines =
      ["svg.chart:root{color-scheme:light dark}"]
      + light + [
        rule("sheet", "fill:#1f2328;font-size:20px;font-weight:600"),
        rule("title", "fill:#1f2328;font-size:16px;font-weight:600"),
        rule("sub", "fill:#59636e;font-size:12px"),
        rule("label", "fill:#454c54;font-size:12px"),
        rule("tick", "fill:#59636e;font-size:11px"),
        rule("key", "fill:#1f2328;font-size:12px"),
        rule("note", "fill:#1f2328;font-size:12px;font-weight:600"),
        rule("cell", "font-size:11px"), rule("dark", "fill:#16181b"), rule("pale", "fill:#ffffff"),
        rule("grid", "fill:none;stroke:#808a94;stroke-opacity:0.22"),
        rule("axis", "fill:none;stroke:#7b848d"),
        rule("void", "fill:#808a94;fill-opacity:0.1"),
        rule("ring", "fill:none;stroke:#1f2328;stroke-width:1.6"),
        rule("onpale", "fill:none;stroke:#16181b;stroke-width:2.2"),
        rule("ondark", "fill:none;stroke:#ffffff;stroke-width:2.2"),
        rule("lead", "fill:none;stroke:#1f2328;stroke-width:1"),
        rule("line", "fill:none;stroke-width:2;stroke-linejoin:round"),
        rule("open", "fill:none;stroke-width:1.8"),
        rule("full", "stroke-width:0.8;stroke-linejoin:round"),
        rule("dots", "fill:none;stroke-linecap:round"),
        rule("many", "opacity:0.65"),
        "@media (prefers-color-scheme:dark){",
      ] + dark + [
        rule("line", "fill:none"), rule("open", "fill:none"), rule("dots", "fill:none"),
        rule("sheet", "fill:#f0f3f6"), rule("title", "fill:#f0f3f6"), rule("sub", "fill:#a5afb9"),
        rule("label", "fill:#c3cad1"), rule("tick", "fill:#a5afb9"), rule("key", "fill:#f0f3f6"),
        rule("note", "fill:#f0f3f6"), rule("ring", "stroke:#f0f3f6"),
        rule("lead", "stroke:#f0f3f6"), "}",
      ]
    return lines.joined(separator: "\n")
  }

  private static func rule(_ name: String, _ declarations: String) -> String {
    ".chart .\(name){\(declarations)}"
  }
}
