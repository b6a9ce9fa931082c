import Architecture
import JSON

extension Keys {
  /// What `per_layer_config` says about each layer, by index; nil where the key is absent or null.
  ///
  /// `save_pretrained` pads the indices with zeros, so that they are read as numbers.
  ///
  /// - `known`: the keys that the family understands there.
  /// - Throws: `DescriptionError` for what is no index of a layer, and for a key that is not known.
  func perLayerConfig(known: Set<String>) throws -> [Int: JSONObject]? {
    let key = "per_layer_config"
    guard let entries = try object(key) else { return nil }
    let count = try listedLayerCount()
    var result: [Int: JSONObject] = [:]
    for name in entries.keys {
      guard let index = Int(name), (0..<count).contains(index) else {
        throw DescriptionError.unsupported(
          key: "\(key).\(name)", found: "no layer", supported: "0 to \(count - 1)")
      }
      guard let own = entries[name]?.object else {
        throw DescriptionError.wrongType(
          key: "\(key).\(name)", found: (entries[name] ?? .null).kind, expected: "an object")
      }
      for inner in own.keys where !known.contains(inner) {
        throw DescriptionError.unsupported(
          key: "\(key).\(name)", found: inner, supported: known.sorted().joined(separator: ", "))
      }
      result[index] = own
    }
    return result
  }

  /// A size that `per_layer_config` gives to one layer, or nil.
  func perLayerSize(_ own: JSONObject, _ key: String) throws -> Int128? {
    guard let value = own[key], value != .null else { return nil }
    guard let number = value.integer, number > 0 else {
      throw DescriptionError.notASize(key: "per_layer_config.\(key)", found: value.line)
    }
    return number
  }
}
