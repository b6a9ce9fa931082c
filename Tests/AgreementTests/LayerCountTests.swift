import Accounting
import Architecture
import Presets
import Publications
import Testing

/// The names of layers of one kind, where a model has several kinds.
@Suite struct LayerCountTests {
  @Test("A number of layers is said to be of the layers that it counts")
  func layerCounts() throws {
    func meanings(_ name: String) throws -> [String] {
      let model = try #require(Catalog.preset(named: name)).model()
      return OperationLedger(model, Workload()).layerCounts.map(\.meaning)
    }
    #expect(
      try meanings("gemma2-9b")
        == ["layers with attention over a window", "layers with attention over all positions"])
    #expect(
      try meanings("mod-220m")
        == ["layers with attention, without a depth router", "layers with a depth router"])
    #expect(
      try meanings("jamba-v0.1").filter { $0.contains("attention") } == ["layers with attention"])
  }
}
