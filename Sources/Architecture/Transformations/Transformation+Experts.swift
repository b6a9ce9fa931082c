import Symbolic

/// The changes of experts, as they are written.
extension Transformation {
  /// Their names, each with its form.
  static let expertForms: KeyValuePairs = [
    "capacity": "capacity=1.25/drop", "idle": "idle=1/1/2", "granularity": "granularity=4/8",
    "leverage": "leverage=12/384/12/1",
  ]

  /// Reads what stands behind the name; nil where it does not fit.
  init?(ofExperts name: String, _ pieces: [String]) {
    func whole(_ text: String, least: Rational = .one) -> Evaluated? {
      guard let value = try? Evaluated(parsing: text), value.fault == nil,
        value.constant.map({ $0.isWhole && $0 >= least }) ?? value.isVariable
      else { return nil }
      return value
    }
    let numbers = pieces.compactMap { whole($0) }
    switch name {
    case "upcycle":
      guard let experts = whole(pieces[0]) else { return nil }
      let active = pieces.count > 1 ? whole(pieces[1]) : .minimum(2, experts)
      guard let active, let layers = Self.layers(pieces.dropFirst(2)) else { return nil }
      self = .upcycling(experts: experts, active: active, layers: layers.value)
    case "granularity":
      guard pieces.count >= 2, let parts = whole(pieces[0]), let rate = whole(pieces[1]),
        let layers = Self.layers(pieces.dropFirst(2))
      else { return nil }
      self = .granularity(parts: parts, expansion: rate, layers: layers.value)
    case "leverage":
      guard pieces.count >= 4, let active = whole(pieces[2]), let experts = whole(pieces[1]),
        let granularity = Rational(decimal: pieces[0]), granularity > .zero,
        let shared = whole(pieces[3], least: .zero), let layers = Self.layers(pieces.dropFirst(4))
      else { return nil }
      self = .leverage(
        granularity: granularity, experts: experts, active: active, shared: shared,
        layers: layers.value)
    case "idle":
      let counts = pieces.compactMap { Int128($0) }
      guard (1...3).contains(pieces.count), counts.count == pieces.count,
        counts.allSatisfy({ $0 >= 0 && $0 < 1 << 20 }), counts.contains(where: { $0 > 0 }),
        numbers.count <= 3
      else { return nil }
      self = .noOpExperts(
        zero: counts[0], copy: counts.count > 1 ? counts[1] : 0,
        constant: counts.count > 2 ? counts[2] : 0)
    case "capacity":
      guard let change = Self.capacity(pieces) else { return nil }
      self = change
    default: return nil
    }
  }

  /// Reads `c` and words behind it.
  private static func capacity(_ pieces: [String]) -> Transformation? {
    guard let factor = Rational(decimal: pieces[0]), factor > .zero else { return nil }
    var places = ExpertSlots(Formula(factor))
    var (choosing, said) = (false, Set<String>())
    for word in pieces.dropFirst() {
      let kind: String
      if word == "pad" || word == "drop" {
        (places.isPadded, kind) = (word == "pad", "padding")
      } else if let rounding = ExpertSlots.Rounding(rawValue: word) {
        (places.rounding, kind) = (rounding, "rounding")
      } else if let keeping = ExpertSlots.Keeping(rawValue: word) {
        (places.keeping, kind) = (keeping, "keeping")
      } else if word == "choose" {
        (choosing, kind) = (true, "choosing")
      } else if word.hasPrefix("devices:"), let count = Int128(word.dropFirst(8)), count > 0,
        count < 1 << 40
      {
        (places.devices, kind) = (Formula(count), "devices")
      } else {
        return nil
      }
      guard said.insert(kind).inserted else { return nil }
    }
    return .capacity(places, choosing: choosing)
  }

  /// Which layers, if not all: `n`, `n/offset`, or ranges.
  private static func layers(
    _ pieces: ArraySlice<String>
  ) -> (value: DepthPlacement.Layers?, isRead: Bool)? {
    guard let first = pieces.first else { return (nil, true) }
    if let every = Int(first) {
      guard every > 0, every < 1 << 40, pieces.count <= 2 else { return nil }
      guard let word = pieces.dropFirst().first else {
        return (.every(every, offset: min(1, every - 1)), true)
      }
      guard let offset = Int(word), (0..<every).contains(offset) else { return nil }
      return (.every(every, offset: offset), true)
    }
    guard pieces.count == 1, let ranges = DepthPlacement.ranges(first) else { return nil }
    return (.ranges(ranges), true)
  }
}
