import Architecture

extension Model {
  /// What decides how much a pass executes where no size says it, and what the figures take for it.
  var expectation: String {
    let routers = groups.flatMap(\.layer.conditions).map(\.router)
    if routers.contains(where: { $0.draw != nil }) {
      return "Which layers a sequence runs is drawn; the figures are those of the probabilities"
    }
    if exits != nil {
      return "Where a token leaves depends on the data; the figures are those of exit_shares"
    }
    if routers.contains(where: { $0.assignment != nil }) {
      return
        "How many recursions a token takes part in depends on the data; the figures are those of "
        + "equal shares"
    }
    return "How many tokens enter a routed block depends on the data; the figures are those of the "
      + "capacity"
  }
}
