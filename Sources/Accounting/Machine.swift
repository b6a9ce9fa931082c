package import Architecture
package import Symbolic

/// What does the work: a number of devices, how fast each computes, and how fast each reads.
package struct Machine: Hashable, Sendable {
  /// What it is called, with the type of number; nil where only a peak is given.
  package let title: String?
  /// Operations a second of one device.
  package let peak: Rational
  /// Bytes a second of one device.
  package let bandwidth: Rational?
  /// How many devices there are.
  package let devices: Int128

  package init(title: String? = nil, peak: Rational, bandwidth: Rational?, devices: Int128 = 1) {
    self.title = title
    self.peak = peak
    self.bandwidth = bandwidth
    self.devices = devices
  }

  /// Operations a second of all devices.
  package var totalPeak: Rational? { try? peak.multiplied(by: Rational(devices)) }

  /// Bytes a second of all devices.
  package var totalBandwidth: Rational? {
    bandwidth.flatMap { try? $0.multiplied(by: Rational(devices)) }
  }

  /// FLOPs for each byte at which computing takes as long as reading.
  package var ridge: Rational? { bandwidth.flatMap { try? peak.divided(by: $0) } }
}

/// A pass on a machine: what it takes at the least, and how much of the machine a measured one used.
///
/// A figure is nil where a size is free, or where it would need more than 128 bits.
package struct MachineFigures: Sendable {
  /// What the pass runs on.
  package let machine: Machine
  /// Seconds that computing takes if every unit multiplies all the time.
  package let computeFloor: Rational?
  /// Seconds that reading and writing takes; nil for a training step, whose bytes are not counted.
  package let bandwidthFloor: Rational?
  /// How much of the machine a measured pass used, if one was measured.
  package let utilization: Utilization?

  /// - Parameters:
  ///   - work: The FLOPs of the pass under one convention.
  ///   - memory: What the pass moves.
  ///   - machine: What it runs on.
  ///   - rate: How fast it ran, if somebody measured it.
  package init(_ work: PassWork, _ memory: Memory, on machine: Machine, at rate: MeasuredRate?) {
    let workload = work.workload
    self.machine = machine
    computeFloor = Self.quotient(work.leastHardware.constant, machine.totalPeak)
    let moved = memory.movedBounds?.least ?? memory.movedBytes
    bandwidthFloor =
      workload.phase == .train
      ? nil : Self.quotient(moved?.constant, machine.totalBandwidth)
    utilization = rate.flatMap { rate in
      guard let tokens = rate.tokensPerSecond(of: workload),
        let seconds = rate.seconds(of: workload)
      else { return nil }
      func share(_ amount: Evaluated?, of capacity: Rational?) -> Rational? {
        Self.quotient(Self.quotient(amount?.constant, capacity), seconds)
      }
      return Utilization(
        tokensPerSecond: tokens, seconds: seconds,
        model: share(work.model, of: machine.totalPeak),
        hardware: share(work.hardware, of: machine.totalPeak),
        bandwidth: workload.phase == .decode
          ? share(memory.movedBytes, of: machine.totalBandwidth) : nil)
    }
  }

  private static func quotient(_ above: Rational?, _ below: Rational?) -> Rational? {
    guard let above, let below else { return nil }
    return try? above.divided(by: below)
  }
}

/// The FLOPs of a pass under one convention.
package struct PassWork: Sendable {
  /// The pass.
  package let workload: Workload
  /// What the model needs: nothing twice.
  package let model: Evaluated
  /// What is done: with what a backward pass computes again.
  package let hardware: Evaluated
  /// The same, if the data decide for as little as can be.
  package let leastHardware: Evaluated

  /// - Throws: `DescriptionError.arithmetic` if a figure needs more than 128 bits.
  package init(
    _ report: OperationReport, _ convention: Convention
  ) throws(DescriptionError) {
    workload = report.workload
    hardware = try convention.hardwareValue(of: report.ledger)
    leastHardware =
      try report.leastLedger.map { ledger throws(DescriptionError) in
        try convention.hardwareValue(of: ledger)
      } ?? hardware
    guard report.workload.recompute != .none else {
      model = try convention.value(of: report.ledger)
      return
    }
    var kept = report.workload
    kept.recompute = .none
    model = try convention.value(of: OperationLedger(report.model, kept))
  }
}

/// How fast a pass ran.
package enum MeasuredRate: Hashable, Sendable {
  /// Tokens a second of all devices.
  case tokensPerSecond(Rational)
  /// Seconds of one pass over all its sequences.
  case secondsPerPass(Rational)

  /// The new tokens a second of all devices; nil if that needs more than 128 bits.
  package func tokensPerSecond(of workload: Workload) -> Rational? {
    switch self {
    case .tokensPerSecond(let rate): rate
    case .secondsPerPass(let seconds): try? workload.newTokens?.divided(by: seconds)
    }
  }

  /// The seconds of one pass; nil if that needs more than 128 bits.
  package func seconds(of workload: Workload) -> Rational? {
    switch self {
    case .tokensPerSecond(let rate): try? workload.newTokens?.divided(by: rate)
    case .secondsPerPass(let seconds): seconds
    }
  }
}

extension Workload {
  /// The new tokens of all sequences, `B·(T + O)`; nil if that needs more than 128 bits.
  package var newTokens: Rational? {
    try? Rational(batch).multiplied(by: Rational(tokens).adding(Rational(generated)))
  }
}

/// How much of a machine a measured pass used.
///
/// - Source: Chowdhery et al. 2022, appendix B, <https://arxiv.org/abs/2204.02311>, for the first;
///   Korthikanti et al. 2022, <https://arxiv.org/abs/2205.05198>, for the second.
package struct Utilization: Hashable, Sendable {
  /// Tokens a second of all devices.
  package let tokensPerSecond: Rational
  /// Seconds of the pass.
  package let seconds: Rational
  /// The FLOPs that the model needs over those the machine could do.
  package let model: Rational?
  /// The FLOPs that are done, recomputation too, over the same.
  package let hardware: Rational?
  /// The bytes that a decode step moves over those the machine could move.
  package let bandwidth: Rational?
}

/// A training run over many tokens.
package struct TrainingRun: Hashable, Sendable {
  /// The tokens that are trained on.
  package let tokens: Int128
  /// The FLOPs of the model under a convention; nil where a size is free or it needs too many bits.
  package let flops: Rational?
  /// Hours of one device, if there is a machine or a measured rate.
  package let deviceHours: Rational?
  /// Days of all devices.
  package let days: Rational?
  /// Whether the hours are those of devices that multiply all the time.
  package let isFloor: Bool

  /// - Parameters:
  ///   - tokens: How many are trained on.
  ///   - work: The FLOPs of a training step.
  ///   - machine: What does it.
  ///   - utilization: The share of the peak that the FLOPs of the model use.
  ///   - rate: How fast a step ran; it says how long the run takes whatever the FLOPs.
  ///   - devices: How many there are.
  package init(
    tokens: Int128, _ work: PassWork, on machine: Machine?, at utilization: Rational?,
    _ rate: MeasuredRate?, devices: Int128
  ) {
    self.tokens = tokens
    let steps = work.workload.newTokens.flatMap { try? Rational(tokens).divided(by: $0) }
    flops = work.model.constant.flatMap { step in steps.flatMap { try? step.multiplied(by: $0) } }
    var seconds: Rational?
    if let rate {
      seconds = rate.tokensPerSecond(of: work.workload).flatMap {
        try? Rational(tokens).divided(by: $0)
      }
    } else if let machine, let peak = machine.totalPeak {
      seconds = flops.flatMap { try? $0.divided(by: peak).divided(by: utilization ?? .one) }
    }
    isFloor = rate == nil && utilization == nil && machine != nil
    days = seconds.flatMap { try? $0.divided(by: Rational(86_400)) }
    deviceHours = seconds.flatMap {
      try? $0.multiplied(by: Rational(devices)).divided(by: Rational(3600))
    }
  }
}
