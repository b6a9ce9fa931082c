import Accounting
import Architecture
import Charts
import Reference
import Symbolic
import Wording

/// How the tokens of each domain spread over the experts of each layer.
struct ExpertLoads {
  /// One layer with experts.
  struct Layer {
    /// Its number, or its path where it has none.
    let name: String
    /// For each domain, how many tokens each expert took.
    var counts: [[Int]]
  }

  let domains: [String]
  let layers: [Layer]

  /// The runs are those of one model.
  init(_ runs: [RunReport]) {
    domains = runs.map { $0.domain ?? "" }
    var layers: [Layer] = []
    let width = runs.first?.model.mostExperts ?? 0
    for (domain, run) in runs.enumerated() {
      var place = 0
      for choice in run.routing {
        guard case .experts(let chosen) = choice.choice else { continue }
        // No token may have chosen the last experts; the description says how many there are.
        var counts = [Int](repeating: 0, count: width)
        for expert in chosen.joined() {
          while counts.count <= expert { counts.append(0) }
          counts[expert] += 1
        }
        if domain == 0 {
          let (layer, name) = run.place(choice.path)
          layers.append(Layer(name: layer.map { "\($0)" } ?? name, counts: []))
        }
        layers[place].counts.append(counts)
        place += 1
      }
    }
    self.layers = layers
  }

  /// The share of each expert in what the tokens of a domain have chosen, from 0 to 1.
  private static func shares(_ counts: [Int]) -> [Double] {
    let total = counts.reduce(0, +)
    return counts.map { total == 0 ? 0 : Double($0) / Double(total) }
  }

  /// How many tokens of each domain each expert of each layer took, and its share.
  var table: Table? {
    guard !layers.isEmpty else { return nil }
    return Table(
      heading: ["layer", "expert"] + domains,
      rows: layers.flatMap { layer in
        (layer.counts.first ?? []).indices.map { expert in
          [layer.name, "\(expert)"]
            + layer.counts.map { counts in
              let total = counts.reduce(0, +)
              guard expert < counts.count, total > 0 else { return "-" }
              let percent = Quantity.decimal(
                100 * Int128(counts[expert]), over: Int128(total), places: 1)
              return "\(counts[expert]) (\(percent) %)"
            }
        }
      }, alignments: [.right, .right] + domains.map { _ in .right }, labelColumns: 2)
  }

  /// For each domain the share of each expert of each layer, beside the even share.
  func charts(_ said: [String]) -> [Chart] {
    guard !layers.isEmpty else { return [] }
    return domains.indices.map { domain in
      let title =
        "Share of each expert" + (domains[domain].isEmpty ? "" : ", \(domains[domain])")
      let experts = layers.map { $0.counts[domain].count }.max() ?? 0
      let even = experts == 0 ? 0 : 1 / Double(experts)
      let shares = layers.map { Self.shares($0.counts[domain]) }
      var x = Chart.Axis(label: "expert", categories: (0..<experts).map { "\($0)" })
      // Points of more layers cannot be told apart.
      guard layers.count <= 8, experts <= 64 else {
        return Chart(
          title: title, subtitle: said[domain], kind: .heatMap, x: x,
          y: Chart.Axis(label: "layer", categories: layers.map(\.name)),
          cells: shares.map { $0.map { even == 0 ? 0 : $0 / even } },
          colorAxis: Chart.Axis(label: "times the even share 1/\(experts)"))
      }
      x.isLogarithmic = false
      var y = Chart.Axis(label: "share of the choices", unit: "%", isLogarithmic: false)
      y.startsAtZero = true
      let line = Chart.Series(
        name: "even share 1/\(experts)",
        points: (0..<experts).map { Chart.Point(x: Double($0), y: even * 100) }, isJoined: true)
      return Chart(
        title: title, subtitle: said[domain], kind: .line, x: x, y: y,
        series: zip(layers, shares).map { layer, shares in
          Chart.Series(
            name: "layer \(layer.name)",
            points: shares.enumerated().map { expert, share in
              Chart.Point(
                x: Double(expert), y: share * 100,
                label: "layer \(layer.name), expert \(expert): \(layer.counts[domain][expert])")
            }, isJoined: false)
        } + [line])
    }
  }
}

extension Model {
  /// The most experts that a layer has.
  fileprivate var mostExperts: Int {
    groups.flatMap(\.layer.branches).compactMap { branch in
      guard case .mixtureOfExperts(let mixture) = branch.module else { return nil }
      return (try? ParameterReport(self).ledger.value(mixture.scored, "The experts"))?
        .wholeConstant.flatMap { Int(exactly: $0) }
    }.max() ?? 0
  }
}
