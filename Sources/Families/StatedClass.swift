import JSON

/// The class that a file names beside its `model_type`, and what of it does not go with that.
struct StatedClass {
  private let name: String
  private let reading: Reading

  /// Nil where the file names no class, or rests on the class alone.
  init?(_ reading: Reading) {
    guard reading.grounds == nil, let name = Reading.architecture(of: reading.outer) else {
      return nil
    }
    self.name = name
    self.reading = reading
  }

  private var type: String { reading.family.modelType }

  /// A sentence where the class is that of another type, or is not known.
  var note: String? {
    if let other = Family.ofClass(name) { return otherType(other) }
    guard isOfType else {
      return "architectures names \(name), which is no class known here; the file is counted as "
        + "\(type), as its model_type says."
    }
    guard Family.heads.contains(where: name.hasSuffix) || isOfTowers else {
      return "architectures names \(name), whose head is not known here; that of a causal language "
        + "model is counted."
    }
    return nil
  }

  /// Base models are left out, because several types share the class of one.
  private func otherType(_ other: String) -> String? {
    guard reading.wrapper == nil, name.hasSuffix("ForCausalLM"),
      !Family.withClassOfLlama.contains(type),
      NumericKeys.classOf(other) != NumericKeys.classOf(type)
    else { return nil }
    return "architectures names \(name), a class of \(other); the file is counted as \(type), as "
      + "its model_type says."
  }

  private var isOfTowers: Bool { reading.wrapper != nil || Family.withTowers.contains(type) }

  /// Whether the name is that of the type in another spelling, as `QWenLMHeadModel` of `qwen`.
  ///
  /// Models of several towers go by many names, and the beginning has to do.
  private var isOfType: Bool {
    func plain(_ text: some StringProtocol) -> String {
      String(text.lowercased().filter { $0.isLetter || $0.isNumber })
    }
    let types = [type, NumericKeys.classOf(type), reading.wrapper].compactMap(\.self).map(plain)
    let stems = Family.heads.filter(name.hasSuffix).map { plain(name.dropLast($0.count)) }
    let before = name.firstRange(of: "For").map { [plain(name[..<$0.lowerBound])] } ?? []
    let whole = plain(name)
    if types.contains(where: { type in
      (stems + before).contains { $0 == type || $0 == type + "model" }
    }) {
      return true
    }
    return isOfTowers
      && (types.contains { whole.hasPrefix($0.prefix(4)) }
        || Family.wrapperTypes.contains { stems.contains(plain($0)) })
  }
}
