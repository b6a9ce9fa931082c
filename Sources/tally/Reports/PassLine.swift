import Accounting
import Architecture
import Sweeping

/// Which pass the figures of a table or a chart are of, in a line.
enum PassLine {
  /// `prefill of 2048 tokens, batch 1, full mask, convention exact`.
  ///
  /// - Parameters:
  ///   - request: What was asked of the pass; what was left to the default has its value here.
  ///   - convention: Whose way of counting, unless each has its own line.
  ///   - axes: The keys that vary, whose one value would mislead.
  /// - Returns: The words, without a full stop.
  static func text(
    _ request: WorkloadRequest, _ convention: Convention? = nil, besides axes: Set<String> = []
  ) -> String {
    var words: [String] = []
    func add(_ key: String, _ text: String) {
      if !axes.contains(key) { words.append(text) }
    }
    let tokens = (try? request.workload())?.tokens ?? request.tokens ?? 0
    let packed = request.packed.isEmpty ? "" : " in \(request.packed.count) packed sequences"
    let name = axes.contains("phase") ? "pass" : request.phase.words
    let count = axes.contains("tokens") ? "" : " of \(tokens) token\(tokens == 1 ? "" : "s")"
    let past = request.past == 0 || axes.contains("past") ? "" : " after \(request.past)"
    words.append("\(name)\(count)\(axes.contains("tokens") ? "" : packed)\(past)")
    if request.generated > 0, !axes.contains("generate") {
      words.append("then \(request.generated) decoded one by one")
    }
    add("batch", "batch \(request.batch)")
    add("mask", "\(request.mask.rawValue) mask")
    if request.logits == .last { add("logits", "logits of the last position") }
    if request.latentForm != .reexpanded {
      add("mla", "latent attention \(request.latentForm.rawValue)")
    }
    if request.recompute != .none {
      add("recompute", "\(request.recompute.rawValue) recomputation")
    }
    if let convention { add("convention", "convention \(convention.name)") }
    return words.joined(separator: ", ")
  }

  /// The same of a sweep, without what varies in it.
  static func text(_ sweep: Sweep) -> String {
    text(
      sweep.subject.request, sweep.subject.convention,
      besides: Set(sweep.grid.axes.map(\.key) + (sweep.hold.map { [$0.key] } ?? [])))
  }

  /// The pass of reports, and how far their counts are settled.
  static func text(_ reports: [PassReport], _ convention: Convention?) -> String {
    guard let first = reports.first else { return "" }
    let kinds = Set(reports.map(\.exactness))
    let settled =
      kinds.count == 1
      ? first.exactness.rawValue
      : reports.map { "\($0.model.name) \($0.exactness.rawValue)" }
        .joined(separator: ", ")
    return "Pass: \(text(WorkloadRequest(first.workload), convention)). Counts: \(settled).\n"
  }
}

extension Workload.Phase {
  fileprivate var words: String {
    switch self {
    case .prefill: "prefill"
    case .decode: "decode"
    case .train: "training step"
    }
  }
}

extension WorkloadRequest {
  /// The options that would request this pass.
  fileprivate init(_ workload: Workload) {
    self.init()
    phase = workload.phase
    (batch, tokens, past) = (workload.batch, workload.tokens, workload.past)
    packed = workload.packed
    generated = workload.generated
    (mask, logits) = (workload.mask, workload.logits)
    (latentForm, recompute) = (workload.latentForm, workload.recompute)
  }
}
