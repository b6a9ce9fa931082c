/// Why a measured count differs from the analytic one; each is tested by exact arithmetic.
package enum Diagnosis: String, CaseIterable, Sendable {
  case experts = "grouped-experts-not-counted"
  case everyExpert = "every-expert-runs"
  case chosenExperts = "only-chosen-experts-run"
  case attention = "fused-attention-not-counted"
  case halfSquare = "causal-mask-halved"
  case keptPositions = "causal-mask-kept-positions"
  case fullSquare = "causal-mask-not-applied"
  case attentionBackward = "attention-backward-2.5"
  case multiplyAdd = "multiply-add-as-one"
  case headTwice = "head-counted-twice"
  case headNot = "head-not-counted"
  case headLast = "head-on-last-token"
  case headAll = "head-on-every-token"
  case recomputed = "recomputed"
  case notRecomputed = "not-recomputed"
  case frozen = "frozen-weights"
  case frozenBelow = "nothing-below-trains"
  case forwardOnly = "forward-only"
  case convolutionPadding = "convolution-without-padding"
  case convolutionGroups = "convolution-gradient-as-one-group"
  case convolution = "fused-convolution-not-counted"
  case recurrence = "fused-recurrence-not-counted"
  // What expands one token's latents counts as much as what absorbs them, and is a module that runs.
  case expanded = "latent-expanded"
  case reexpanded = "latent-reexpanded"
  case absorbed = "latent-absorbed"
  case lateBackward = "backward-of-modules-before"
  case missedBackward = "backward-of-last-modules-missed"
  case otherTokens = "other-number-of-tokens"
  case otherPast = "other-past"
  case otherPhase = "other-phase"

  /// What it means, and what a user can do about it.
  package var meaning: String {
    switch self {
    case .experts:
      "the tool counts nothing for a grouped product of experts; run with eager experts"
    case .everyExpert: "every expert computes every token, and not only those that are chosen"
    case .chosenExperts: "only the chosen experts run, where the library's model runs all"
    case .attention: "the tool counts nothing for a fused kernel of attention"
    case .halfSquare: "half of the square of attention is counted, for a causal mask"
    case .keptPositions: "only the positions that the mask keeps are counted (--mask causal)"
    case .fullSquare: "the whole square of attention is counted, whatever the mask (--mask full)"
    case .attentionBackward:
      "the backward pass of a fused attention computes the scores again: 2.5 times its forward pass"
    case .multiplyAdd: "the tool counts one operation for a multiply-add, and not two"
    case .headTwice: "the head is counted twice, as if a tied table were a second matrix"
    case .headNot: "the head is not counted"
    case .headLast: "only the last position is scored (--logits last)"
    case .headAll: "every position is scored (--logits all)"
    case .recomputed: "the backward pass computes the forward pass again (--recompute)"
    case .notRecomputed: "nothing is computed again in the backward pass"
    case .frozen: "no gradient of the weight: it is frozen"
    case .frozenBelow: "no gradient of the input: nothing that trains is before it"
    case .forwardOnly: "no gradient at all: only the forward pass is counted"
    case .convolutionPadding: "the convolution is counted without the positions of its padding"
    case .convolutionGroups:
      "torch's formula takes the channels of a convolution for one group in one of its gradients"
    case .convolution: "the tool counts nothing for a fused convolution"
    case .recurrence: "the tool counts nothing for a fused kernel of a recurrence"
    case .expanded: "keys and values of every head are cached (--mla expanded)"
    case .reexpanded: "the latents of the whole cache are expanded in each pass (--mla reexpanded)"
    case .absorbed: "attention multiplies in the space of the latents (--mla absorbed)"
    case .lateBackward:
      "torch adds the backward pass of modules before this one to it; their own counts are right"
    case .missedBackward:
      "torch misses the backward pass of the last modules inside this one; their own counts are right"
    case .otherTokens: "the run had another number of tokens or sequences"
    case .otherPast: "the run had another number of tokens in the cache"
    case .otherPhase: "the run was another phase"
    }
  }

  /// Whether it is of how torch follows modules through the backward pass, and not of the run.
  package var isOfTracking: Bool { self == .lateBackward || self == .missedBackward }
}
