import Accounting
import Architecture
import Symbolic

/// Products of one kind, which a diagnosis takes together.
struct Term: Hashable {
  let part: Product.Part
  /// Whether it is a product of queries, keys and values.
  let isCore: Bool
  let direction: OperationLedger.Row.Direction
  let isLearned: Bool
  let isConvolution: Bool
  let isInLayer: Bool

  init(_ occurrence: OperationLedger.Occurrence, _ product: Product) {
    part = product.part
    isCore = product.part == .attentionCore && !product.isLearned
    direction = occurrence.direction
    isLearned = product.isLearned
    isConvolution = product.isConvolution
    isInLayer = occurrence.layer != nil
  }

  var isBackward: Bool { direction == .backwardInput || direction == .backwardWeight }
}

/// Another way in which the same pass can be run or counted.
enum Variant: Hashable {
  case asked
  case mask(Workload.Mask)
  case logits(Workload.Logits)
  case latent(Workload.LatentForm)
  case recompute(Workload.Recompute)
  case everyExpert(Bool)
  case withoutPadding
  case inOneGroup
}

/// The FLOPs of the products of a place, by kind, under each way of running and counting them.
struct Terms {
  private(set) var sums: [Variant: [Term: Rational]] = [:]

  mutating func add(_ flops: Rational, _ term: Term, _ variant: Variant) throws(ArithmeticError) {
    let sum = sums[variant]?[term] ?? .zero
    sums[variant, default: [:]][term] = try sum.adding(flops)
  }

  var isEmpty: Bool { sums[.asked]?.isEmpty ?? true }

  /// What the place is expected to show where these diagnoses hold, over the kinds that are included.
  func predicted(
    _ diagnoses: [Diagnosis], _ isIncluded: (Term) -> Bool = { _ in true }
  ) throws(ArithmeticError) -> Rational {
    var sum = Rational.zero
    for term in Set(sums.values.flatMap(\.keys)) where isIncluded(term) {
      var variant = Variant.asked
      var factor = Rational.one
      for diagnosis in diagnoses {
        switch diagnosis.effect(on: term) {
        case .none: break
        case .factor(let other): factor = try factor.multiplied(by: other)
        case .variant(let other) where sums[other] != nil: variant = other
        case .variant: break
        }
      }
      guard let flops = sums[variant]?[term] else { continue }
      sum = try sum.adding(try flops.multiplied(by: factor))
    }
    return sum
  }

  /// The diagnoses that would change what is expected.
  func applicable() throws(ArithmeticError) -> [Diagnosis] {
    let asked = try predicted([])
    var found: [Diagnosis] = []
    for diagnosis in Diagnosis.allCases where try predicted([diagnosis]) != asked {
      found.append(diagnosis)
    }
    return found
  }
}

extension Diagnosis {
  /// What a diagnosis does to the products of a kind.
  enum Effect {
    case none
    case factor(Rational)
    case variant(Variant)
  }

  func effect(on term: Term) -> Effect {
    switch self {
    case .experts: term.part == .routedExperts ? .factor(.zero) : .none
    case .everyExpert: term.part == .routedExperts ? .variant(.everyExpert(true)) : .none
    case .chosenExperts: term.part == .routedExperts ? .variant(.everyExpert(false)) : .none
    case .attention: term.isCore ? .factor(.zero) : .none
    case .halfSquare: term.isCore ? .factor(Rational(reduced: 1, over: 2)) : .none
    case .keptPositions: term.isCore ? .variant(.mask(.causal)) : .none
    case .fullSquare: term.isCore ? .variant(.mask(.full)) : .none
    case .attentionBackward:
      term.isCore && term.isBackward ? .factor(Rational(reduced: 5, over: 4)) : .none
    case .headTwice: term.part == .head ? .factor(Rational(2)) : .none
    case .headNot: term.part == .head ? .factor(.zero) : .none
    case .headLast: term.part == .head ? .variant(.logits(.last)) : .none
    case .headAll: term.part == .head ? .variant(.logits(.all)) : .none
    case .recomputed: term.isInLayer ? .variant(.recompute(.full)) : .none
    case .notRecomputed: .variant(.recompute(.none))
    case .frozen: term.isLearned && term.direction == .backwardWeight ? .factor(.zero) : .none
    case .frozenBelow:
      term.isLearned && term.direction == .backwardInput ? .factor(.zero) : .none
    case .forwardOnly: term.isBackward ? .factor(.zero) : .none
    case .convolutionPadding: term.isConvolution ? .variant(.withoutPadding) : .none
    case .convolutionGroups:
      term.isConvolution && term.direction == .backwardInput ? .variant(.inOneGroup) : .none
    case .convolution: term.isConvolution ? .factor(.zero) : .none
    case .recurrence:
      term.part == .mixer && !term.isLearned && !term.isConvolution ? .factor(.zero) : .none
    case .absorbed: term.isOfAttention ? .variant(.latent(.absorbed)) : .none
    case .expanded: term.isOfAttention ? .variant(.latent(.expanded)) : .none
    case .reexpanded: term.isOfAttention ? .variant(.latent(.reexpanded)) : .none
    case .multiplyAdd, .lateBackward, .missedBackward, .otherTokens, .otherPast, .otherPhase: .none
    }
  }
}

extension Term {
  fileprivate var isOfAttention: Bool { part == .attentionCore || part == .attentionProjections }
}
