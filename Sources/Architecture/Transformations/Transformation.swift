package import Symbolic

/// A change of a model that a paper proposes, as a function from description to description.
///
/// It adds its own sizes to the model, so that every formula shows them.
package enum Transformation: Hashable, Sendable {
  /// Every expert is cut into *m*, and a token meets *m* times as many.
  case segmentation(Evaluated)
  /// *E_s* of the routed experts become experts that every token meets.
  case sharing(Evaluated)
  /// Dense feed-forward layers become *E* copies of themselves, of which a token meets *K*: in all
  /// layers, or in some.
  case upcycling(experts: Evaluated, active: Evaluated, layers: DepthPlacement.Layers?)
  /// They become *G·R* experts of the *G*-th part of their width, of which a token meets *G*.
  case granularity(parts: Evaluated, expansion: Evaluated, layers: DepthPlacement.Layers?)
  /// They become experts of the width *2·d/G* beside shared ones.
  case leverage(
    granularity: Rational, experts: Evaluated, active: Evaluated, shared: Evaluated,
    layers: DepthPlacement.Layers?)
  /// Experts that compute nothing stand beside the others.
  case noOpExperts(zero: Int128, copy: Int128, constant: Int128)
  /// Experts take a limited number of tokens, which they may choose themselves.
  case capacity(ExpertSlots, choosing: Bool)
  /// Some blocks let in only the share *κ* of the tokens.
  case depthRouting(DepthPlacement)
  /// Layers run several times.
  case recursion(Recursion)
  /// Tokens leave behind some layers.
  case leaving(EarlyExits)
  /// A draw leaves out some layers.
  case skipping(LayerSkipping)
  /// Where the experts of a Mixture-of-Depths model stand.
  case depthExperts(DepthExperts)

  /// How experts and depth routers stand to each other.
  package enum DepthExperts: String, CaseIterable, Hashable, Sendable {
    /// Inside the routed blocks; the other blocks are dense.
    case staged
    /// In the routed blocks, which have no depth router but experts that do nothing.
    case integrated
  }

  /// The names that `init(parsing:)` knows, each with its form.
  package static let forms = Array(otherForms) + Array(expertForms)

  private static let otherForms: KeyValuePairs = [
    "segment": "segment=4", "shared": "shared=2", "upcycle": "upcycle=8/2", "mod": "mod=0.125/2",
    "mode": "mode=staged", "recursion": "recursion=3/middle_cycle",
    "skip": "skip=0.2/exponential", "exit": "exit=0.9/3:0.2,7:0.3",
  ]

  /// Reads `name=value`; a name in place of a number leaves it free.
  ///
  /// - Throws: `TransformationSyntaxError` with the form that was expected.
  package init(parsing text: String) throws(TransformationSyntaxError) {
    let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
    let forms = Self.forms
    guard halves.count == 2, let form = forms.first(where: { $0.key == halves[0] })?.value
    else {
      throw TransformationSyntaxError(
        text: text, expected: "one of \(forms.map(\.value).joined(separator: ", "))")
    }
    let error = TransformationSyntaxError(text: text, expected: "a form such as \(form)")
    let pieces = halves[1].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    func whole(_ text: String) throws(TransformationSyntaxError) -> Evaluated {
      guard let value = try? Evaluated(parsing: text), value.fault == nil,
        value.constant.map({ $0.isWhole && $0 >= .one }) ?? value.isVariable
      else { throw error }
      return value
    }
    switch (halves[0], pieces.count) {
    case ("segment", 1): self = .segmentation(try whole(pieces[0]))
    case ("shared", 1): self = .sharing(try whole(pieces[0]))
    case ("mod", 2...):
      guard let placement = DepthPlacement(pieces) else { throw error }
      self = .depthRouting(placement)
    case ("recursion", 1...5):
      guard let recursion = Recursion(pieces) else { throw error }
      self = .recursion(recursion)
    case ("skip", 1...3):
      guard let skipping = LayerSkipping(pieces) else { throw error }
      self = .skipping(skipping)
    case ("exit", 2):
      guard let exits = EarlyExits(pieces) else { throw error }
      self = .leaving(exits)
    case ("mode", 1):
      guard let mode = DepthExperts(rawValue: pieces[0]) else { throw error }
      self = .depthExperts(mode)
    default:
      guard let change = Transformation(ofExperts: halves[0], pieces) else { throw error }
      self = change
    }
  }
}

extension DepthPlacement {
  /// Reads `κ/n`, `κ/n/offset` or `κ/8-31,33`, then perhaps a part, and how the share changes.
  fileprivate init?(_ pieces: [String]) {
    func share(_ text: some StringProtocol) -> Evaluated? {
      guard let share = try? Evaluated(parsing: String(text), isWhole: false),
        share.constant.map({ $0 >= .zero && $0 <= .one }) ?? share.isVariable
      else { return nil }
      return share
    }
    var rest = pieces.dropFirst(2)
    let ends = pieces[0].split(separator: "..", omittingEmptySubsequences: false)
    guard ends.count <= 2, let first = share(ends[0]), first.constant != .zero else { return nil }
    capacity = first
    last = nil
    shape = .linear
    part = .block
    if ends.count == 2 {
      guard let end = share(ends[1]) else { return nil }
      last = end
    }
    if let every = Int(pieces[1]) {
      var offset = min(1, every - 1)
      if let number = rest.first.flatMap({ Int($0) }) {
        offset = number
        rest.removeFirst()
      }
      guard every > 0, every < 1 << 40, (0..<every).contains(offset) else { return nil }
      layers = .every(every, offset: offset)
    } else {
      guard let ranges = DepthPlacement.ranges(pieces[1]) else { return nil }
      layers = .ranges(ranges)
    }
    for word in rest {
      if let part = ConditionalDepth.Part(rawValue: word) {
        self.part = part
      } else if word.hasPrefix("mean:"), last != nil, budget == nil,
        let mean = Rational(decimal: word.dropFirst(5)), mean > .zero, mean <= .one
      {
        budget = CapacityBudget(mean: mean, least: .zero)
      } else if word == "attention_map", !readsAttention {
        readsAttention = true
      } else if let shape = CapacityDecay.Shape(rawValue: word), last != nil {
        self.shape = shape
      } else {
        return nil
      }
    }
  }
}

extension DepthPlacement {
  /// Reads `8-31,33`.
  static func ranges(_ text: String) -> [ClosedRange<Int>]? {
    var ranges: [ClosedRange<Int>] = []
    for range in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let from = ends[0], let to = ends.count == 1 ? from : ends[1], ends.count <= 2,
        from >= 0, to >= from, to < 1_000_000
      else { return nil }
      ranges.append(from...to)
    }
    return ranges
  }
}

/// A text that is no transformation.
package struct TransformationSyntaxError: Error, Hashable, Sendable {
  /// What was written.
  package let text: String
  /// The form that was expected.
  package let expected: String
}

extension Model {
  /// The model after a change.
  ///
  /// - Throws: `DescriptionError` where the model has nothing to change, or the sizes do not fit.
  package func transformed(by change: Transformation) throws(DescriptionError) -> Model {
    var model = self
    switch change {
    case .segmentation(let parts): try model.segment(parts)
    case .sharing(let count): try model.share(count)
    case .upcycling(let experts, let active, let layers):
      try model.upcycle(experts, active, in: layers)
    case .granularity(let parts, let rate, let layers): try model.cut(parts, rate, in: layers)
    case .leverage(let granularity, let experts, let active, let shared, let layers):
      try model.widen(granularity, experts, active, shared, in: layers)
    case .noOpExperts(let zero, let copy, let constant):
      try model.addNoOpExperts(zero: zero, copy: copy, constant: constant)
    case .capacity(let places, let choosing):
      try model.limitExperts(to: places, choosing: choosing)
    case .depthRouting(let placement): try model.routeDepth(placement)
    case .recursion(let recursion): try model.repeat(recursion)
    case .leaving(let exits): try model.leave(at: exits)
    case .skipping(let skipping): try model.skip(skipping)
    case .depthExperts(let mode): try model.place(mode)
    }
    return model
  }
}

// MARK: - What changes have in common

extension Model {
  /// Adds a size that the change brings; its variable gets a number if the model has it already.
  mutating func bind(
    _ size: Size, _ value: Evaluated, _ origin: SizeBinding.Origin = .given
  ) -> Formula {
    let taken = Set(sizes.map(\.size.symbol.name))
    var variable = size.symbol.name
    var number = 2
    while taken.contains(variable) {
      variable = "\(size.symbol.name)_\(number)"
      number += 1
    }
    let own = Size(variable, size.key, size.meaning, isWhole: size.symbol.isWhole)
    sizes.append(SizeBinding(size: own, key: size.key, value: value, origin: origin))
    return Formula(own.symbol)
  }

  /// The number a formula is, or nil while a size in it is free.
  func number(_ formula: Formula) -> Int128? { formula.evaluated(in: values).wholeConstant }

  /// Demands something of two sizes, once both are numbers.
  mutating func require(
    _ key: String, _ size: Formula, _ relation: Requirement.Relation, _ other: String,
    _ limit: Formula
  ) throws(DescriptionError) {
    let requirement = Requirement(
      size.evaluated(in: values), relation, limit.evaluated(in: values))
    if try !requirement.isSettled(key, other) { requirements.append(requirement) }
  }

  /// The key of a size, as this model's configuration spells it.
  func key(of formula: Formula) -> String {
    sizes.first { Formula($0.size.symbol) == formula }?.key ?? formula.text(.plain)
  }

  /// Changes every mixture of the model; there has to be one.
  mutating func changeMixtures(
    for change: String,
    _ body: (inout MixtureOfExperts, inout Model) throws(DescriptionError) -> Void
  ) throws(DescriptionError) {
    var isFound = false
    var copy = self
    for group in groups.indices {
      for blocks in [\Layer.blocks, \Layer.repeats] {
        for block in groups[group].layer[keyPath: blocks].indices {
          for branch in groups[group].layer[keyPath: blocks][block].branches.indices {
            let module = groups[group].layer[keyPath: blocks][block].branches[branch].module
            guard case .mixtureOfExperts(var mixture) = module else { continue }
            isFound = true
            try body(&mixture, &copy)
            copy.groups[group].layer[keyPath: blocks][block].branches[branch].module =
              .mixtureOfExperts(mixture)
          }
        }
      }
    }
    guard isFound else {
      throw .notChanged(
        change, because: "the model has no experts",
        advice: "Take a model with experts, or make them first with upcycle=E/K.")
    }
    self = copy
  }
}
