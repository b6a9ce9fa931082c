import Architecture
import Charts
import Reference

/// A drawing of what the routers chose, with panels for each domain.
///
/// It has the share of each expert beside the even one, and the tokens that entered each layer that
/// lets some in.
struct RoutingMap {
  let runs: [RunReport]

  var svg: String {
    let loads = ExpertLoads(runs)
    let charts = loads.charts(runs.map(said)) + runs.compactMap(entered)
    return ChartSheet(title: "What the routers chose", charts: charts).svg
  }

  private func said(_ run: RunReport) -> String { "\(run.model.name), \(run.size)" }

  /// Which tokens of a sequence entered each layer, and which passed by.
  private func entered(_ run: RunReport) -> Chart? {
    let layers = run.routing.compactMap { choice -> (name: String, positions: Set<Int>)? in
      guard case .tokens(let sequences) = choice.choice else { return nil }
      let (layer, name) = run.place(choice.path)
      return (layer.map { "\($0)" } ?? name, Set(sequences.joined()))
    }
    guard !layers.isEmpty else { return nil }
    return Chart(
      title: "Tokens that entered each layer" + (run.domain.map { ", \($0)" } ?? ""),
      subtitle: said(run), kind: .heatMap,
      x: Chart.Axis(label: "position", categories: run.tokens.indices.map { "\($0)" }),
      y: Chart.Axis(label: "layer", categories: layers.map(\.name)),
      cells: layers.map { layer in
        run.tokens.indices.map { layer.positions.contains($0) ? 1 : 0 }
      }, colorAxis: Chart.Axis(label: "1 entered, 0 passed by"))
  }
}
