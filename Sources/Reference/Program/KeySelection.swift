/// The keys that the queries of one sequence see, by their rows in what is kept of it.
struct KeySelection {
  /// For some groups of heads, one after the other, and each query: rows in order.
  private var rows: [[[Int]]]

  init(groups: Int, queries: Int) {
    rows = Array(repeating: Array(repeating: [], count: queries), count: groups)
  }

  subscript(group: Int, query: Int) -> [Int] {
    get { rows[group][query] }
    set { rows[group][query] = newValue }
  }

  /// The keys of the query of one head.
  func rows(_ head: Int, of heads: Int, query: Int) -> [Int] {
    rows[head / (heads / rows.count)][query]
  }

  var groups: Int { rows.count }
}
