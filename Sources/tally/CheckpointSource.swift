import Architecture
import Arguments
import Checkpoints
import Families
import JSON
import Presets
import Reference
import Symbolic

/// Where a CHECKPOINT on the command line lies, and the model that its configuration describes.
struct CheckpointSource {
  let folder: String
  private(set) var model: Model
  let configuration: JSONObject

  /// Finds the folder and reads its configuration; no weight is read yet.
  ///
  /// - Throws: `Failure`, with the folder or file at fault.
  init(_ word: String, _ source: ModelSource = ModelSource()) throws {
    try self.init(folder: Self.folder(word), source)
  }

  /// What a file of llama.cpp says of its model; no weight is read.
  ///
  /// - Throws: `Failure`, with the file.
  init(gguf path: String, _ source: ModelSource) throws {
    folder = path
    let found = try source.find(path)
    configuration = found.configuration
    model = try source.model(found)
  }

  /// Reads the configuration of a folder; no weight is read yet.
  ///
  /// - Throws: `Failure`, with the folder or file at fault.
  init(folder: String, _ source: ModelSource) throws {
    self.folder = folder
    guard Terminal.kind(of: "\(folder)/config.json") == .file else {
      throw Failure.noConfiguration(folder: folder)
    }
    let found = try source.find("\(folder)/config.json")
    configuration = found.configuration
    var model = try source.model(found)
    model.name = folder
    self.model = model
  }

  /// The same files, for a model of which they hold the tensors too, as a layer that predicts tokens.
  func holding(_ model: Model) -> CheckpointSource {
    var copy = self
    copy.model = model
    return copy
  }

  /// - Throws: `Failure.quantised` if the weights are not plain numbers.
  func requirePlainWeights() throws {
    for object in objects {
      for key in ["quantization_config", "compression_config"] {
        guard let settings = object[key]?.object else { continue }
        throw Failure.quantised(
          folder: folder, method: settings["quant_method"]?.string ?? "no method is named")
      }
    }
  }

  /// The form of numbers that the configuration states.
  var form: NumberForm? {
    let names = ["float32": "F32", "float16": "F16", "bfloat16": "BF16"]
    for object in objects {
      for key in ["dtype", "torch_dtype"] {
        guard let word = object[key]?.string else { continue }
        if let name = names[word.replacing("torch.", with: "")] { return NumberForm(name) }
      }
    }
    return nil
  }

  /// The configuration, and those nested in it.
  private var objects: [JSONObject] {
    [configuration] + configuration.keys.compactMap { configuration[$0]?.object }
  }

  /// The files beside the tensors that the model has.
  ///
  /// Files beside the tensors that the model has.
  ///
  /// - Throws: `Failure`, `DescriptionError`.
  func audit(_ checkpoint: Checkpoint, form: Audit.ExpectedForm) throws -> Audit {
    let wanted = try model.requestedWeights { try model.extent($0) }.map { WantedTensor($0) }
    return Audit(
      wanted, in: checkpoint,
      frame: Resolution.Frame(
        layersPath: model.layersPath, layers: try model.extent(model.layerCount),
        tied: model.tiedHead),
      form: form)
  }

  /// The files of a folder, or the one that is meant.
  ///
  /// - Throws: `Failure.checkpoint`.
  static func checkpoint(_ folder: String, _ file: String?) throws -> Checkpoint {
    do throws(CheckpointError) {
      guard let file else { return try Checkpoint(folder: folder) }
      guard file.hasSuffix(".gguf") else { return try Checkpoint(folder: folder, files: [file]) }
      return try Checkpoint(gguf: GGUFFile("\(folder)/\(file)"))
    } catch {
      throw Failure.checkpoint(error)
    }
  }

  /// The folder of a CHECKPOINT, and the one file that is meant, where a file is named.
  ///
  /// - Throws: `Failure.noCheckpoint`.
  static func place(_ word: String) throws -> (folder: String, file: String?) {
    guard Terminal.kind(of: word) == .file, isWeights(word) else {
      let folder = try folder(word)
      // A folder with nothing but one file of llama.cpp means that file.
      if Terminal.kind(of: "\(folder)/config.json") != .file, !GGUFFile.models(in: folder).isEmpty {
        return (folder, try ModelSource.onlyFile(of: folder))
      }
      return (folder, nil)
    }
    guard let slash = word.lastIndex(of: "/") else { return (".", word) }
    return (String(word[..<slash]), String(word[word.index(after: slash)...]))
  }

  private static func isWeights(_ path: String) -> Bool {
    path.hasSuffix(".safetensors") || path.hasSuffix(".gguf")
  }

  private static func folder(_ word: String) throws -> String {
    switch Terminal.kind(of: word) {
    case .folder:
      var folder = word
      while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
      return folder
    case .file, .device: throw Failure.noCheckpoint(word, what: "no folder")
    case .absent:
      if let path = HubCache.configuration(of: word) {
        return String(path.dropLast("/config.json".count))
      }
      let isPreset = Catalog.preset(named: word) != nil
      throw Failure.noCheckpoint(
        word, what: isPreset ? "a preset, which has no weights" : "not there")
    }
  }

  /// The weights that an executor of the model requires, and what is to be said of the files.
  ///
  /// - Throws: `Failure.checkpoint`, `ExecutionError`.
  func weights(for executor: Executor) throws -> (weights: CheckpointWeights, notes: [String]) {
    let tied: (head: String, table: String)? = model.tiedHead
    let wanted = try executor.requestedWeights().map { request in
      var wanted = WantedTensor(request)
      wanted.isOptional = request.isOptional || request.isUnread
      return wanted
    }
    do throws(CheckpointError) {
      let resolution = try Resolution(
        wanted, in: Checkpoint(folder: folder),
        frame: Resolution.Frame(
          layersPath: model.layersPath, layers: executor.layerCount, tied: tied))
      return (CheckpointWeights(views: resolution.views), resolution.notes)
    } catch {
      throw Failure.checkpoint(error)
    }
  }
}

/// The weights of a checkpoint, as the parts of a model request them.
struct CheckpointWeights: StoredWeights {
  let views: [String: TensorView]

  func count(of name: String) -> Int? { views[name]?.count }

  func read(_ name: String, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    views[name]?.read(range, into: target)
  }

  func address(of name: String, _ range: Range<Int>) -> UnsafePointer<Float>? {
    views[name]?.address(range)
  }
}

extension Model {
  /// The value of a size.
  ///
  /// - Throws: `DescriptionError` for one that is free, no whole number or too large.
  fileprivate func extent(_ formula: Formula) throws(DescriptionError) -> Int {
    let value = formula.evaluated(in: values)
    if let fault = value.fault { throw .arithmetic(fault, what: "The extent \(formula)") }
    guard let constant = value.constant else {
      throw .notFree(key: "\(formula)", reason: "it is the extent of a tensor")
    }
    guard let number = value.wholeConstant else {
      throw .arithmetic(.notAnInteger(constant), what: "The extent \(formula)")
    }
    // No tensor of such an extent can be stored, and twice of it is still a number.
    return Int(clamping: min(number, 1 << 60))
  }

  /// The head that shares the numbers of the token table, and that table.
  fileprivate var tiedHead: (head: String, table: String)? {
    let table = head.first { branch in
      if case .embedding(let table) = branch.module { table.index == .token } else { false }
    }
    guard let table else { return nil }
    for branch in tail {
      guard case .head(let map, isTied: true) = branch.module else { continue }
      let path = [branch.path, map.name, "weight"].filter { !$0.isEmpty }.joined(separator: ".")
      return (path, "\(table.path).weight")
    }
    return nil
  }
}

extension GGUFFile {
  /// What the file says of its model, if its architecture is read.
  var modelMetadata: GGUFMetadata? {
    let shapes = Dictionary(tensors.map { ($0.name, $0.shape) }) { first, _ in first }
    return GGUFMetadata(metadata) { shapes[$0] }
  }
}

extension WantedTensor {
  /// What the executor requires, in the words of the files.
  fileprivate init(_ request: RequestedWeight) {
    self.init(
      request.name, shape: request.shape, isTransposed: request.isTransposed,
      pieces: request.pieces)
    isBuffer = request.isBuffer
    staysWide = request.isOfRouter
    isOptional = request.isOptional
    guard let expert = request.expert else { return }
    let map: Expert.Map =
      if expert.map == expert.inputs {
        .down
      } else if !expert.isGated {
        .inner
      } else if expert.inputs == 1 {
        .gateAndUp
      } else {
        expert.map == 0 ? .gate : .up
      }
    self.expert = Expert(
      mixture: expert.mixture, path: expert.path, number: expert.number, count: expert.count,
      map: map, isBias: expert.isBias, input: expert.input, output: expert.output,
      stack: expert.stack.map { stack in
        Stack(name: stack.name, shape: stack.shape, isTransposed: stack.isTransposed)
      })
  }
}
