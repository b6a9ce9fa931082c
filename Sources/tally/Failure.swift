import Architecture
import JSON
import Reference
import Symbolic
import Wording

/// What can go wrong between the command line and the report, with its exit code.
enum Failure: Error, Hashable {
  /// A MODEL that is neither a preset nor a path.
  case noSuchModel(String, nearest: String?)
  case unreadable(String, reason: String)
  case noConfiguration(folder: String)
  case notJSON(source: String, JSONSyntaxError)
  case notAnObject(source: String)
  case description(source: String, DescriptionError)
  case badSetting(String)
  case execution(source: String, ExecutionError)
  case unwritable(String, reason: String)

  var exitCode: Int32 {
    switch self {
    case .noSuchModel, .unreadable, .noConfiguration: 66
    case .notJSON, .notAnObject, .description, .execution: 65
    case .badSetting: 64
    case .unwritable: 73
    }
  }

  var message: String {
    switch self {
    case .noSuchModel(let name, let nearest):
      "'\(name.capped)' is neither a preset nor a file."
        + (nearest.map { " Did you mean '\($0)'?" } ?? " 'tally presets' lists the presets.")
    case .unreadable(let source, let reason):
      "\(source.capped) cannot be read: \(reason). Name a configuration file that can."
    case .noConfiguration(let folder):
      "The folder \(folder.capped) holds no config.json. Name a configuration file, or another folder."
    case .notJSON(let source, let error):
      "\(source.capped) is not JSON: \(error). Correct the file."
    case .notAnObject(let source):
      "\(source.capped) holds no JSON object. A configuration is an object of keys and values."
    case .description(let source, let error): "\(source.capped): \(error)"
    case .execution(let source, let error): "\(source.capped): \(error)"
    case .unwritable(let path, let reason):
      "\(path.capped) cannot be written: \(reason). Name another file."
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
