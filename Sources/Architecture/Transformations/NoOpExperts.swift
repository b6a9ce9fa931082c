package import Symbolic

/// Zero-computation experts beside those of a mixture: some return nothing, some their input, and some
/// a mean of it and a learned vector.
///
/// - Source: Jin et al. 2024 (MoE++), §3.1, <https://arxiv.org/abs/2410.07348>.
extension Model {
  mutating func addNoOpExperts(
    zero: Int128, copy: Int128, constant: Int128
  ) throws(DescriptionError) {
    let idle = bind(.noOpExperts, Evaluated(zero + copy + constant))
    try changeMixtures(for: "idle") { (mixture, model) throws(DescriptionError) in
      try mixture.addNoOp(idle, for: "idle")
      mixture.setReturning(
        copy: copy, constant: constant, of: idle, isAll: copy > 0 && zero + constant == 0)
      model.settleScored(&mixture)
    }
  }
}

extension MixtureOfExperts {
  /// Adds experts that a plain gate scores and that compute nothing.
  mutating func addNoOp(_ idle: Formula, for change: String) throws(DescriptionError) {
    guard !runsEveryExpert else {
      throw .notChanged(
        change, because: "every expert computes every token",
        advice: "Take a model that runs only the chosen experts.")
    }
    guard self.idle.isZero, router.besides.isEmpty, bias == nil, router.groups == nil,
      always == nil, !router.addsScores, latent == nil,
      let gate = router.gates.indices.first,
      router.gates[gate].output == experts
    else {
      throw .notChanged(
        change, because: "the router is more than a gate", advice: "Take a model with plain gates.")
    }
    router.gates[gate].output = experts + idle
    self.idle = idle
  }

  /// Says what the experts return that compute nothing; `isAll` if all return their input.
  package mutating func setReturning(
    copy: Int128, constant: Int128, of idle: Formula, isAll: Bool
  ) {
    returning = isAll ? idle : Formula(copy)
    constants =
      constant == 0
      ? nil
      : ConstantExperts("constant_experts", count: Formula(constant), width: expert.output.output)
  }
}
