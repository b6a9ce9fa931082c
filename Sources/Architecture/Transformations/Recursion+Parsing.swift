extension Recursion {
  /// Reads `N`, then perhaps which layers are one, who leaves, by which gate, and whose cache it is:
  /// `3/middle_cycle/token_choice/sigmoid/shared`.
  init?(_ pieces: [String]) {
    guard let steps = Int(pieces[0]), steps > 0, steps < 1 << 20 else { return nil }
    var rest = pieces.dropFirst()
    var sharing = Sharing.middleCycle
    if let word = rest.first.flatMap({ Sharing(rawValue: $0) }) {
      sharing = word
      rest.removeFirst()
    }
    self.init(steps: steps, sharing: sharing)
    switch rest.first {
    case "expert_choice":
      routing = .expertChoice(Self.even(steps))
      rest.removeFirst()
    case "token_choice":
      rest.removeFirst()
      let gate = rest.first.flatMap { RecursionAssignment.Gate(rawValue: $0) }
      if gate != nil { rest.removeFirst() }
      routing = .tokenChoice(gate ?? .softmax)
    default: break
    }
    if let word = rest.first.flatMap({ Cache(rawValue: $0) }) {
      cache = word
      rest.removeFirst()
    }
    guard rest.isEmpty else { return nil }
  }
}
