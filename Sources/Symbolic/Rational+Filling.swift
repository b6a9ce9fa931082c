/// How many places are filled if each of many tokens chooses evenly and for itself.
///
/// Each of *N* tokens chooses *K* of *E* things without choosing one twice, each choice as likely as
/// any other. Of the things *m* belong together and have *C* places. The load is how many choices
/// fall among the *m*: for one thing binomial with the chance *K/E*, else the sum of *N* hypergeometric
/// numbers. What is filled is the lesser of load and places; its mean is computed here.
struct Filling {
  /// *K*.
  let choices: Int128
  /// *E*.
  let things: Int128
  /// *m*.
  let own: Int128
  /// *C*.
  let places: Rational

  /// The most choices of one token among the own things.
  private var greatest: Int128 { min(choices, own) }
  /// The fewest.
  private var least: Int128 { max(0, choices - (things - own)) }

  /// The mean number of filled slots.
  ///
  /// Of a number of tokens that is not whole it is the mean between the whole numbers beside it. The
  /// exact value while its denominator fits in 64 bits; else the nearest multiple of
  /// `Rational.grain`, which is proved to be off by less than `grain`, because both bounds are computed.
  ///
  /// - Throws: `ArithmeticError.overflow` for sizes that are none, and where a distribution has more
  ///   than some ten thousand likely values.
  func mean(of tokens: Rational) throws(ArithmeticError) -> Rational {
    guard things > 0, things < 1 << 20, (0...things).contains(choices),
      (0...things).contains(own), places >= .zero, tokens >= .zero
    else { throw .overflow }
    let below = tokens.floor
    let low = try mean(of: below)
    guard !tokens.isWhole else { return low }
    let part = try tokens.adding(Rational(-below))
    let step = try (try mean(of: below + 1)).adding(try low.negated())
    return try low.adding(try step.multiplied(by: part))
  }

  private func mean(of tokens: Int128) throws(ArithmeticError) -> Rational {
    let all = try Rational(try tokens.multiplied(by: try choices.multiplied(by: own)), over: things)
    // No place is too few, or every token chooses alike.
    if places >= Rational(try tokens.multiplied(by: greatest)) { return all }
    if greatest == least { return min(all, places) }
    if let exact = try exactExcess(tokens) { return try all.adding(try exact.negated()) }
    let excess = greatest == 1 && least == 0 ? try binomialExcess(tokens) : try sumExcess(tokens)
    let low = try all.adding(try excess.most.negated())
    let width = try excess.most.adding(try excess.least.negated())
    guard width < Rational.grain else { throw .overflow }
    let middle = try low.adding(try width.divided(by: Rational(2)))
    let grains = try middle.divided(by: Rational.grain).adding(try Rational(1, over: 2))
    return try Rational(grains.floor).multiplied(by: Rational.grain)
  }

  /// The mean number of choices beyond the places.
  ///
  /// Exactly if all ways to choose are fewer than 2⁶⁴.
  private func exactExcess(_ tokens: Int128) throws(ArithmeticError) -> Rational? {
    guard tokens <= 64, let ways = waysOfOne() else { return nil }
    var total: Int128 = 1
    let all = ways.reduce(0, +)
    for _ in 0..<tokens {
      guard let next = try? total.multiplied(by: all), next < 1 << 64 else { return nil }
      total = next
    }
    var counts: [Int128] = [1]
    for _ in 0..<tokens {
      var next = [Int128](repeating: 0, count: counts.count + ways.count - 1)
      for (load, count) in counts.enumerated() {
        for (more, number) in ways.enumerated() { next[load + more] += count * number }
      }
      counts = next
    }
    var sum = Rational.zero
    for (load, count) in counts.enumerated() where count > 0 {
      let beyond = try Rational(Int128(load)).adding(try places.negated())
      guard beyond > .zero else { continue }
      sum = try sum.adding(try beyond.multiplied(by: Rational(count)))
    }
    return try sum.divided(by: Rational(total))
  }

  /// In how many ways a token makes each number of choices among the own things, in lowest terms.
  private func waysOfOne() -> [Int128]? {
    guard greatest < 64 else { return nil }
    var ways: [Int128] = []
    for load in 0...greatest {
      guard load >= least else {
        ways.append(0)
        continue
      }
      guard let inside = Self.binomial(own, load),
        let outside = Self.binomial(things - own, choices - load),
        let both = try? inside.multiplied(by: outside)
      else { return nil }
      ways.append(both)
    }
    let common = ways.reduce(0 as UInt128) { Int128.greatestCommonDivisor(Int128($0), $1) }
    return ways.map { $0 / Int128(common) }
  }

  private static func binomial(_ all: Int128, _ some: Int128) -> Int128? {
    guard some >= 0, some <= all else { return 0 }
    var result: Int128 = 1
    for index in 0..<min(some, all - some) {
      guard let next = try? result.multiplied(by: all - index) else { return nil }
      result = next / (index + 1)
    }
    return result
  }
}

// MARK: - Many tokens

extension Filling {
  private typealias Bounds = (least: Rational, most: Rational)

  /// Likely loads, each with a chance in some steps, and what all steps together are.
  private struct Loads {
    /// The choices beyond the places times the chance, in steps.
    var beyond: UInt128 = 0
    /// What the places are a multiple of.
    let divisor: UInt128
    let places: UInt128

    init(places: Rational) throws(ArithmeticError) {
      guard places.denominator < 1 << 20 else { throw .overflow }
      divisor = places.denominator.magnitude
      self.places = places.numerator.magnitude
    }

    /// Adds loads of one size.
    mutating func add(_ load: Int128, _ chance: UInt128) throws(ArithmeticError) {
      let size = load.magnitude * divisor
      guard size > places else { return }
      let (product, tooLarge) = chance.multipliedReportingOverflow(by: size - places)
      let (sum, isTooMuch) = beyond.addingReportingOverflow(product)
      guard !tooLarge, !isTooMuch else { throw .overflow }
      beyond = sum
    }

    /// The mean of what is beyond, in steps of 2⁻⁴⁰ over the divisor, rounded down or up.
    func mean(over all: UInt128, roundsUp: Bool) throws(ArithmeticError) -> Rational {
      let product = beyond.multipliedFullWidth(by: 1 << 40)
      guard product.high < all else { throw .overflow }
      let (quotient, rest) = all.dividingFullWidth(product)
      guard let number = Int128(exactly: quotient + (roundsUp && rest > 0 ? 1 : 0)) else {
        throw .overflow
      }
      return try Rational(number, over: Int128(divisor) << 40)
    }
  }

  /// The mean number of choices beyond the places where a token makes one among the own things or
  /// none, with both bounds.
  ///
  /// The chances are those of the likeliest load times factors that are computed outwards from it,
  /// once too small and once too great.
  private func binomialExcess(_ tokens: Int128) throws(ArithmeticError) -> Bounds {
    let chance = try Rational(try choices.multiplied(by: own), over: things)
    let (with, without) = (chance.numerator, chance.denominator - chance.numerator)
    guard tokens < 1 << 28, tokens * max(with, without) < 1 << 38 else { throw .overflow }
    let one: UInt128 = 1 << 88
    let mode = min(tokens, (tokens + 1) * with / (with + without))
    var (sum, most) = (one, one)
    var (low, high) = (try Loads(places: places), try Loads(places: places))
    try low.add(mode, one)
    try high.add(mode, one)
    for goesUp in [true, false] {
      var (load, least, greatest) = (mode, one, one)
      while least > 0, goesUp ? load < tokens : load > 0 {
        let (times, over) =
          goesUp
          ? ((tokens - load) * with, (load + 1) * without)
          : (load * without, (tokens - load + 1) * with)
        least = least * times.magnitude / over.magnitude
        greatest = (greatest * times.magnitude + over.magnitude - 1) / over.magnitude
        load += goesUp ? 1 : -1
        sum += least
        most += greatest
        try low.add(load, least)
        try high.add(load, greatest)
      }
      // Each load that is left is less likely than the last.
      let left = goesUp ? tokens - load : load
      most += greatest * left.magnitude
      if goesUp, left > 0 { try high.add(tokens, greatest * left.magnitude) }
      if !goesUp, left > 0 { try high.add(load, greatest * left.magnitude) }
    }
    return (
      try low.mean(over: most, roundsUp: false), try high.mean(over: sum, roundsUp: true)
    )
  }

  /// The same where a token makes several choices among the own things.
  ///
  /// The distribution of one token is taken with itself as often as there are tokens. Every chance is
  /// rounded down, so that what all of them lack of one bounds the error.
  private func sumExcess(_ tokens: Int128) throws(ArithmeticError) -> Bounds {
    var (power, result) = (try distributionOfOne(), Distribution(first: 0, chances: [Self.unit]))
    var (rest, work) = (tokens, 0)
    while rest > 0 {
      if rest & 1 == 1 { result = try result.adding(power, &work) }
      rest >>= 1
      if rest > 0 { power = try power.adding(power, &work) }
    }
    var (loads, all) = (try Loads(places: places), 0 as UInt128)
    for (index, chance) in result.chances.enumerated() {
      all += chance >> 32
      try loads.add(result.first + Int128(index), chance >> 32)
    }
    let least = try loads.mean(over: 1 << 88, roundsUp: false)
    try loads.add(try tokens.multiplied(by: greatest), (1 << 88) - all)
    return (least, try loads.mean(over: 1 << 88, roundsUp: true))
  }

  /// One, as chances are kept: in steps of 2⁻¹²⁰.
  fileprivate static let unit: UInt128 = 1 << 120

  /// The chances of the loads of one token, each rounded down.
  private func distributionOfOne() throws(ArithmeticError) -> Distribution {
    let others = things - own
    // Of the least load: all others are chosen, or all choices are among them.
    var chance = Self.unit >> 21
    let (some, from) = choices <= others ? (choices, others) : (things - choices, own)
    for index in 0..<some {
      chance = chance * (from - index).magnitude / (things - index).magnitude
    }
    var chances = [chance << 21]
    for load in least..<greatest {
      let (times, over) = (
        (own - load) * (choices - load), (load + 1) * (others - choices + load + 1)
      )
      guard times < 1 << 40 else { throw .overflow }
      let (product, isTooLarge) = (chance >> 20).multipliedReportingOverflow(
        by: times.magnitude)
      guard !isTooLarge else {
        throw .overflow
      }
      chance = (product / over.magnitude) << 20
      chances.append(chance << 21)
    }
    return Distribution(first: least, chances: chances)
  }

  /// Chances of numbers that follow each other.
  private struct Distribution {
    var first: Int128
    var chances: [UInt128]

    /// That of the sum of two numbers; chances that are next to nothing are left out.
    func adding(_ other: Distribution, _ work: inout Int) throws(ArithmeticError) -> Distribution {
      work += chances.count * other.chances.count
      guard work < 1 << 27 else { throw .overflow }
      var sums = [UInt128](repeating: 0, count: chances.count + other.chances.count - 1)
      for (one, chance) in chances.enumerated() {
        for (two, next) in other.chances.enumerated() {
          let product = chance.multipliedFullWidth(by: next)
          sums[one + two] += product.high << 8 | product.low >> 120
        }
      }
      let few: UInt128 = 1 << 28
      let head = sums.firstIndex { $0 >= few } ?? 0
      let tail = sums.lastIndex { $0 >= few } ?? 0
      return Distribution(
        first: first + other.first + Int128(head), chances: Array(sums[head...max(head, tail)]))
    }
  }
}

extension Rational {
  /// The mean number of filled slots, where each token chooses some of all experts and `own` of them
  /// have `places` slots together: see `Filling`.
  ///
  /// - Throws: `ArithmeticError.overflow`, as `Filling.mean(of:)`, `.notAnInteger`.
  package static func filled(
    tokens: Rational, choices: Rational, of things: Rational, own: Rational, places: Rational
  ) throws(ArithmeticError) -> Rational {
    try Filling(
      choices: try choices.wholeValue(), things: try things.wholeValue(),
      own: try own.wholeValue(), places: places
    ).mean(of: tokens)
  }
}
