import JSON

extension Checkpoint {
  /// The tensors of a file of llama.cpp, or of all its parts, under the names of `transformers` as
  /// far as its architecture has a table of them.
  ///
  /// - Throws: `CheckpointError`, with the file at fault.
  package init(gguf first: GGUFFile) throws(CheckpointError) {
    let names = first.metadata["general.architecture"]?.string.flatMap { GGUFNames($0) }
    var files = [first]
    for path in Self.parts(after: first) { files.append(try GGUFFile(path)) }
    var tensors: [String: StoredTensor] = [:]
    for file in files {
      for tensor in file.tensors {
        let tensor = names.map { tensor.renamed($0.translated(tensor.name)) } ?? tensor
        if let other = tensors.updateValue(tensor, forKey: tensor.name) {
          throw .duplicate(name: tensor.name, files: [other.path, file.path])
        }
      }
    }
    let count = tensors.count
    if names != nil { Self.joinExpansions(&tensors) }
    self.init(
      folder: first.path, files: files.map(\.path), size: files.reduce(0) { $0 + $1.size },
      tensors: tensors, tensorCount: count)
  }

  /// The other parts of a file that is cut in parts: `…-00001-of-00003.gguf`.
  private static func parts(after first: GGUFFile) -> [String] {
    guard let count = first.metadata["split.count"]?.integer, (2...9_999).contains(count),
      first.path.hasSuffix("-00001-of-\(padded(Int(count))).gguf")
    else { return [] }
    let base = first.path.dropLast("-00001-of-00001.gguf".count)
    return (2...Int(count)).map { "\(base)-\(padded($0))-of-\(padded(Int(count))).gguf" }
  }

  private static func padded(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
  }

  /// Latent attention expands its latents by one map, which newer files hold as two: that of the
  /// keys `[heads, latents, width]` transposed, and that of the values `[heads, width, latents]`.
  private static func joinExpansions(_ tensors: inout [String: StoredTensor]) {
    for (name, keys) in tensors where name.hasSuffix(".attn_k_b.weight") {
      let stem = String(name.dropLast(".attn_k_b.weight".count))
      guard let values = tensors["\(stem).attn_v_b.weight"], keys.shape.count == 3,
        values.shape.count == 3
      else { continue }
      let number = stem.split(separator: ".").last ?? ""
      let joined = "model.layers.\(number).self_attn.kv_b_proj.weight"
      tensors[name] = nil
      tensors["\(stem).attn_v_b.weight"] = nil
      tensors[joined] = StoredTensor(
        name: joined, form: keys.form,
        shape: [keys.shape[0] * (keys.shape[2] + values.shape[1]), keys.shape[1]],
        start: keys.start, size: keys.size + values.size, file: keys.file)
    }
  }
}

extension StoredTensor {
  fileprivate func renamed(_ name: String) -> StoredTensor {
    StoredTensor(name: name, form: form, shape: shape, start: start, size: size, file: file)
  }
}
