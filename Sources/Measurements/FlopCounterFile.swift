package import JSON
import Symbolic

extension MeasuredCounts {
  /// Reads `{module: {operation: count}}`, as `FlopCounterMode.get_flop_counts()` of torch has it.
  ///
  /// The entry `Global` is the whole run; where it is missing, the outermost modules are added up.
  ///
  /// - Source: torch 2.15, `torch/utils/flop_counter.py`.
  /// - Throws: `MeasurementError`.
  package init(flopCounter object: JSONObject) throws(MeasurementError) {
    var modules: [Module] = []
    for name in object.keys {
      guard let counts = object[name]?.object else {
        throw MeasurementError(
          "'\(name)' holds \(object[name]?.kind ?? "nothing"), and no counts of operations. "
            + "\(Self.flopCounterForm)")
      }
      var sum = Rational.zero
      for operation in counts.keys {
        guard let count = counts[operation]?.integer, count >= 0,
          let next = try? sum.adding(Rational(count))
        else {
          throw MeasurementError(
            "'\(name)' has \(counts[operation]?.kind ?? "nothing") for '\(operation)', and no "
              + "count of operations. \(Self.flopCounterForm)")
        }
        sum = next
      }
      modules.append(Module(path: name == "Global" ? [] : Self.names(name), count: sum))
    }
    guard !modules.isEmpty else {
      throw MeasurementError("It names no module. \(Self.flopCounterForm)")
    }
    self.init(kind: .flopCounter, modules: modules)
  }

  private static func names(_ path: String) -> [String] {
    path.split(separator: ".").map(String.init)
  }

  private static let flopCounterForm =
    "Write what get_flop_counts() returns, as 'tally help validate' shows."
}
