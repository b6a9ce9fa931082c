import Accounting
import Architecture
import Families
import Foundation
import Presets
import Publications
import Reference
import Symbolic
import Testing
import TestSupport
import Validation

/// Random models, changes, capacities, routings, passes and seeds execute what is computed.
///
/// `Tests/fuzz-validate.sh` runs thousands of other ones.
@Suite struct ValidationFuzzTests {
  /// One random run of `tally validate`.
  struct Case {
    var model: String
    var settings: [String: String] = [:]
    var changes: [String] = []
    var workload = Workload()
    var evidence = Evidence.kernel
    var seed: Int128

    /// The command line that does the same.
    var line: String {
      var words = ["tally validate \(model)"]
      words += settings.sorted { $0.key < $1.key }.map { "--set \($0.key)=\($0.value)" }
      words += changes.map { "--transform \($0)" }
      words += ["--phase \(workload.phase.rawValue)", "--past \(workload.past)"]
      words += ["--tokens \(workload.tokens)", "--batch \(workload.batch)"]
      words += ["--mask \(workload.mask.rawValue)", "--logits \(workload.logits.rawValue)"]
      words += ["--mla \(workload.latentForm.rawValue)", "--evidence \(evidence.rawValue)"]
      return (words + ["--seed \(seed)"]).joined(separator: " ")
    }

    init(_ number: Int, dense: [String], sparse: [String]) {
      var random = SeededGenerator(seed: UInt64(number))
      func pick<Value>(_ values: [Value]) -> Value {
        values[Int(random.next() % UInt64(values.count))]
      }
      func happens(_ percent: UInt64) -> Bool { random.next() % 100 < percent }
      let shares = ["0.01", "0.125", "0.3", "0.5", "0.9", "1"]
      seed = Int128(random.next() % 1_000_000)
      let kind = random.next() % 3
      model = pick([sparse, dense, ["mod-220m", "mode-staged", "mode-integrated"]][Int(kind)])
      let hasExperts = kind == 0 || model.hasPrefix("mode")
      if hasExperts, happens(75) {
        settings["expert_capacity_factor"] = pick([
          "0.01", "0.1", "0.5", "1", "1.25", "2", "7", "20",
        ])
        if happens(35) { settings["expert_routing"] = "expert_choice" }
      }
      if kind == 2 {
        let every = pick([1, 2, 3])
        settings["mod_every"] = "\(every)"
        settings["mod_offset"] = "\(pick(Array(0..<every)))"
        if happens(30) { settings["mlp_gated"] = "false" }
        if model != "mode-integrated" {
          settings["mod_capacity"] = pick(shares)
          if happens(50) { settings["mod_routing"] = "token_choice" }
          settings["mod_predictor"] = pick(["none", "router", "mlp"])
          if settings["mod_predictor"] == "mlp" { settings["mod_predictor_size"] = "8" }
        }
        if hasExperts {
          let experts = pick([2, 4, 8])
          let idle = model == "mode-integrated" ? pick([0, 1, 3, 8]) : nil
          settings["num_experts"] = "\(experts)"
          if let idle { settings["num_noop_experts"] = "\(idle)" }
          settings["num_experts_per_tok"] = "\(pick(Array(1...experts + (idle ?? 0))))"
        }
      } else {
        let routing = "mod=\(pick(shares))/\(pick([1, 2, 3]))"
        if kind == 1, happens(70) { changes.append("upcycle=\(pick([4, 8]))/\(pick([1, 2, 3]))") }
        if happens(60) { changes.insert(routing, at: changes.isEmpty || happens(50) ? 0 : 1) }
        let routesExperts = kind == 0 || changes.contains { $0.hasPrefix("upcycle") }
        if routesExperts, changes.contains(routing), happens(50) {
          changes.append(pick(["mode=staged", "mode=integrated"]))
        }
        if !changes.contains(routing), happens(60) {
          changes.append(
            pick([
              "mod=0.3/2/attention_map", "mod=1..0/2/both/cosine/mean:0.4", "skip=0.5/always",
              "skip=0.7/exponential/always", "exit=0.05/0:0.5", "recursion=2/cycle/token_choice",
              "recursion=2/cycle/token_choice/sigmoid/shared", "recursion=2/sequence/shared",
              "recursion=2/cycle/expert_choice/shared", "recursion=2/cycle/expert_choice",
            ]))
        }
        if routesExperts, happens(30) { changes.append(pick(["segment=2", "shared=1"])) }
      }
      workload.phase = happens(40) ? .decode : .prefill
      workload.tokens = workload.phase == .decode ? 1 : pick([1, 2, 5, 17, 33])
      workload.past = pick([0, 0, 1, 7, 40])
      workload.batch = pick([1, 1, 2, 3, 5])
      workload.mask = pick([.full, .causal])
      workload.logits = pick([.all, .all, .last])
      workload.latentForm = pick([.reexpanded, .expanded, .absorbed])
      // The literal form takes long, and other tests hold it next to this one.
      evidence = workload.tokens * workload.batch <= 6 && happens(20) ? .literal : .kernel
    }

    /// Runs the case; nil where the model, the change or the run is refused.
    func run() throws -> Validation? {
      let preset = try #require(Catalog.preset(named: model))
      do {
        let small = try Families.Description(overrides: settings).reduced(
          from: preset.configuration, named: model, positions: workload.tokens + workload.past)
        let changed = try changes.reduce(small.model) {
          try $0.transformed(by: try Transformation(parsing: $1))
        }
        var options = Validation.Settings()
        options.evidence = evidence
        options.seed = UInt64(seed)
        return try Validation(changed, workload, options)
      } catch is DescriptionError {
        return nil
      } catch is ExecutionError {
        return nil
      }
    }
  }

  /// The number of cases, and the number of the first: other ones by `TALLY_FUZZ=first,count`.
  static let cases: Range<Int> = {
    let words = (ProcessInfo.processInfo.environment["TALLY_FUZZ"] ?? "").split(separator: ",")
      .compactMap { Int($0) }
    return words.count == 2 ? words[0]..<words[0] + words[1] : 0..<200
  }()

  @Test("Random runs hold, and what they execute lies within the bounds")
  func random() throws {
    let names = Catalog.names.filter { !["mod", "mode"].contains($0.prefix { $0 != "-" }) }
    let sparse = try names.filter {
      try #require(Catalog.preset(named: $0)).model([:]).hasExperts
    }
    let dense = names.filter { !sparse.contains($0) }
    var (executed, decided) = (0, 0)
    for number in Self.cases {
      let random = Case(number, dense: dense, sparse: sparse)
      guard let validation = try random.run() else { continue }
      executed += 1
      #expect(validation.holds, "\(random.line)")
      for row in validation.comparison.rows {
        guard let bounds = row.bounds else { continue }
        decided += 1
        #expect(bounds.contains(row.analytic), "\(row.path): \(random.line)")
      }
    }
    #expect(2 * executed > Self.cases.count)
    #expect(decided > 10 * Self.cases.count)
  }
}
