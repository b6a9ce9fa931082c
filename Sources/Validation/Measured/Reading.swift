import Accounting
import Architecture
import Symbolic

/// The modules of a file read as a pass: what each is expected to show, and what explains it.
struct Reading {
  /// A pass of which the counts may be instead.
  struct Candidate: Hashable {
    var workload: Workload
    /// Whether one operation stands for a multiply-add.
    var isHalved = false
  }

  /// The products of one row of a ledger in one module, in the order of execution.
  private struct Slot {
    let node: Int
    var terms = Terms()
    var forward = Rational.zero
    var backward = Rational.zero
    /// Whether the diagnoses of its module are known.
    var isKnown = false
  }

  /// What a module may be in the light of what it shows.
  private struct Explanation {
    var diagnoses: [Diagnosis]
    /// Those that say something of the run.
    var ofRun: [Diagnosis] { diagnoses.filter { !$0.isOfTracking } }
    var isOfRun: Bool { ofRun.count == diagnoses.count }
    /// What it would show if no module counted what another executes.
    var clean: Rational
  }

  let isHalved: Bool
  /// The modules, in the order of execution and from the outermost in.
  private(set) var order: [Int] = []
  /// What the formulas say of each module.
  private(set) var totals: [Rational] = []
  /// Why each differs: nil if nothing explains it.
  private(set) var diagnoses: [[Diagnosis]?] = []
  /// How many are not explained.
  private(set) var unexplained = 0

  private let tree: ModuleTree
  private let workload: Workload
  /// The products of a module that are in none of the modules inside it.
  private var own: [Terms]
  private var slots: [Slot] = []
  /// The slots of each module and of those inside it.
  private var range: [Range<Int>]
  private var explanations: [[Explanation]]
  private var clean: [Rational]

  var isExplained: Bool { unexplained == 0 }

  /// What is less is likelier: modules that are not explained, and then different diagnoses.
  var cost: (open: Int, reasons: Int) {
    (unexplained, Set(diagnoses.flatMap { $0 ?? [] }.filter { !$0.isOfTracking }).count)
  }

  /// - Throws: `DescriptionError.arithmetic`.
  init(
    _ tree: ModuleTree, _ expected: Expectation, isHalved: Bool = false
  ) throws(DescriptionError) {
    self.tree = tree
    self.isHalved = isHalved
    workload = expected.workload
    own = tree.nodes.map { _ in Terms() }
    range = tree.nodes.map { _ in 0..<0 }
    explanations = tree.nodes.map { _ in [] }
    clean = tree.nodes.map(\.count)
    totals = tree.nodes.map { _ in .zero }
    diagnoses = tree.nodes.map { _ in nil }
    do throws(ArithmeticError) {
      try place(expected)
      try addUp()
      try explain(0)
      unexplained = diagnoses.count { $0 == nil }
    } catch {
      throw .arithmetic(error, what: "The measured counts")
    }
  }

  static func isEqual(_ one: Rational, _ other: Rational, _ slack: Rational) -> Bool {
    guard one != other else { return true }
    guard slack > .zero, let difference = try? one.adding(try other.negated()) else { return false }
    return difference <= slack && ((try? difference.negated()) ?? .zero) <= slack
  }

  // MARK: - Matching

  /// Gives each product to the innermost module that holds its place, and orders the modules.
  private mutating func place(_ expected: Expectation) throws(ArithmeticError) {
    var inLayer: [Int?: [Int]] = [:]
    for index in tree.nodes.indices {
      inLayer[tree.nodes[index].name.layer, default: []].append(index)
    }
    var homes: [ModuleName: Int] = [:]
    func home(_ place: ModuleName) -> Int {
      if let found = homes[place] { return found }
      let found = tree.innermost(place, inLayer[place.layer] ?? []) ?? 0
      homes[place] = found
      return found
    }
    var position = tree.nodes.map { _ in Int.max }
    for (place, order) in expected.order {
      var index: Int? = home(place)
      while let module = index {
        position[module] = min(position[module], order)
        index = tree.nodes[module].parent
      }
    }
    var places: [Int: [Int: Terms]] = [:]
    for (place, variant, term, flops) in expected.products {
      let flops = isHalved ? try flops.multiplied(by: Rational(reduced: 1, over: 2)) : flops
      let module = home(place)
      try own[module].add(flops, term, variant)
      // What only another way of running executes has no place in the order.
      let order = expected.order[place] ?? .max
      try places[module, default: [:]][order, default: Terms()].add(flops, term, variant)
    }
    arrange(0, position, places)
  }

  /// Puts the slots of a module and of those inside it in order.
  ///
  /// Modules that the file met in the forward pass keep its order, the others that of the ledger.
  private mutating func arrange(
    _ index: Int, _ position: [Int], _ places: [Int: [Int: Terms]]
  ) {
    order.append(index)
    let start = slots.count
    let children = tree.nodes[index].children
    let met = children.filter { tree.nodes[$0].rank < tree.backward }
    var first = met.sorted { (position[$0], $0) < (position[$1], $1) }.map { position[$0] }
    var sorted: [Int: Int] = [:]
    for child in met.sorted(by: { tree.nodes[$0].rank < tree.nodes[$1].rank }) {
      sorted[child] = first.removeFirst()
    }
    var items: [(order: Int, child: Int?, terms: Terms)] = children.map {
      (sorted[$0] ?? position[$0], $0, Terms())
    }
    items += (places[index] ?? [:]).map { ($0.key, nil, $0.value) }
    items.sort { ($0.order, $0.child ?? -1) < ($1.order, $1.child ?? -1) }
    for item in items {
      if let child = item.child {
        arrange(child, position, places)
      } else {
        slots.append(Slot(node: index, terms: item.terms))
      }
    }
    range[index] = start..<slots.count
  }

  private mutating func addUp() throws(ArithmeticError) {
    for index in tree.nodes.indices.reversed() {
      totals[index] = try totals[index].adding(try own[index].predicted([]))
      if let parent = tree.nodes[index].parent {
        totals[parent] = try totals[parent].adding(totals[index])
      }
    }
  }

  // MARK: - Explaining

  /// Which of its explanations each module inside another has.
  private enum Choice: CaseIterable {
    case first
    case tracked
    case frozen
    case recomputed
    /// The last product of a layer is not computed again, because nothing needs its result.
    case recomputedButLast

    func takes(_ diagnoses: [Diagnosis], isLast: Bool) -> Bool {
      switch self {
      case .first: true
      case .tracked: diagnoses.contains(where: \.isOfTracking)
      case .frozen: diagnoses.contains(.frozen)
      case .recomputed: diagnoses.contains(.recomputed)
      case .recomputedButLast: isLast != diagnoses.contains(.recomputed)
      }
    }
  }

  /// Looks for the fewest diagnoses that make what a module shows by itself equal to what is expected.
  private mutating func explain(_ index: Int) throws(ArithmeticError) {
    let children = order.filter { tree.nodes[$0].parent == index }
    for child in children { try explain(child) }
    // What needs no error of the tool explains better than what does.
    var best: (choice: Choice, found: [Explanation])?
    for choice in choices(children) where best?.found.first?.isOfRun != true {
      try choose(choice, children)
      let found = try explanations(of: index)
      guard let first = found.first, best == nil || first.isOfRun else { continue }
      best = (choice, found)
    }
    try choose(best?.choice ?? .first, children)
    explanations[index] = best?.found ?? []
    try settle(index, explanations[index].first)
  }

  /// The choices to try, those first that a module inside leaves no way around.
  private func choices(_ children: [Int]) -> [Choice] {
    let firsts = Set(children.flatMap { explanations[$0].first?.diagnoses ?? [] })
    var choices: [Choice] = []
    if firsts.contains(.recomputed) { choices += [.recomputedButLast, .recomputed] }
    if firsts.contains(.frozen) { choices.append(.frozen) }
    return choices + Choice.allCases.filter { !choices.contains($0) }
  }

  /// Whether a module's last product is that of its layer.
  private func endsLayer(_ index: Int) -> Bool {
    var outer = index
    while !tree.nodes[outer].name.inside.isEmpty, let parent = tree.nodes[outer].parent {
      outer = parent
    }
    return range[index].upperBound == range[outer].upperBound
  }

  private mutating func choose(_ choice: Choice, _ children: [Int]) throws(ArithmeticError) {
    for child in children {
      guard let first = explanations[child].first else { continue }
      let chosen = explanations[child].first {
        choice.takes($0.diagnoses, isLast: endsLayer(child))
          && $0.ofRun.count <= first.ofRun.count + 1
      }
      try settle(child, chosen ?? first)
    }
  }

  /// Takes an explanation of a module as the right one.
  private mutating func settle(_ index: Int, _ found: Explanation?) throws(ArithmeticError) {
    clean[index] = found?.clean ?? tree.nodes[index].count
    for slot in range[index] where slots[slot].node == index {
      let (forward, backward) = try Self.passes(slots[slot].terms, found?.diagnoses ?? [])
      (slots[slot].forward, slots[slot].backward) = (forward, backward)
      slots[slot].isKnown = true
    }
    diagnoses[index] = nil
    guard let found else { return }
    let inside = tree.nodes[index].children.map { diagnoses[$0] }
    guard inside.allSatisfy({ $0 != nil }) else { return }
    // What a module counts of another is no property of the modules that hold it.
    let words = Set(
      found.diagnoses + inside.flatMap { $0 ?? [] }.filter { !$0.isOfTracking })
    diagnoses[index] = Diagnosis.allCases.filter { words.contains($0) }
  }

  /// What the forward pass and all after it of some products count.
  private static func passes(
    _ terms: Terms, _ diagnoses: [Diagnosis]
  ) throws(ArithmeticError) -> (forward: Rational, backward: Rational) {
    let forward = try terms.predicted(diagnoses) { $0.direction == .forward }
    return (forward, try terms.predicted(diagnoses).adding(try forward.negated()))
  }

  private func explanations(of index: Int) throws(ArithmeticError) -> [Explanation] {
    let node = tree.nodes[index]
    var inside = Rational.zero
    for child in node.children { inside = try inside.adding(clean[child]) }
    let shown = try node.count.adding(try inside.negated())
    var applicable = try own[index].applicable()
    // A gradient of the input counts as that of the weight does; what is before decides which is missing.
    if startsTraining(index), let place = applicable.firstIndex(of: .frozen),
      let below = applicable.firstIndex(of: .frozenBelow)
    {
      applicable.swapAt(place, below)
    }
    let sets = Self.sets(applicable, most: 3)
    var found: [Explanation] = []
    let isTrained = workload.phase == .train
    for set in sets {
      if !isTrained, let first = found.first, set.count > first.diagnoses.count { break }
      let expected = try own[index].predicted(set)
      if Self.isEqual(expected, shown, node.slack) {
        found.append(Explanation(diagnoses: set, clean: try inside.adding(expected)))
      }
    }
    guard isTrained else {
      // Of as few reasons, those that hold inside it too.
      let words = Set(node.children.flatMap { diagnoses[$0] ?? [] })
      let likely = found.first { words.isSuperset(of: $0.diagnoses) } ?? found.first
      return likely.map { [$0] } ?? []
    }
    let before = try amounts(before: index, most: node.count)
    for set in sets where set.count <= 2 {
      let expected = try own[index].predicted(set)
      let difference = try shown.adding(try expected.negated())
      let missed = try amounts(last: index, set)
      for amount in missed {
        let more = try difference.adding(amount)
        guard !(more == .zero && amount == .zero), more == .zero || before.contains(more) else {
          continue
        }
        var words: [Diagnosis] = []
        if more != .zero { words.append(.lateBackward) }
        if amount != .zero { words.append(.missedBackward) }
        found.append(Explanation(diagnoses: set + words, clean: try inside.adding(expected)))
        break
      }
    }
    return found
  }

  /// Whether there are products before a module and none of them has a gradient, but for those beside it
  /// that take the same input.
  private func startsTraining(_ index: Int) -> Bool {
    let earlier = slots[..<range[index].lowerBound]
    var isFrozen = false
    for slot in earlier {
      guard slot.isKnown else { return false }
      if slot.backward == .zero {
        isFrozen = true
      } else {
        guard tree.nodes[slot.node].parent == tree.nodes[index].parent,
          diagnoses[slot.node]?.contains(.frozenBelow) == true
        else { return false }
      }
    }
    return isFrozen
  }

  /// Every choice of at most `most` items, the smaller before the larger.
  private static func sets(_ all: [Diagnosis], most: Int) -> [[Diagnosis]] {
    var sets: [[Diagnosis]] = [[]]
    for diagnosis in all { sets += sets.filter { $0.count < most }.map { $0 + [diagnosis] } }
    return (0...most).flatMap { size in sets.filter { $0.count == size } }
  }

  /// What torch can add to a module of what was before it, in the backward pass: it takes a module
  /// for done only when the gradients of its input are there, and never if no input was positional.
  private func amounts(
    before index: Int, most: Rational
  ) throws(ArithmeticError) -> Set<Rational> {
    let earlier = slots[..<range[index].lowerBound].reversed()
    let isKnown = earlier.allSatisfy(\.isKnown)
    let guesses =
      isKnown ? [[]] : Self.sets([.attentionBackward, .experts, .convolutionGroups], most: 3)
    var amounts: Set<Rational> = []
    for guess in guesses {
      var (back, plain, again) = (Rational.zero, Rational.zero, Rational.zero)
      for slot in earlier {
        let (forward, backward) =
          slot.isKnown ? (slot.forward, slot.backward) : try Self.passes(slot.terms, guess)
        back = try back.adding(backward)
        // What was computed again is counted by itself.
        plain = try plain.adding(try backward.adding(try forward.negated()))
        again = try again.adding(forward)
        amounts.formUnion([back, plain, again])
        if again > most, back > most { break }
      }
    }
    return amounts.filter { $0 > .zero }
  }

  /// What torch can miss of a module's last products in the backward pass: it enters a module only
  /// when the gradients of all of its outputs are there.
  private func amounts(
    last index: Int, _ own: [Diagnosis]
  ) throws(ArithmeticError) -> [Rational] {
    var amounts = [Rational.zero]
    guard range[index].count > 1 else { return amounts }
    var sum = Rational.zero
    for slot in slots[range[index]].reversed() {
      sum = try sum.adding(
        slot.node == index ? try Self.passes(slot.terms, own).backward : slot.backward)
      if sum > .zero { amounts.append(sum) }
    }
    return amounts
  }

  // MARK: - Other passes

  /// Passes that would make the maps of the run agree, found by divisibility.
  func candidates(_ asked: Workload) -> [Candidate] {
    var ratios: [Rational: Int] = [:]
    for index in tree.nodes.indices {
      guard let kinds = own[index].sums[.asked]?.keys, !kinds.isEmpty,
        kinds.allSatisfy({ $0.isLearned && !$0.isConvolution && $0.part != .routedExperts }),
        tree.nodes[index].children.isEmpty, totals[index] > .zero,
        let ratio = try? tree.nodes[index].count.divided(by: totals[index])
      else { continue }
      ratios[ratio, default: 0] += 1
    }
    let common = ratios.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(2).map(\.key)
    var found = [Candidate(workload: asked, isHalved: true)]
    for ratio in common {
      for isHalved in [false, true] {
        for phase in [asked.phase, asked.phase == .train ? .prefill : .train] {
          // The forward pass, and two more for the gradients of a training step.
          let expected: Int128 = (asked.phase == .train ? 3 : 1) * (isHalved ? 2 : 1)
          let products: Int128 = phase == .train ? 3 : 1
          guard let scale = try? Rational(expected, over: products),
            let factor = try? ratio.multiplied(by: scale),
            let rows = try? factor.multiplied(by: Rational(asked.batch * asked.tokens)).whole,
            rows > 0
          else { continue }
          for (batch, tokens) in Self.splits(rows, asked) {
            var workload = asked
            (workload.batch, workload.tokens, workload.phase) = (batch, tokens, phase)
            (workload.packed, workload.generated) = ([], 0)
            if phase == .train { workload.past = 0 }
            found.append(Candidate(workload: workload, isHalved: isHalved))
          }
        }
      }
    }
    found += otherPasts(asked)
    var tried: Set<Candidate> = [Candidate(workload: asked)]
    return found.filter { tried.insert($0).inserted }
  }

  /// Passes with another number of tokens in the cache, by the scores and values of attention.
  private func otherPasts(_ asked: Workload) -> [Candidate] {
    guard asked.phase != .train else { return [] }
    var pasts: Set<Int128> = []
    for index in tree.nodes.indices where !own[index].isEmpty {
      guard own[index].sums[.asked]?.keys.allSatisfy(\.isCore) == true,
        let expected = try? own[index].predicted([]), expected > .zero,
        let inside = try? tree.nodes[index].children.reduce(
          Rational.zero,
          { sum, child in
            try sum.adding(clean[child])
          }),
        let shown = try? tree.nodes[index].count.adding(inside.negated()),
        let keys = try? shown.divided(by: expected)
          .multiplied(by: Rational(asked.past + asked.tokens)).whole, keys >= asked.tokens
      else { continue }
      pasts.insert(keys - asked.tokens)
    }
    return pasts.sorted().prefix(4).map { past in
      var workload = asked
      workload.past = past
      return Candidate(workload: workload)
    }
  }

  /// How a number of tokens may be split into sequences, the likeliest first.
  private static func splits(_ rows: Int128, _ asked: Workload) -> [(Int128, Int128)] {
    guard asked.phase != .decode else { return [(rows, 1)] }
    var splits: [(Int128, Int128)] = []
    if rows.isMultiple(of: asked.batch) { splits.append((asked.batch, rows / asked.batch)) }
    if rows.isMultiple(of: asked.tokens) { splits.append((rows / asked.tokens, asked.tokens)) }
    for batch in 1...Int128(16) where rows.isMultiple(of: batch) {
      splits.append((batch, rows / batch))
    }
    return splits
  }
}
