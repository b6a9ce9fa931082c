import Accounting
import Architecture
import Arguments
import Symbolic
import Wording

/// The options that name a machine, and how fast a pass ran on it.
struct MachineOptions {
  static let device = Parameter<String?>.text(
    "device", "NAME", help: "What computes: h100, a100, mi300x … ('tally devices' lists them).",
    complaint: { word in
      guard Device.named(word) == nil else { return nil }
      return nearestWord(to: word, among: Device.words).map { "a device, such as \($0)" }
        ?? "a device, as h100 or mi300x; 'tally devices' lists them, --peak takes any other"
    }
  ).known(as: "gpu", "accelerator", "hardware", "gpu-type")
  static let peak = Parameter<String?>.text(
    "peak", "FLOPS", help: "FLOPs a second of one device, as in 312e12, where it is not listed.",
    complaint: positive)
  static let bandwidth = Parameter<String?>.text(
    "bandwidth", "BYTES", help: "Bytes a second that one device reads, as in 3.35e12.",
    complaint: positiveBytes
  ).known(as: "memory-bandwidth", "hbm-bandwidth")
  static let devices = Parameter<Int128?>.whole(
    "devices", "N", least: 1, most: 1 << 40, help: "How many devices there are. Default: 1."
  ).known(as: "gpus", "num-gpus", "num-devices", "n-gpus", "world-size", "ngpus")
  static let number = Parameter<String?>.text(
    "compute-dtype", "TYPE",
    help: "The number format of the products, for the peak: bf16 unless the device has none.",
    complaint: { word in
      Device.Number(rawValue: word) == nil
        ? "one of \(Device.Number.allCases.map(\.rawValue).joined(separator: ", "))" : nil
    }
  ).known(as: "math-dtype", "peak-dtype", "compute-type")
  static let sparse = Parameter<Bool>.flag(
    "sparse", help: "The peak where half of the weights are zero, and not the dense one.")
  static let stepTime = Parameter<String?>.text(
    "step-time", "SECONDS", help: "How long the pass took on all devices: 0.755, or 755ms.",
    complaint: { seconds($0) == nil ? "a time above 0 in seconds, as 0.755, or 755ms" : nil }
  ).known(as: "iteration-time", "iter-time", "time", "seconds", "latency")
  static let tokensPerSecond = Parameter<String?>.text(
    "tokens-per-second", "R", help: "Tokens a second of all devices together.",
    complaint: positive
  ).known(as: "tps", "throughput", "tok-per-sec", "tok-s", "tokens-per-sec")
  static let trainTokens = Parameter<Int128?>.whole(
    "train-tokens", "N", least: 1,
    help: "Tokens of a whole training run, as 15T: its FLOPs, device hours and days."
  ).known(as: "training-tokens", "dataset-tokens", "total-tokens")
  static let utilization = Parameter<String?>.text(
    "mfu", "SHARE",
    help: "The share of the peak that the run is expected to use, as 40% or 0.4.",
    complaint: { share($0) == nil ? "a share above 0 and up to 1, as 40% or 0.4" : nil }
  ).known(as: "utilization", "utilisation", "efficiency", "model-flops-utilization")

  static let declarations = [
    device.declaration, peak.declaration, bandwidth.declaration, number.declaration,
    sparse.declaration, devices.declaration, stepTime.declaration, tokensPerSecond.declaration,
    trainTokens.declaration, utilization.declaration,
  ]

  /// What computes, if something is named.
  let machine: Machine?
  /// Its entry in the list, if it has one.
  let device: Device?
  let devices: Int128
  let rate: MeasuredRate?
  let trainTokens: Int128?
  let share: Rational?

  /// The options, or nil if none is given.
  ///
  /// - Throws: `UsageError` for one that needs another, or that contradicts it.
  init?(_ arguments: Arguments) throws {
    guard let first = Self.declarations.first(where: { arguments.has($0) }) else { return nil }
    func needs(_ one: Declaration, _ other: String, unless isThere: Bool) throws {
      if arguments.has(one), !isThere {
        throw UsageError.missing("\(other), which \(one.label) needs,")
      }
    }
    func contradict(_ one: Declaration, _ other: Declaration, _ advice: String) throws {
      if arguments.has(one), arguments.has(other) {
        throw UsageError.contradiction(one.label, other.label, advice: advice)
      }
    }
    try contradict(
      Self.device.declaration, Self.peak.declaration, "A device has its peak; leave one out.")
    try contradict(
      Self.stepTime.declaration, Self.tokensPerSecond.declaration,
      "Either says how fast it ran; leave one out.")
    for rate in [Self.stepTime.declaration, Self.tokensPerSecond.declaration] {
      try contradict(
        Self.utilization.declaration, rate, "The utilisation follows from a rate; leave one out.")
    }
    for option in [Self.sparse.declaration, Self.number.declaration] {
      try needs(option, "--device", unless: arguments.has(Self.device.declaration))
    }
    let hasMachine =
      arguments.has(Self.device.declaration) || arguments.has(Self.peak.declaration)
    try needs(Self.bandwidth.declaration, "--device or --peak", unless: hasMachine)
    try needs(
      Self.utilization.declaration, "--train-tokens",
      unless: arguments.has(Self.trainTokens.declaration))
    try needs(Self.utilization.declaration, "--device or --peak", unless: hasMachine)
    let hasRate =
      arguments.has(Self.stepTime.declaration) || arguments.has(Self.tokensPerSecond.declaration)
    // How long a run takes follows from a rate without a peak.
    if !hasMachine, !arguments.has(Self.trainTokens.declaration) {
      throw UsageError.missing("--device or --peak, which \(first.label) needs,")
    }
    if !hasMachine, !hasRate {
      try needs(Self.devices.declaration, "--device or --peak", unless: false)
    }
    devices = arguments[Self.devices] ?? 1
    device = arguments[Self.device].flatMap { Device.named($0) }
    rate =
      arguments[Self.stepTime].flatMap { Self.seconds($0) }.map { .secondsPerPass($0) }
      ?? arguments[Self.tokensPerSecond].flatMap { Rational(written: $0) }
      .map { .tokensPerSecond($0) }
    trainTokens = arguments[Self.trainTokens]
    share = arguments[Self.utilization].flatMap { Self.share($0) }
    let bandwidth = arguments[Self.bandwidth].flatMap { Rational(written: $0, inBytes: true) }
    if let device {
      let isSparse = arguments[Self.sparse]
      let (number, peak) = try Self.peak(
        device, arguments[Self.number].flatMap { Device.Number(rawValue: $0) }, isSparse)
      machine = Machine(
        title: "\(device.title), \(number.rawValue) \(isSparse ? "sparse" : "dense")", peak: peak,
        bandwidth: bandwidth ?? device.bandwidth, devices: devices)
    } else if let peak = arguments[Self.peak].flatMap({ Rational(written: $0) }) {
      machine = Machine(peak: peak, bandwidth: bandwidth, devices: devices)
    } else {
      machine = nil
    }
  }

  /// - Throws: `UsageError` for a type that the device's entry does not have.
  private static func peak(
    _ device: Device, _ asked: Device.Number?, _ isSparse: Bool
  ) throws -> (Device.Number, Rational) {
    let numbers = device.numbers(isSparse: isSparse)
    if let number = asked ?? device.usualNumber,
      let peak = device.peak(number, isSparse: isSparse)
    {
      return (number, peak)
    }
    guard !numbers.isEmpty else {
      if isSparse {
        throw UsageError.contradiction(
          "--sparse", "--device \(device.name)",
          advice: "No sparse peak of it is known; leave --sparse out.")
      }
      let reading = device.bandwidth.map { " with --bandwidth, \($0.scaled("B/s"))" } ?? ""
      throw UsageError.invalid(
        label: "--device", value: device.name,
        expected: "a device whose peak is known; of this one it is not, so give --peak\(reading)")
    }
    throw UsageError.invalid(
      label: number.declaration.label, value: asked?.rawValue ?? "bf16",
      expected:
        "one of \(numbers.map(\.rawValue).joined(separator: ", ")), which \(device.name) has"
        + (isSparse ? " sparse" : ""))
  }

  // MARK: - Numbers

  private static func positive(_ text: String) -> String? {
    guard let value = Rational(written: text), value > .zero else {
      return "a number above 0, as in 312e12 or 312T"
    }
    return nil
  }

  private static func positiveBytes(_ text: String) -> String? {
    guard let value = Rational(written: text, inBytes: true), value > .zero else {
      return "bytes a second above 0, as in 3.35e12 or 3.35TB"
    }
    return nil
  }

  private static let times: [(unit: String, scale: String)] = [
    ("ms", "1e-3"), ("us", "1e-6"), ("min", "60"), ("h", "3600"), ("s", "1"), ("", "1"),
  ]

  /// Seconds, as `0.755`, `755ms`, `1.2s` or `3min`.
  static func seconds(_ text: String) -> Rational? {
    for (unit, scale) in times where text.hasSuffix(unit) {
      guard let number = Rational(decimal: text.dropLast(unit.count)), number > .zero,
        let scale = Rational(decimal: scale)
      else { return nil }
      return try? number.multiplied(by: scale)
    }
    return nil
  }

  /// A share, as `0.4` or `40%`.
  static func share(_ text: String) -> Rational? {
    let isPercent = text.hasSuffix("%")
    guard let number = Rational(decimal: isPercent ? text.dropLast() : text[...]),
      let share = isPercent ? try? number.divided(by: Rational(100)) : number,
      share > .zero, share <= .one
    else { return nil }
    return share
  }
}
