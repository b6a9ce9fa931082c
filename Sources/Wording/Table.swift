/// A table of texts, with a heading row, that can be written in several forms.
package struct Table: Sendable {
  /// On which side the cells of a column begin.
  package enum Alignment: Sendable {
    case left
    case right
  }

  /// The heading of each column.
  package var heading: [String]
  /// The cells, row by row, as many in each as there are headings.
  package var rows: [[String]]
  /// The alignment of each column; columns beyond the list are aligned right.
  package var alignments: [Alignment]
  /// How many columns at the left are repeated when a wide table is split.
  package var labelColumns = 1

  package init(
    heading: [String], rows: [[String]] = [], alignments: [Alignment] = [.left],
    labelColumns: Int = 1
  ) {
    self.heading = heading
    self.rows = rows
    self.alignments = alignments
    self.labelColumns = labelColumns
  }

  private func alignment(_ column: Int) -> Alignment {
    column < alignments.count ? alignments[column] : .right
  }

  private func width(_ column: Int) -> Int {
    ([heading] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }

  private func cell(_ row: [String], _ column: Int, _ width: Int) -> String {
    let text = column < row.count ? row[column] : ""
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return alignment(column) == .left ? text + blanks : blanks + text
  }

  // MARK: - Forms

  /// Aligned columns, split into several tables where a line would pass `limit` characters.
  package func plain(limit: Int? = nil, isBold: Bool = false) -> String {
    let widths = heading.indices.map(width)
    return bands(widths, limit: limit).map { columns in
      var text = ""
      for (number, row) in ([heading] + rows).enumerated() {
        let cells = columns.map { cell(row, $0, widths[$0]) }.joined(separator: "  ")
        // Without the blanks that pad the last column.
        let end = cells.utf8.lastIndex { $0 != UInt8(ascii: " ") }
        let line = end.map { cells[...$0] } ?? ""
        text += (number == 0 && isBold ? "\u{1B}[1m\(line)\u{1B}[0m" : line) + "\n"
      }
      return text
    }.joined(separator: "\n")
  }

  /// The columns of each split: the labels, and as many others as fit, but at least one.
  private func bands(_ widths: [Int], limit: Int?) -> [[Int]] {
    let labels = Array(0..<min(labelColumns, widths.count))
    let others = Array(labels.count..<widths.count)
    guard let limit, !others.isEmpty else { return [labels + others] }
    let base = labels.reduce(0) { $0 + widths[$1] + 2 }
    var bands: [[Int]] = [[]]
    var used = base
    for column in others {
      if used + widths[column] > limit, bands[bands.count - 1] != [] {
        bands.append([])
        used = base
      }
      bands[bands.count - 1].append(column)
      used += widths[column] + 2
    }
    return bands.map { labels + $0 }
  }

  /// A Markdown table, in which blanks at the beginning of a cell still indent it.
  package var markdown: String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    let rule = heading.indices.map { alignment($0) == .left ? "---" : "---:" }
    let body = rows.map { row in
      line(
        heading.indices.map { index in
          let cell = index < row.count ? row[index].replacing("|", with: "\\|") : ""
          let text = cell.drop { $0 == " " }
          return String(repeating: "&ensp;", count: cell.count - text.count) + text
        })
    }
    return line(heading) + line(rule) + body.joined()
  }

  /// Comma-separated values (RFC 4180).
  package var csv: String {
    ([heading] + rows).map { row in
      row.map { cell in
        cell.contains { ",\"\n\r".contains($0) }
          ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
      }.joined(separator: ",") + "\n"
    }.joined()
  }
}
