import Architecture
import JSON
import Symbolic
import Wording

/// What can go wrong between the command line and the report, with the exit code of the contract.
enum Failure: Error, Hashable {
  /// A MODEL that is neither a preset nor a path.
  case noSuchModel(String, nearest: String?)
  case unreadable(path: String, reason: String)
  case noConfiguration(folder: String)
  case notJSON(source: String, JSONSyntaxError)
  case notAnObject(source: String)
  case description(source: String, DescriptionError)
  case badSetting(String)

  var exitCode: Int32 {
    switch self {
    case .noSuchModel, .unreadable, .noConfiguration: 66
    case .notJSON, .notAnObject, .description: 65
    case .badSetting: 64
    }
  }

  var message: String {
    switch self {
    case .noSuchModel(let name, let nearest):
      "'\(name)' is neither a preset nor a file."
        + (nearest.map { " Did you mean '\($0)'?" } ?? " 'tally presets' lists the presets.")
    case .unreadable(let path, let reason):
      "\(path) cannot be read: \(reason). Check the path and its permissions."
    case .noConfiguration(let folder):
      "The folder \(folder) holds no config.json. Name a configuration file, or another folder."
    case .notJSON(let source, let error):
      "\(source) is not JSON: \(error). Correct the file."
    case .notAnObject(let source):
      "\(source) holds no JSON object. A configuration is an object of keys and values."
    case .description(let source, let error): "\(source): \(error)"
    case .badSetting(let text):
      "'\(text)' is not valid for --set: expected KEY=VALUE, as in --set num_hidden_layers=2."
    }
  }

  static func describe(_ error: any Error) -> (exitCode: Int32, message: String) {
    switch error {
    case let failure as Failure: (failure.exitCode, failure.message)
    case let error as DescriptionError: (65, "\(error)")
    case let error as ArithmeticError: (65, "\(error)")
    default: (70, "A defect of the program: \(error)")
    }
  }
}
