package import Architecture
package import Symbolic

extension OperationLedger {
  /// The FLOPs of the same pass under the causal mask, where a window, a chunk or a choice of keys
  /// hides positions that this pass counts; nil where none does.
  ///
  /// What the triangle alone hides is no reason: it is the same for every model.
  ///
  /// - Throws: `DescriptionError.arithmetic` if a count needs more than 128 bits.
  package func totalUnderCausalMask() throws(DescriptionError) -> Evaluated? {
    guard workload.mask == .full else { return nil }
    var masked = workload
    masked.mask = .causal
    let (dense, kept) = (model.stream(workload), model.stream(masked))
    var hides = false
    for case .some(let (reach, ahead)) in model.groups.flatMap(\.layer.branches)
      .map(\.module.reach)
    {
      let all = kept.pairs(.all, ahead: ahead == nil ? nil : .all)
      let counted = Formula.minimum(dense.pairs(reach), all)
      let hidden = try value(
        counted - kept.pairs(reach, ahead: ahead), "The positions that are hidden")
      hides = hides || !hidden.isZero
    }
    guard hides else { return nil }
    let ledger = OperationLedger(model, masked)
    return try ledger.totalValue("The FLOPs under the causal mask")
  }

  /// The FLOPs of the same pass with latent attention in its absorbed form, which engines run in
  /// decode; nil without latent attention, or where this pass is in that form.
  ///
  /// - Throws: `DescriptionError.arithmetic` if a count needs more than 128 bits.
  package func totalWhenAbsorbed() throws(DescriptionError) -> Evaluated? {
    guard workload.latentForm != .absorbed, model.hasLatentAttention else { return nil }
    var absorbed = workload
    absorbed.latentForm = .absorbed
    let ledger = OperationLedger(model, absorbed)
    return try ledger.totalValue("The FLOPs in the absorbed form")
  }
}

extension Model {
  /// Whether some layer has latent attention.
  package var hasLatentAttention: Bool {
    groups.flatMap(\.layer.branches).contains { branch in
      if case .latentAttention = branch.module { true } else { false }
    }
  }
}

extension Module {
  /// How far back the queries of an attention module see, and how far ahead, if they do.
  fileprivate var reach: (Reach, ahead: Reach?)? {
    switch self {
    case .selfAttention(let module): (module.reach, module.ahead)
    case .latentAttention(let module): (module.reach, nil)
    case .compressedAttention(let module): (module.reach, nil)
    default: nil
    }
  }
}
