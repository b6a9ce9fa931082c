/// A checkpoint beside the tensors of the model that its configuration describes.
///
/// Only headers are read: names, shapes, forms and sizes.
package struct Audit: Sendable {
  /// A tensor that is not as the model has it.
  package struct Difference: Hashable, Sendable {
    /// The name of the tensor.
    package var name: String
    /// What the file holds: a shape, or a form.
    package var found: String
    /// What the model has.
    package var expected: String
  }

  /// A tensor that is left out on purpose, and why.
  package struct LeftOut: Hashable, Sendable {
    /// The name of the tensor, or a pattern for several.
    package var name: String
    /// Why it is left out.
    package var reason: String
  }

  /// Weights in one form: plain numbers, or a packing.
  package struct Form: Hashable, Sendable {
    /// What the form is called.
    package var words: String
    /// The tensors that hold the weights.
    package var tensors = 0
    /// The weights that they stand for.
    package var weights = 0
    /// Their bytes, with those of scales and zero points.
    package var bytes = 0
  }

  /// The form in which numbers are expected that are not packed.
  package enum ExpectedForm: Sendable {
    /// That of a configuration.
    case stated(NumberForm)
    /// That of most weights.
    case commonest
    /// Any, as in files that mix them on purpose.
    case any
  }

  /// The number of files.
  package private(set) var files = 0
  /// The tensors that the model has, each expert's by itself.
  package private(set) var expected = 0
  /// The tensors of all files.
  package private(set) var found = 0
  /// Tensors of the model that no file holds.
  package private(set) var missing: [String] = []
  /// Tensors that the model does not have, and that nothing explains.
  package private(set) var unexpected: [String] = []
  /// Tensors of another shape than the model gives them.
  package private(set) var wrongShapes: [Difference] = []
  /// Tensors in another form than the configuration states.
  package private(set) var wrongTypes: [Difference] = []
  /// Tensors that are left out on purpose.
  package private(set) var leftOut: [LeftOut] = []
  /// Tensors that are kept in 32 bits where the others have fewer.
  package private(set) var wide: [String] = []
  /// Every form of weights, the largest first.
  package private(set) var forms: [Form] = []
  /// The weights that the tensors of the model stand for, buffers left out.
  package private(set) var logical = 0
  /// The elements of all tensors, as they are stored.
  package private(set) var stored = 0
  /// The bytes that the tensors of the model take by their shapes and forms.
  package private(set) var computed = 0
  /// The bytes of all tensors, and of the headers before them.
  package private(set) var onDisk = 0
  /// The bytes of the headers.
  package private(set) var headers = 0
  /// The bytes of tensors that are left out on purpose.
  package private(set) var leftOutBytes = 0

  /// Whether every difference between the files and the model is explained.
  package var agrees: Bool {
    missing.isEmpty && unexpected.isEmpty && wrongShapes.isEmpty && wrongTypes.isEmpty
      && computed + leftOutBytes == onDisk
  }

  /// Compares a checkpoint with the tensors that a model has.
  ///
  /// - `form`: the form in which numbers are expected.
  package init(
    _ wanted: [WantedTensor], in checkpoint: Checkpoint, frame: Resolution.Frame,
    form: ExpectedForm
  ) {
    let matching = Matching(wanted, in: checkpoint, frame: frame)
    files = checkpoint.files.count
    expected = wanted.reduce(0) { $0 + ($1.isOptional ? 0 : max(1, $1.pieces.count)) }
    found = checkpoint.tensorCount
    stored = checkpoint.tensors.values.reduce(0) { $0 + $1.count }
    onDisk = checkpoint.tensors.values.reduce(0) { $0 + $1.size }
    headers = checkpoint.size - onDisk
    missing = matching.missing
    let held = matching.held.sorted { $0.key < $1.key }.map(\.value)
    let expected: NumberForm? =
      switch form {
      case .stated(let form): form
      case .commonest: Self.commonest(held)
      case .any: nil
      }
    var forms: [String: Form] = [:]
    for holding in held {
      count(holding, expected, into: &forms)
      if holding.wanted?.isBuffer != true { logical += holding.count }
    }
    self.forms = forms.values.sorted { ($0.weights, $1.words) > ($1.weights, $0.words) }
    for problem in matching.problems { note(problem) }
    for rest in matching.rest {
      guard let reason = rest.reason else {
        unexpected.append(rest.name)
        continue
      }
      leftOut.append(LeftOut(name: rest.name, reason: reason.words))
      leftOutBytes += checkpoint.tensors[rest.name]?.size ?? 0
    }
  }

  /// The form of most weights that are not packed.
  private static func commonest(_ held: [Holding]) -> NumberForm? {
    var counts: [NumberForm: Int] = [:]
    for holding in held where holding.packing == nil {
      counts[holding.tensor.form, default: 0] += holding.count
    }
    return counts.max { ($0.value, $1.key.name) < ($1.value, $0.key.name) }?.key
  }

  private mutating func count(
    _ holding: Holding, _ expected: NumberForm?, into forms: inout [String: Form]
  ) {
    let tensor = holding.tensor
    var bytes = tensor.size
    let words: String
    if let packing = holding.packing {
      bytes += packing.companions.reduce(0) { $0 + $1.size }
      words = packing.words(of: holding.shape)
      computed += bytes
    } else {
      words = tensor.form.name
      if holding.wanted?.isBuffer == true || expected == nil {
        computed += tensor.size
      } else if let expected, tensor.form != expected {
        if tensor.form == .float32,
          holding.wanted?.staysWide == true || Self.isKeptWide(tensor.name)
        {
          wide.append(tensor.name)
          computed += tensor.size
        } else {
          wrongTypes.append(
            Difference(name: tensor.name, found: tensor.form.name, expected: expected.name))
          computed += holding.count * (expected.bits ?? 0) / 8
        }
      } else {
        computed += holding.count * (tensor.form.bits ?? 0) / 8
      }
    }
    var form = forms[words] ?? Form(words: words)
    form.tensors += 1
    form.weights += holding.count
    form.bytes += bytes
    forms[words] = form
  }

  private mutating func note(_ problem: Matching.Problem) {
    switch problem {
    case .shape(let tensor, let shapes):
      wrongShapes.append(
        Difference(
          name: tensor.name, found: "\(tensor.form) \(tensor.shape)",
          expected: shapes.map { "\($0)" }.joined(separator: " or ")))
    case .form(let tensor):
      // Where the form is not the expected one it is listed already.
      guard !wrongTypes.contains(where: { $0.name == tensor.name }) else { return }
      wrongTypes.append(
        Difference(
          name: tensor.name, found: tensor.form.name, expected: "weights in floating point"))
    }
  }

  /// What classes keep in 32 bits when a model is loaded in fewer, so that checkpoints have it so.
  ///
  /// - Source: transformers 5.23.0, `_keep_in_fp32_modules` and `_keep_in_fp32_modules_strict`.
  private static func isKeptWide(_ name: String) -> Bool {
    let parts = name.split(separator: ".").map(String.init)
    return parts.contains { wideParts.contains($0) }
      || wideEnds.contains { name.hasSuffix($0) }
  }

  private static let wideParts: Set<String> = [
    "A_log", "D", "dt_bias", "sinks", "time_decay", "time_first",
  ]
  private static let wideEnds = ["indexer.weights_proj.weight"]
}

extension Matching.Reason {
  fileprivate var words: String {
    switch self {
    case .made: "follows from the configuration"
    case .tied(let table): "is the head, which the configuration ties to '\(table)'"
    case .predictsMore: "is of a layer that predicts several tokens"
    case .unread: "is read by no pass"
    case .tower: "is of a part for images or sound"
    }
  }
}
