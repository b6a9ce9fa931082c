import Accounting
import Architecture
import Arguments
import Checkpoints
import Families
import JSON
import Presets
import Symbolic
import Wording

/// Where a MODEL on the command line comes from, and how it becomes a description.
struct ModelSource {
  let description: Families.Description
  /// What is changed in the description, in this order.
  let transformations: [Transformation]

  /// The options that every command with a MODEL has.
  static let models = Parameter<[String]>.positionals(
    "MODEL", help: "A preset, a config.json, a folder that holds one, or -.")
  static let settings = Parameter<[String]>.repeated(
    "set", "KEY=VALUE",
    help: "Replace a key of config.json; a name such as x as VALUE makes the size a free variable.",
    complaint: { text in
      guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
        return "KEY=VALUE, as in --set num_hidden_layers=2"
      }
      return text.index(after: sign) == text.endIndex ? "a value after the sign" : nil
    })
  static let assume = Parameter<String?>.text(
    "assume", "FAMILY", help: "Read the configuration as this model_type.",
    complaint: { word in
      guard Family.named[word] == nil else { return nil }
      return "a model_type that 'tally presets --families' lists"
        + (nearestWord(to: word, among: Family.named.keys).map { ", such as \($0)" } ?? "")
    })
  static let changes = Parameter<[String]>.repeated(
    "transform", "CHANGE",
    help: "Change the model as a paper does: segment=m, shared=K, upcycle=E/K, granularity=G/R, "
      + "leverage=G/E/E_a/E_s, idle=zero/copy/constant, capacity=c, mod=κ/every, recursion=N, skip=p, "
      + "exit=λ/3:q, mode=staged|integrated.",
    complaint: { text in
      do throws(TransformationSyntaxError) {
        _ = try Transformation(parsing: text)
        return nil
      } catch {
        let name = String(text.prefix { $0 != "=" })
        let near = nearestWord(to: name, among: Transformation.forms.map(\.key))
        return Transformation.forms.first { $0.key == near }.map { "a form such as \($0.value)" }
          ?? error.expected
      }
    })

  /// Where a configuration comes from is an argument of its own.
  static let options =
    [
      settings.declaration, changes.declaration, assume.declaration,
    ] + CapacityOptions.declarations
  static let declarations = [models.declaration] + options + [predictors.declaration]
  static let predictors = Parameter<Bool>.flag(
    "mtp", help: "Add the layers for multi-token prediction, as a model of their own.")

  /// Models as they are.
  init() { self.init(Families.Description(), []) }

  private init(_ description: Families.Description, _ transformations: [Transformation]) {
    self.description = description
    self.transformations = transformations
  }

  /// The same without one key of `--set`.
  func without(key: String) -> ModelSource {
    var description = description
    description.overrides[key] = nil
    return ModelSource(description, transformations)
  }

  /// The same without one `--transform`.
  func without(change index: Int) -> ModelSource {
    var changes = transformations
    changes.remove(at: index)
    return ModelSource(description, changes)
  }

  /// The same without `--assume`.
  var withoutAssumption: ModelSource {
    var description = description
    description.assumed = nil
    return ModelSource(description, transformations)
  }

  /// - Throws: `UsageError.repeated` if a key is set twice.
  init(_ arguments: Arguments) throws {
    var overrides: [String: String] = [:]
    for setting in arguments[Self.settings] {
      guard let sign = setting.firstIndex(of: "=") else { continue }
      let key = String(setting[..<sign])
      let text = String(setting[setting.index(after: sign)...])
      // As in every option, `8k` is 8000.
      let value =
        text.last?.isLetter ?? false ? Rational(written: text)?.whole.map { "\($0)" } ?? text : text
      guard overrides.updateValue(value, forKey: key) == nil else {
        throw UsageError.repeated("--set \(key)")
      }
    }
    description = Families.Description(overrides: overrides, assumed: arguments[Self.assume])
    transformations =
      try arguments[Self.changes].map { text in
        try Transformation(parsing: text)
      } + [CapacityOptions.change(arguments)].compactMap(\.self)
  }

  /// The parameters of the models of a command line, in its order.
  ///
  /// - Throws: `Failure`, with the file or preset at fault.
  static func reports(
    _ arguments: Arguments, besides more: (Model) throws -> JSONObject = { _ in JSONObject() }
  ) throws -> [ParameterReport] {
    let models = try described(arguments) { model in
      var object = try ParameterReport(model).json(.part)
      object["pass"] = .object(try more(model))
      return object
    }
    return try models.map { model in try blaming(model) { try ParameterReport(model) } }
  }

  /// The models of a command line, in its order, each with notes on what of it changes nothing.
  ///
  /// `figures` are what the report prints of a model.
  ///
  /// - Throws: `Failure`, with the file or preset at fault.
  static func described(
    _ arguments: Arguments, figures: (Model) throws -> JSONObject
  ) throws -> [Model] {
    let source = try ModelSource(arguments)
    let words = arguments[models]
    guard words.filter({ $0 == "-" }).count < 2 else { throw UsageError.repeated("-") }
    return try words.map { word in
      let found = try source.find(word)
      var model = try source.model(found)
      model.notes += UnusedOptions.notes(arguments, source, found, model, figures: figures)
      return model
    }.flatMap { model in
      arguments[predictors] ? try blaming(model) { try model.withPredictors() } : [model]
    }
  }

  /// Runs a computation, and names the model in what goes wrong.
  static func blaming<Result>(_ model: Model, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as DescriptionError {
      throw Failure.description(source: model.name, error)
    }
  }

  /// One model.
  ///
  /// - Throws: `Failure`, with the file or preset at fault.
  func model(_ word: String) throws -> Model {
    try model(find(word))
  }

  /// The model of a configuration that was found.
  ///
  /// - Throws: `Failure`, with the file or preset at fault.
  func model(_ found: Found) throws -> Model {
    var model = try blaming(found.source) {
      try description.model(from: found.configuration, named: found.name)
    }
    model.relativeExpertSize = found.relativeExpertSize
    return try blaming(found.source) { try transformed(model) }
  }

  /// A small model of the same structure.
  ///
  /// - Throws: `Failure`, with the file or preset at fault.
  func reduced(_ word: String, positions: Int128) throws -> Reduction {
    let found = try find(word)
    return try blaming(found.source) {
      let small = try description.reduced(
        from: found.configuration, named: found.name, positions: positions, layers: layersOfChanges)
      return Reduction(model: try transformed(small.model), changes: small.changes)
    }
  }

  /// The layers of each kind that a reduced model keeps, so that every change finds its own.
  private var layersOfChanges: Int {
    let needed = transformations.map { change in
      switch change {
      case .depthRouting(let placement): min(placement.layers.last, 1 << 20) + 1
      case .recursion(let recursion): min(recursion.leastDepth, 1 << 20)
      case .upcycling(_, _, let layers?), .granularity(_, _, let layers?),
        .leverage(_, _, _, _, let layers?):
        min(layers.last, 1 << 20) + 1
      case .leaving(let exits): min(exits.layers.last ?? 0, 1 << 20) + 2
      case .segmentation, .sharing, .upcycling, .granularity, .leverage, .depthExperts,
        .noOpExperts, .capacity, .skipping:
        0
      }
    }
    return max(2, needed.max() ?? 0)
  }

  private func transformed(_ model: Model) throws(DescriptionError) -> Model {
    var model = model
    for change in transformations { model = try model.transformed(by: change) }
    return model
  }

  /// A configuration and where it comes from.
  struct Found {
    var configuration: JSONObject
    var name: String
    var source: String
    var relativeExpertSize: Formula?
  }

  /// The configuration that a word on the command line means.
  ///
  /// - Throws: `Failure`, with the file at fault.
  func find(_ word: String) throws -> Found {
    if word != "-", let preset = preset(word) {
      return Found(
        configuration: preset.configuration, name: preset.name, source: "preset \(preset.name)",
        relativeExpertSize: preset.relativeExpertSize.flatMap { try? Formula(parsing: $0) })
    }
    let (path, name) = try locate(word)
    let source = path == "-" ? "standard input" : path
    if path.hasSuffix(".gguf") { return try Self.found(gguf: path, name: name) }
    let bytes: [UInt8]
    switch Terminal.read(path) {
    case .success(let read): bytes = read
    case .failure(let problem): throw Failure.unreadable(source, reason: problem.reason)
    }
    let json: JSONValue
    do {
      json = try JSONValue(parsing: bytes)
    } catch {
      throw Failure.notJSON(source: source, error)
    }
    guard let object = json.object else { throw Failure.notAnObject(source: source) }
    // A file of the folder `presets` nests the configuration.
    let configuration = object["model_type"] == nil ? object["config"]?.object : nil
    return Found(configuration: configuration ?? object, name: name, source: source)
  }

  /// The model that a file of llama.cpp describes.
  ///
  /// - Throws: `Failure`, with the file.
  private static func found(gguf path: String, name: String) throws -> Found {
    let file: GGUFFile
    do throws(CheckpointError) {
      file = try GGUFFile(path)
    } catch {
      throw Failure.checkpoint(error)
    }
    guard let metadata = file.modelMetadata else {
      throw Failure.unknownArchitecture(
        source: path, file.metadata["general.architecture"]?.string ?? "")
    }
    return Found(configuration: metadata.configuration, name: name, source: path)
  }

  /// Whether a word names a model: a preset, a path that is there, or what can only be a path.
  static func isModel(_ word: String) -> Bool {
    if word == "-" { return true }
    guard !word.hasPrefix("-") else { return false }
    return Catalog.preset(named: word) != nil || word.hasSuffix(".json") || word.hasSuffix(".gguf")
      || word.contains("/")
      || Terminal.kind(of: "\(word)/config.json") == .file
  }

  /// A preset by its name; a path that exists goes before an alias.
  private func preset(_ word: String) -> Preset? {
    if Catalog.names.contains(word) { return Catalog.preset(named: word) }
    return Terminal.kind(of: word) == .absent ? Catalog.preset(named: word) : nil
  }

  private func locate(_ word: String) throws -> (path: String, name: String) {
    guard word != "-" else { return ("-", "standard input") }
    switch Terminal.kind(of: word) {
    case .file, .device: return (word, word)
    case .folder:
      var folder = word
      while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
      let path = "\(folder)/config.json"
      if Terminal.kind(of: path) == .file { return (path, folder) }
      return ("\(folder)/\(try Self.onlyFile(of: folder))", folder)
    case .absent:
      if let path = HubCache.configuration(of: word) { return (path, word) }
      let name = word.split(separator: "/").last.map(String.init) ?? word
      if HubCache.isRepository(word) {
        throw Failure.notCached(
          word, nearest: nearestWord(to: name.lowercased(), among: Catalog.names))
      }
      throw Failure.noSuchModel(
        word, nearest: nearestWord(to: name.lowercased(), among: Catalog.names))
    }
  }

  /// The one file of llama.cpp in a folder without config.json.
  ///
  /// - Throws: `Failure.noConfiguration`, `.severalModels`.
  static func onlyFile(of folder: String) throws -> String {
    let files = GGUFFile.models(in: folder)
    guard files.count < 2 else { throw Failure.severalModels(folder: folder, files: files) }
    guard let file = files.first else { throw Failure.noConfiguration(folder: folder) }
    return file
  }

  private func blaming<Result>(_ source: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as DescriptionError {
      throw Failure.description(source: source, error)
    }
  }
}
