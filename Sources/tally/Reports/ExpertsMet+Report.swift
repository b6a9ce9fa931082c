import Accounting
import JSON
import Validation

extension ExpertsMet {
  /// Whether a reader sees that it is open how many are met.
  var isOpen: Bool { expected.short != most.short }

  var json: JSONValue {
    var object = JSONObject([
      ("layers", layers.json), ("experts", experts.json), ("least", least.json),
      ("expected", expected.json), ("most", most.json),
    ])
    if let within { object["within"] = within.json }
    return .object(object)
  }
}

extension MeasuredExperts {
  var json: JSONValue {
    .object([
      "path": .string(path), "measured": .integer(measured), "least": analytic.least.json,
      "expected": analytic.expected.json, "most": analytic.most.json,
    ])
  }
}
