import Accounting
import Architecture
import Families
import JSON
import Presets
import Reference
import Testing
import Validation

/// What the executor counts while it runs is what the formulas say.
@Suite struct ExecutorTests {
  static let names = Catalog.names

  static func model(_ name: String) throws -> Model {
    let preset = try #require(Catalog.preset(named: name))
    return try Description().reduced(
      from: preset.configuration, named: name, positions: 64
    ).model
  }

  @Test("Every preset, reduced, executes what is computed", arguments: names)
  func presets(_ name: String) throws {
    let model = try Self.model(name)
    var workload = Workload()
    workload.tokens = 20
    var settings = Validation.Settings()
    settings.evidence = .literal
    let validation = try Validation(model, workload, settings)
    #expect(validation.comparison.mismatches.isEmpty)
    #expect(validation.parameters.analytic == validation.parameters.allocated)
  }
}
