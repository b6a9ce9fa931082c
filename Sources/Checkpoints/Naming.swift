/// How the names of a description become those of a checkpoint.
struct Naming {
  let tensors: [String: StoredTensor]
  /// The name of the wrapped model, as the description has it, with its dot.
  let base: String
  /// The same as the files have it.
  let found: String

  /// Whether some tensor has the name of packed weights.
  private let isPacked: Bool

  /// Words for the feed-forward part of a layer, any of which may stand for another.
  private static let blocks = ["mlp", "block_sparse_moe", "feed_forward"]

  init(_ wanted: [WantedTensor], _ checkpoint: Checkpoint, _ frame: Resolution.Frame) {
    tensors = checkpoint.tensors
    isPacked = tensors.keys.contains { Packing.isName($0) }
    let base = frame.base.isEmpty ? "" : "\(frame.base)."
    self.base = base
    // A few tensors show how the files call the model: by what stands before the rest of a name.
    let inside = wanted.filter { $0.expert == nil && $0.name.hasPrefix(frame.layersPath) }
    let probes = stride(from: 0, to: inside.count, by: max(1, inside.count / 8)).map {
      String(inside[$0].name.dropFirst(base.count))
    }
    var votes: [String: Int] = [base: 1]
    for probe in probes {
      for name in tensors.keys where name == probe || name.hasSuffix(".\(probe)") {
        let start = String(name.dropLast(probe.count))
        votes[start, default: 0] += start == base ? 2 : 1
      }
    }
    found = votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? base
  }

  /// A name inside the wrapped model as the files have it; another name stays.
  func translated(_ name: String) -> String {
    name.hasPrefix(base) ? found + name.dropFirst(base.count) : name
  }

  /// The names that a tensor may have in the files, the likeliest first.
  func names(_ name: String) -> [String] {
    var names = [translated(name)]
    if !name.hasPrefix(base) {
      // A head stands beside the wrapped model, inside whatever holds both.
      let outer = found.hasSuffix(base) ? String(found.dropLast(base.count)) : found
      names += [outer + name, found + name]
    } else {
      names.append(name)
    }
    for name in names {
      var parts = name.split(separator: ".").map(String.init)
      guard let place = parts.firstIndex(where: { Self.blocks.contains($0) }) else { continue }
      for other in Self.blocks where other != parts[place] {
        parts[place] = other
        names.append(parts.joined(separator: "."))
      }
    }
    return names
  }

  func tensor(_ name: String) -> StoredTensor? {
    if let tensor = tensors[translated(name)] { return tensor }
    let names = names(name)
    for name in names { if let tensor = tensors[name] { return tensor } }
    guard isPacked else { return nil }
    for name in names {
      for name in Packing.names(name) { if let tensor = tensors[name] { return tensor } }
    }
    return nil
  }
}
