import Accounting
import Architecture
import Checkpoints
import Families
import JSON
import Measurements
import Reference
import Sweeping
import Symbolic
import Wording

/// What can go wrong between the command line and the report, with its exit code.
enum Failure: Error, Hashable {
  /// A MODEL that is neither a preset nor a path.
  case noSuchModel(String, nearest: String?)
  /// What looks like a repository of the hub, and is not in the local cache.
  case notCached(String, nearest: String?)
  case unreadable(String, reason: String)
  case noConfiguration(folder: String)
  /// A folder without config.json that holds several files of llama.cpp.
  case severalModels(folder: String, files: [String])
  case notJSON(source: String, JSONSyntaxError)
  case notAnObject(source: String)
  case description(source: String, DescriptionError)
  case badSetting(String)
  case execution(source: String, ExecutionError)
  /// The same of a command whose tokens are given one by one.
  case run(source: String, ExecutionError)
  case unwritable(String, reason: String)
  case sweep(source: String, SweepError)
  /// A file that a sweep with other arguments has left.
  case otherSweep(String)
  /// A file that is no result of the sweep.
  case otherFile(String)
  /// More points than anybody means.
  case tooManyPoints(Int128)
  /// More rows than a form can hold.
  case tooManyRows(limit: Int, format: String)
  case checkpoint(CheckpointError)
  /// A CHECKPOINT that is no folder, and what it is.
  case noCheckpoint(String, what: String)
  /// A checkpoint whose weights are not the numbers of the maps.
  case quantised(folder: String, method: String)
  /// A checkpoint of a type whose scores are not known to be those of its class.
  case unproven(source: String, modelType: String)
  /// A file of llama.cpp whose architecture has no table of names.
  case unknownArchitecture(source: String, String)
  /// A configuration that says nothing known of how its weights are stored.
  case noStoredFormat(source: String)
  /// A model without routers, where what they chose was to be drawn.
  case notRouted(source: String)
  /// A file of tokens that is no list of them, and what is wrong.
  case badTokens(source: String, what: String)
  /// A file that is no measurement, and why.
  case measurement(source: String, MeasurementError)
  /// A token that the vocabulary does not have.
  case noSuchToken(Int, vocabulary: Int, isOption: Bool)

  var exitCode: Int32 {
    switch self {
    case .noSuchModel, .notCached, .unreadable, .noConfiguration, .severalModels, .noCheckpoint: 66
    case .checkpoint(.unreadable): 66
    case .checkpoint, .quantised, .unproven, .noStoredFormat, .unknownArchitecture, .notRouted,
      .badTokens, .measurement,
      .noSuchToken(_, _, isOption: false):
      65
    case .noSuchToken: 64
    case .sweep(_, .disagreement): 70
    case .sweep(_, .badValue), .sweep(_, .conflict), .sweep(_, .notSolvable): 64
    case .notJSON, .notAnObject, .description, .execution, .run, .sweep: 65
    case .badSetting, .otherSweep, .otherFile, .tooManyPoints, .tooManyRows: 64
    case .unwritable: 73
    }
  }

  var message: String {
    switch self {
    case .noSuchModel(let name, let nearest):
      "'\(name.capped)' is neither a preset nor a file."
        + (nearest.map { " Did you mean '\($0)'?" } ?? " 'tally presets' lists the presets.")
    case .notCached(let name, let nearest):
      "'\(name.capped)' is neither a preset nor a file, and is not in the local Hugging Face cache. "
        + "Fetch its configuration with 'hf download \(name.capped) config.json'"
        + (nearest.map { ", or take the preset '\($0)'." } ?? ".")
    case .unreadable(let source, let reason):
      "\(source.capped) cannot be read: \(reason). Name a file that can."
    case .noConfiguration(let folder):
      "The folder \(folder.capped) holds no config.json. Name a configuration file, or another folder."
    case .severalModels(let folder, let files):
      "The folder \(folder.capped) holds no config.json and \(files.count) GGUF files. Name one of them, "
        + "as \("\(folder)/\(files[0])".capped)."
    case .notJSON(let source, let error):
      "\(source.capped) is not JSON: \(error). Correct the file."
    case .notAnObject(let source):
      "\(source.capped) holds no JSON object. A configuration is an object of keys and values."
    case .description(let source, let error): "\(source.capped): \(error)"
    case .execution(let source, let error): "\(source.capped): \(error)"
    case .run(let source, .tooManyPositions(let count, let table)):
      "\(source.capped): The tokens need \(count) positions, but the model's table of positions has "
        + "\(table). Give fewer tokens, or lower --generate."
    case .run(let source, .needsMemory(let bytes, let allowed)):
      "\(source.capped): The tokens need about \(Quantity.bytes(Int128(bytes))) of memory, and "
        + "\(Quantity.bytes(Int128(allowed))) are allowed. Give fewer tokens, lower --generate, or "
        + "raise --memory."
    case .run(let source, let error): "\(source.capped): \(error)"
    case .unwritable(let path, let reason):
      "\(path.capped) cannot be written: \(reason). Name another file."
    case .sweep(let source, let error): error.message(source.capped)
    case .otherSweep(let path):
      "\(path.capped).progress was left by another sweep, or is damaged. Give the same arguments and "
        + "configuration, or leave out --resume."
    case .otherFile(let path):
      "\(path.capped) is there, and is not what this sweep writes. Remove it, or name another file."
    case .tooManyPoints(let count):
      "The grid has \(count) points, and no --where. Add --yes if that is meant, or vary less."
    case .tooManyRows(let limit, let format):
      "More than \(limit) rows are too many for --format \(format). Add --where, --top or "
        + "--pareto, or take --format csv."
    case .checkpoint(let error): "\(error)"
    case .noCheckpoint(let word, let what):
      "'\(word.capped)' is \(what). Name a folder that holds config.json and safetensors files."
    case .quantised(let folder, let method):
      "\(folder.capped)/config.json: 'quantization_config' says that the weights are quantised "
        + "(\(method.capped)), which is not run. Name a checkpoint with F32, F16 or BF16 weights."
    case .unproven(let source, let modelType):
      "\(source.capped): nobody has compared the scores of '\(modelType)' with those of its class, "
        + "so some constant of it may be ignored. --unproven runs it all the same; 'tally flops' counts it."
    case .unknownArchitecture(let source, let name):
      "\(source.capped): 'general.architecture' is '\(name.capped)', and those that are read are "
        + "\(GGUFMetadata.architectures.joined(separator: ", ")). Give the config.json of the model; "
        + "'tally audit' counts the tensors of the file."
    case .noStoredFormat(let source):
      "\(source.capped): no quantisation that is known stands in the configuration. Give --weight-dtype one "
        + "of \(WeightFormat.words)."
    case .notRouted(let source):
      "\(source.capped) has no layer that chooses experts or tokens. Leave --routing-map out."
    case .badTokens(let source, let what):
      "\(source.capped): \(what). Write a JSON list, or numbers with white space between them."
    case .measurement(let source, let error): "\(source.capped): \(error)"
    case .noSuchToken(let token, let vocabulary, _):
      "The token \(token) is not in the vocabulary, whose \(vocabulary) tokens are 0 to "
        + "\(vocabulary - 1). Give other tokens."
    case .badSetting(let text):
      "'\(text)' is not valid for --set: expected KEY=VALUE, as in --set num_hidden_layers=2."
    }
  }

  static func describe(_ error: any Error) -> (exitCode: Int32, message: String) {
    let (code, message): (Int32, String) =
      switch error {
      case let failure as Failure: (failure.exitCode, failure.message)
      case let error as DescriptionError: (65, "\(error)")
      case let error as ArithmeticError: (65, "\(error)")
      default: (70, "A defect of the program: \(error)")
      }
    return (code, message.printable)
  }
}

extension SweepError {
  /// What is wrong, and what to do.
  func message(_ source: String) -> String {
    switch self {
    case .badValue(let key, let value, let expected):
      "'\(value)' is not valid for \(key): expected \(expected)."
    case .conflict(let conflict):
      "\(conflict.sides.one) and \(conflict.sides.other) contradict each other. "
        + conflict.sides.advice
    case .description(let error): "\(source): \(error)"
    case .noFigure(let figure):
      "\(source) has no figure \(figure.path). Choose another; 'tally help sweep' names some."
    case .notSteady(let figure, let key):
      "\(figure.path) does not move steadily with \(key). Give --between FROM:TO with at most "
        + "1048576 values, and each is tried."
    case .notSolvable(let key, let reason):
      "\(key) cannot be solved for, because \(reason). Name another size, or --between FROM:TO."
    case .disagreement(let what):
      "A defect of the program: the compiled and the plain evaluation differ at \(what)."
    }
  }
}

extension String {
  /// The text with control characters written out, so that no file can steer the terminal.
  fileprivate var printable: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
          guard scalar.properties.generalCategory == .control else { return [scalar] }
          return Array("\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
        })
    ).capped(to: 2000)
  }

  /// The text, shortened if it is too long to be read in a message.
  fileprivate var capped: String { capped(to: 200) }

  private func capped(to length: Int) -> String {
    count <= length ? self : "\(prefix(length))…"
  }
}
