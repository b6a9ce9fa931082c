import Accounting
import JSON
import Symbolic

extension SlotsFilled {
  var json: JSONValue {
    var object = JSONObject([
      ("layers", layers.json), ("chosen", chosen.json), ("computed", computed.json),
      ("filled", .object(["least": least.json, "expected": expected.json, "most": most.json])),
    ])
    if let places {
      object["places"] = places.json
      object["dropped"] = dropped.json
    }
    if let ofOneToken {
      object["experts_of_one_token"] = .object([
        "least": ofOneToken.least.json, "expected": ofOneToken.expected.json,
        "most": ofOneToken.most.json,
      ])
    }
    return .object(object)
  }

  /// What a table says of it, in a sentence for each thing.
  var note: String {
    var sentences: [String] = []
    if places != nil {
      let share = Self.share(dropped, of: chosen).map { " (\($0))" } ?? ""
      sentences.append(
        "Of \(chosen.short) choices of experts in a layer \(expected.short) find a slot if tokens "
          + "choose evenly, and \(dropped.short)\(share) are dropped; \(computed.short) rows are "
          + "computed.")
    }
    if let ofOneToken {
      sentences.append(
        "Of the experts of a token \(ofOneToken.least.short) to \(ofOneToken.most.short) compute, "
          + "\(ofOneToken.expected.short) expected if it chooses evenly.")
    }
    return sentences.joined(separator: " ")
  }

  private static func share(_ part: Evaluated, of whole: Evaluated) -> String? {
    guard let part = part.constant, let whole = whole.constant, whole > .zero,
      let share = try? part.divided(by: whole).multiplied(by: Rational(1000))
        .adding(try Rational(1, over: 2))
    else { return nil }
    let tenths = share.floor
    return "\(tenths / 10).\(tenths % 10) %"
  }
}
