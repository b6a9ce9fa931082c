import Accounting
import Architecture
import JSON
import Symbolic
import Wording

/// What a pass, counted under one convention, comes to on a machine.
struct MachineReport {
  let options: MachineOptions
  let work: PassWork
  let figures: MachineFigures?
  let run: TrainingRun?
  /// FLOPs for each byte that the pass moves.
  private let intensity: Rational?

  /// - Throws: `Failure` if a figure needs more than 128 bits.
  init(_ report: PassReport, _ convention: Convention, _ options: MachineOptions) throws {
    let work = try ModelSource.blaming(report.model) {
      try PassWork(report.operations, convention)
    }
    self.options = options
    self.work = work
    intensity = report.memory.intensity
    figures = options.machine.map {
      MachineFigures(work, report.memory, on: $0, at: options.rate)
    }
    run = options.trainTokens.map {
      TrainingRun(
        tokens: $0, work, on: options.machine, at: options.share, options.rate,
        devices: options.devices)
    }
  }

  // MARK: - Texts

  /// The lines of a table: what each figure is called, and the figure.
  var lines: [(label: String, figure: String?)] {
    var lines: [(String, String?)] = []
    if let figures {
      lines += [
        ("floor of time, computing", figures.computeFloor?.duration),
        ("floor of time, memory", figures.bandwidthFloor?.duration),
        (
          "ridge point, FLOPs per byte",
          figures.bandwidthFloor == nil ? nil : figures.machine.ridge?.ratio
        ),
      ]
    }
    if let use = figures?.utilization {
      lines += [
        ("tokens a second", use.tokensPerSecond.scaled("")),
        ("time of the pass", use.seconds.duration),
        ("model FLOPs utilisation", use.model?.percent),
        ("hardware FLOPs utilisation", use.hardware?.percent),
        ("memory-bandwidth utilisation", use.bandwidth?.percent),
      ]
    }
    if let run {
      let hours = run.isFloor ? " at the peak (floor)" : ""
      lines += [
        ("training run, tokens", Quantity.short(run.tokens)),
        (
          "training run, FLOPs",
          run.flops.map { Quantity.short($0.numerator, over: $0.denominator) }
        ),
        ("  device hours\(hours)", run.deviceHours?.scaled("")),
        (
          "  days\(hours)",
          run.days.map { Quantity.decimal($0.numerator, over: $0.denominator, places: 2) }
        ),
      ]
    }
    return lines
  }

  /// The machine in words; empty where none is named.
  var machineText: String {
    guard let machine = options.machine else { return "" }
    let count = machine.devices == 1 ? "" : "\(machine.devices) devices of "
    let reading = machine.bandwidth.map { ", \($0.scaled("B/s"))" } ?? ""
    let title = machine.title.map { "\($0), " } ?? ""
    return "Machine: \(count)\(title)\(machine.peak.scaled("FLOP/s"))\(reading)"
      + (machine.devices == 1 ? ".\n" : " each.\n")
  }

  /// What to know of figures that are above what can be.
  func warnings(_ report: PassReport, _ convention: Convention) -> [String] {
    guard let use = figures?.utilization, let figures else { return [] }
    var sentences: [String] = []
    if let share = [use.model, use.hardware].compactMap(\.self).max(), share > .one {
      var reasons: [String] = []
      if let count = try? share.multiplied(by: Rational(options.devices)).ceiling {
        reasons.append(
          "the rate is of more devices than \(options.devices) (--devices \(count) or more)")
      }
      if let device = options.device, let faster = faster(device, than: figures.machine.peak, share)
      {
        reasons.append(
          "the operands were \(faster.rawValue), whose peak is higher (--compute-dtype \(faster.rawValue))"
        )
      }
      if report.workload.mask == .full, report.model.hasAttention {
        reasons.append(
          "the kernel skips what the mask hides (--mask causal, or a convention that does)")
      }
      reasons.append(
        report.workload.phase == .train
          ? "the pass was no training step, or had other tokens"
          : "the pass had other tokens, or a cache that was found")
      sentences.append(
        "\(share.percent) of the peak cannot be under convention \(convention.name). Either "
          + reasons.joined(separator: "; or ") + ".")
    }
    if let share = use.bandwidth, share > .one {
      sentences.append(
        "\(share.percent) of the bandwidth cannot be. Either the rate is of more devices than "
          + "\(options.devices); or weights or cache are stored in fewer bits (--weight-dtype, "
          + "--kv-dtype); or what is read stays in a cache of the chip.")
    }
    return sentences
  }

  /// A type of number on whose peak the share is none above one.
  private func faster(
    _ device: Device, than peak: Rational, _ share: Rational
  ) -> Device.Number? {
    guard let needed = try? peak.multiplied(by: share) else { return nil }
    return device.numbers().first { number in device.peak(number).map { $0 >= needed } ?? false }
  }

  // MARK: - JSON and CSV

  var json: [(String, JSONValue)] {
    var members: [(String, JSONValue)] = []
    if let use = figures?.utilization, let machine = figures?.machine {
      members.append(("utilization", Self.json(use, machine)))
    }
    if let figures {
      var object = JSONObject([
        ("compute_seconds", Self.number(figures.computeFloor)),
        ("bandwidth_seconds", Self.number(figures.bandwidthFloor)),
        ("ridge_point", Self.number(figures.machine.ridge)),
        ("peak", Self.number(figures.machine.peak)),
        ("bandwidth", Self.number(figures.machine.bandwidth)),
        ("devices", .integer(figures.machine.devices)),
      ])
      if let title = figures.machine.title { object["device"] = .string(title) }
      members.append(("floors", .object(object)))
    }
    if let run {
      members.append(
        (
          "training_run",
          .object([
            "tokens": .integer(run.tokens), "flops": Self.number(run.flops),
            "device_hours": Self.number(run.deviceHours), "days": Self.number(run.days),
            "is_floor": .boolean(run.isFloor),
          ])
        ))
    }
    return members
  }

  static func json(_ use: Utilization, _ machine: Machine) -> JSONValue {
    .object([
      "mfu": number(use.model), "hfu": number(use.hardware), "mbu": number(use.bandwidth),
      "tokens_per_second": number(use.tokensPerSecond), "step_seconds": number(use.seconds),
      "peak": number(machine.peak), "devices": .integer(machine.devices),
    ])
  }

  private static func number(_ value: Rational?) -> JSONValue {
    value.map { .number($0.digits) } ?? .null
  }

  /// The columns of a table of values, under the names of the JSON document.
  var cells: [(name: String, text: String)] {
    var cells: [(String, String)] = []
    func add(_ name: String, _ value: Rational?) { cells.append((name, value?.digits ?? "")) }
    if let use = figures?.utilization {
      add("utilization.mfu", use.model)
      add("utilization.hfu", use.hardware)
      add("utilization.mbu", use.bandwidth)
      add("utilization.tokens_per_second", use.tokensPerSecond)
      add("utilization.step_seconds", use.seconds)
    }
    if let figures {
      add("floors.compute_seconds", figures.computeFloor)
      add("floors.bandwidth_seconds", figures.bandwidthFloor)
      add("floors.ridge_point", figures.machine.ridge)
      add("floors.peak", figures.machine.peak)
    }
    if let run {
      cells.append(("training_run.tokens", "\(run.tokens)"))
      add("training_run.flops", run.flops)
      add("training_run.device_hours", run.deviceHours)
      add("training_run.days", run.days)
    }
    return cells
  }
}

extension Rational {
  /// A share in percent with two decimals.
  var percent: String {
    guard let scaled = try? multiplied(by: Rational(100)) else { return "-" }
    return Quantity.decimal(scaled.numerator, over: scaled.denominator, places: 2) + "%"
  }

  /// Every digit of a whole number, else nine decimals, and more below a thousandth.
  var digits: String {
    let places = self >= Rational(1) ? 6 : 15
    return Quantity.decimal(numerator, over: denominator, places: places, trimmed: true)
  }

  /// With up to three decimals and a prefix of the unit: `989 TFLOP/s`; without one, `2.05M`.
  func scaled(_ unit: String) -> String {
    let prefixes: [(Int128, String, String)] = [
      (1_000_000_000_000_000_000, "E", ""), (1_000_000_000_000_000, "P", ""),
      (1_000_000_000_000, "T", "T"), (1_000_000_000, "G", "B"), (1_000_000, "M", "M"),
      (1000, "k", "K"),
    ]
    for (scale, prefix, plain) in prefixes where self >= Rational(scale) {
      // Peaks are printed in TFLOP/s, however many.
      if unit.isEmpty ? plain.isEmpty : scale > 1_000_000_000_000 { continue }
      guard let value = try? divided(by: Rational(scale)) else { break }
      let text = Quantity.decimal(
        value.numerator, over: value.denominator, places: 3, trimmed: true)
      return unit.isEmpty ? text + plain : "\(text) \(prefix)\(unit)"
    }
    let text = Quantity.decimal(numerator, over: denominator, places: 2, trimmed: true)
    return unit.isEmpty ? text : "\(text) \(unit)"
  }

  /// A time as people read it: `12.3 ms`, `4.56 s`, `3.2 h`.
  var duration: String {
    let units: [(String, String)] = [
      ("86400", "days"), ("3600", "h"), ("60", "min"), ("1", "s"), ("1e-3", "ms"), ("1e-6", "µs"),
    ]
    for (text, unit) in units {
      guard let scale = Rational(decimal: text), self >= scale,
        // Two minutes and more; less is clearer in seconds.
        unit != "min" || self >= Rational(120), let value = try? divided(by: scale)
      else { continue }
      return Quantity.decimal(value.numerator, over: value.denominator, places: 2) + " \(unit)"
    }
    guard let value = try? multiplied(by: Rational(1_000_000_000)) else { return "0 ns" }
    return Quantity.decimal(value.numerator, over: value.denominator, places: 2) + " ns"
  }
}
