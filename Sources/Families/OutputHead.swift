import Architecture
import JSON
import Symbolic

/// What a checkpoint has behind its last layer, as the class in `architectures` says.
enum OutputHead: Hashable, Sendable {
  /// Scores of the vocabulary: a causal language model.
  case nextToken
  /// Nothing: a base model.
  case none
  /// Scores of a few labels.
  case labels(name: String, hasBias: Bool, count: Count)

  enum Count: Hashable, Sendable {
    /// As many as the configuration has labels.
    case configured
    /// The first and the last token of an answer.
    case span
  }

  /// The head of a class of `transformers`.
  ///
  /// - Throws: `DescriptionError.unsupported` for a draft model, or a head that is not described.
  init(architecture name: String, modelType: String) throws(DescriptionError) {
    let word = name.lowercased()
    if Self.drafts.contains(where: word.contains) {
      throw .unsupported(
        key: "architectures", found: "\"\(name)\", a draft model",
        supported: "the model that it drafts for")
    }
    let undescribed = DescriptionError.unsupported(
      key: "architectures", found: "\"\(name)\"",
      supported: "causal language models, base models, and heads that are one map onto labels")
    switch true {
    case modelType == "modernbert-decoder" && name.hasSuffix("ForSequenceClassification"):
      throw undescribed
    case name.hasSuffix("ForSequenceClassification"):
      self = .labels(
        name: modelType == "ctrl" ? "classifier" : "score", hasBias: false, count: .configured)
    case name.hasSuffix("ForTokenClassification"):
      let name = Self.classifiers.contains(modelType) ? "classifier" : "score"
      self = .labels(name: name, hasBias: true, count: .configured)
    case name.hasSuffix("ForQuestionAnswering"):
      self = .labels(
        name: "qa_outputs", hasBias: true, count: modelType == "gptj" ? .configured : .span)
    case word.contains("reward"), name.hasSuffix("DoubleHeadsModel"):
      throw undescribed
    // Published files of ChatGLM name the base model, and hold the head.
    case name == "ChatGLMModel": self = .nextToken
    case name.hasSuffix("Model") && !name.hasSuffix("LMHeadModel")
      && !name.hasSuffix("PreTrainedModel") && !name.hasSuffix("VLChatModel"):
      self = .none
    default: self = .nextToken
    }
  }

  /// Words in the classes of draft models for speculative decoding, which share a `model_type` with
  /// the model that they draft for, and have other layers.
  private static let drafts = [
    "eagle", "dflash", "medusa", "hydra", "draft", "speculator", "nextn", "mtp",
  ]

  /// Keys that only such a model has.
  private static let draftKeys = [
    "draft_vocab_size", "eagle_config", "dflash_config", "speculators_config",
    "speculators_model_type",
  ]

  /// Types that call the scores of labels otherwise.
  private static let classifiers: Set<String> = [
    "biogpt", "bloom", "falcon", "gpt-sw3", "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "mpt",
  ]

  /// The head that a configuration names; one of a causal language model where it names none.
  ///
  /// - Throws: `DescriptionError.unsupported` for a draft model, or a head that is not described.
  init(_ configuration: JSONObject, set text: String?, modelType: String) throws(DescriptionError) {
    for key in Self.draftKeys {
      guard let value = configuration[key], value != .null else { continue }
      throw .unsupported(
        key: key, found: "\(value.kind), a draft model's",
        supported: "the model that it drafts for")
    }
    let given = text.map { (try? JSONValue(parsing: $0)) ?? .string($0) }
    let name: String?
    switch given ?? configuration["architectures"] {
    case .array(let names): name = names.first?.string
    case .string(let only): name = only
    default: name = nil
    }
    self =
      try name.map { name throws(DescriptionError) in
        try OutputHead(architecture: name, modelType: modelType)
      } ?? .nextToken
  }
}

extension Size {
  static let labels = Size("n_c", "num_labels", "labels of the classifier")
}

extension Keys {
  /// The model with another head than that of a causal language model.
  func model(_ model: Model, with head: OutputHead) throws -> Model {
    guard head != .nextToken else { return model }
    var model = model
    let width = model.tail.lazy.compactMap { branch -> Formula? in
      if case .head(let map, _) = branch.module { map.input } else { nil }
    }.first
    // What does not stand under the base model's name belongs to the head.
    let base = model.layersPath.firstIndex(of: ".").map { model.layersPath[...$0] } ?? ""
    model.tail.removeAll { branch in
      if case .head = branch.module { return true }
      return !branch.weights.allSatisfy { $0.name.hasPrefix(base) }
    }
    model.tiesEmbeddings = false
    model.logits = LogitTreatment()
    guard case .labels(let name, let hasBias, let count) = head, let width else {
      model.dropPrefix()
      note("A base model: there is no head, and what it computes is the last hidden state.")
      return model
    }
    let labels: Formula
    switch count {
    case .span: labels = 2
    case .configured:
      labels = try size(
        .labels, else: Formula(numberOfNamedLabels), "the labels that have names, or 2")
    }
    let map = Linear(name, width, labels, bias: hasBias)
    model.tail.append(Branch("", .head(map, isTied: false)))
    note("The head scores labels, not the vocabulary.")
    return model
  }

  private var numberOfNamedLabels: Int128 {
    let names = (try? object("id2label")) ?? nil
    return names.map { Int128($0.keys.count) } ?? 2
  }
}

extension Model {
  /// Takes the name under which a causal model holds its base model off the names of tensors.
  fileprivate mutating func dropPrefix() {
    guard let dot = layersPath.firstIndex(of: ".") else { return }
    let prefix = layersPath[...dot]
    func short(_ name: String) -> String {
      name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }
    layersPath = short(layersPath)
    func shorten(_ branches: inout [Branch]) {
      for place in branches.indices {
        branches[place].path = short(branches[place].path)
        switch branches[place].module {
        case .normalization(var norm):
          norm.name = short(norm.name)
          branches[place].module = .normalization(norm)
        case .linear(var map):
          map.name = short(map.name)
          branches[place].module = .linear(map)
        default: break
        }
      }
    }
    shorten(&head)
    shorten(&tail)
  }
}
