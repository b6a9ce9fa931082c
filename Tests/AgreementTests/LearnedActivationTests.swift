import Accounting
import Architecture
import Families
import Foundation
import JSON
import Symbolic
import Testing

/// Activation functions with parameters of their own, against the classes of `transformers`.
///
/// The totals are made by `Tests/Oracle/activations.py`.
@Suite struct LearnedActivationTests {
  @Test("A type has the parameters that its class has, or says that they are not described")
  func totals() throws {
    let text = try String(
      contentsOf: OracleTests.folder.appending(path: "activations.json"), encoding: .utf8)
    let types = try #require(try JSONValue(parsing: text).object)
    var equal = 0
    for type in types.keys {
      let base = try #require(types[type]?["config"]?.object)
      let totals = try #require(types[type]?["totals"]?.object)
      for key in totals.keys {
        for function in ["xielu", "prelu"] {
          var configuration = base
          configuration[key] = .string(function)
          do {
            let model = try Families.Description().model(from: configuration, named: type)
            let total = try ParameterReport(model).total.wholeConstant
            #expect(total == totals[key]?[function]?.integer, "\(type), \(key) = \(function)")
            equal += 1
          } catch let error as DescriptionError {
            guard case .unsupported(_, let found, _) = error else { throw error }
            #expect(found.contains(function), "\(type): \(error)")
          }
        }
      }
    }
    #expect(equal >= 100)
  }
}
