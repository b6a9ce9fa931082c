package import Accounting
package import Architecture
import Reference
import Symbolic

/// Measured times of a ladder of passes against their computed FLOPs, and the line through them.
package struct TimingLadder: Sendable {
  /// What is varied along a rung.
  package enum Rung: String, Sendable {
    case length
    case capacity
    case experts
  }

  /// One measured pass.
  package struct Point: Sendable {
    /// What is varied.
    package let rung: Rung
    /// What it has, as `T = 256` or `κ = 1/2`.
    package let label: String
    /// The pass.
    package let workload: Workload
    /// The FLOPs that the executor counted.
    package let flops: Double
    /// The shortest of the times that were measured.
    package let seconds: Double
  }

  /// The measured passes.
  package let points: [Point]
  /// The line through them: seconds over FLOPs.
  package let fit: LineFit

  /// Runs every pass of the ladder several times, one after the other, and checks its counts.
  ///
  /// - Throws: `ExecutionError`, `DescriptionError`, `TimingLadder.Failure` for a count that differs.
  package init(
    _ model: Model, _ workload: Workload, _ settings: Validation.Settings, repeats: Int,
    progress: @escaping (Double) -> Void
  ) throws {
    let rungs = Self.rungs(model, workload)
    var shortest = [Double](repeating: .infinity, count: rungs.count)
    var flops = [Double](repeating: 0, count: rungs.count)
    // The machine's speed drifts: every round measures all of them.
    for round in 0...repeats {
      for (index, rung) in rungs.enumerated() {
        let preparation = try Preparation(rung.model, rung.workload, settings)
        let (done, all) = (Double(round * rungs.count + index), (repeats + 1) * rungs.count)
        let validation = try Validation(preparation, isWarm: true) { share in
          progress((done + share) / Double(all))
        }
        guard validation.holds else { throw Failure(label: rung.label) }
        flops[index] = Double(validation.comparison.measuredFLOPs)
        if round > 0 { shortest[index] = min(shortest[index], validation.seconds) }
      }
    }
    points = rungs.indices.map { index in
      Point(
        rung: rungs[index].rung, label: rungs[index].label,
        workload: rungs[index].workload, flops: flops[index],
        seconds: shortest[index])
    }
    fit = LineFit(points.map { (x: $0.flops, y: $0.seconds) })
  }

  /// The passes that a ladder of a model measures.
  package static func passes(
    _ model: Model, _ workload: Workload
  ) -> [(model: Model, workload: Workload)] {
    rungs(model, workload).map { ($0.model, $0.workload) }
  }

  /// A count of the ladder differs, so that its times mean nothing.
  package struct Failure: Error {
    /// The pass whose count differs.
    package let label: String
  }

  private struct Step {
    var rung: Rung
    var label: String
    var model: Model
    var workload: Workload
  }

  private static func rungs(_ model: Model, _ workload: Workload) -> [Step] {
    var steps: [Step] = []
    for share in [Int128(8), 4, 2] where workload.phase == .prefill {
      guard workload.tokens / share > 0 else { continue }
      var shorter = workload
      shorter.tokens = workload.tokens / share
      steps.append(
        Step(rung: .length, label: "T = \(shorter.tokens)", model: model, workload: shorter))
    }
    steps.append(
      Step(rung: .length, label: "T = \(workload.tokens)", model: model, workload: workload))
    // While sampling each token decides for itself, whatever the capacity.
    if workload.phase == .prefill, model.groups.contains(where: \.layer.isConditional) {
      for divisor in [Int128(1), 2, 4, 8] {
        guard let capacity = try? Rational(1, over: divisor) else { continue }
        steps.append(
          Step(
            rung: .capacity, label: "κ = \(capacity)",
            model: model.changingLayers { layer in
              for index in layer.conditions.indices {
                layer.conditions[index].router.capacity = Formula(capacity)
              }
            },
            workload: workload))
      }
    }
    if let experts = model.fewestExperts {
      for active in [Int128(1), 2, 4, 8] where active <= experts {
        steps.append(
          Step(
            rung: .experts, label: "K = \(active)",
            model: model.changingMixtures { $0.active = Formula(active) }, workload: workload))
      }
    }
    return steps
  }
}

extension Model {
  /// The same model with every layer changed.
  fileprivate func changingLayers(_ change: (inout Layer) -> Void) -> Model {
    var copy = self
    for index in copy.groups.indices { change(&copy.groups[index].layer) }
    return copy
  }

  /// The same model with every mixture of experts changed.
  fileprivate func changingMixtures(_ change: (inout MixtureOfExperts) -> Void) -> Model {
    changingLayers { layer in
      for block in layer.blocks.indices {
        for branch in layer.blocks[block].branches.indices {
          guard
            case .mixtureOfExperts(var mixture) = layer.blocks[block].branches[branch].module
          else { continue }
          change(&mixture)
          layer.blocks[block].branches[branch].module = .mixtureOfExperts(mixture)
        }
      }
    }
  }

  /// The experts of the layer that has the fewest, where tokens choose among them.
  fileprivate var fewestExperts: Int128? {
    groups.flatMap(\.layer.branches).compactMap { branch in
      guard case .mixtureOfExperts(let mixture) = branch.module,
        mixture.router.rule != .expertChoice,
        !mixture.runsEveryExpert
      else { return nil }
      return mixture.experts.evaluated(in: values).wholeConstant
    }.min()
  }
}
