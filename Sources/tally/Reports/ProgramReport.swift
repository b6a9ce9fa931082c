import Architecture
import JSON
import Symbolic

/// The programs of a model: what is done before the layers, in each kind of layer, and after them.
struct ProgramReport {
  let model: Model
  let programs: [Listed]

  struct Listed {
    /// The layers that the program is of; nil before and after all of them.
    let layers: LayerGroup.Indices?
    let title: String
    let lines: [Line]
  }

  /// A step, and how deep it stands in programs inside programs.
  struct Line {
    let depth: Int
    let step: Step
    let result: String
    let words: String
    let inputs: [String]
    let rows: String
  }

  /// - Throws: `DescriptionError.operationsUnknown` where only the parameters are described.
  init(_ model: Model) throws(DescriptionError) {
    if let gap = model.operationGap {
      throw .operationsUnknown(modelType: model.modelType, missing: gap)
    }
    self.model = model
    var programs: [Listed] = []
    if let entrance = model.entrance {
      programs.append(Listed(layers: nil, title: "Before the layers", lines: Self.lines(entrance)))
    }
    for group in model.groups {
      programs.append(
        Listed(
          layers: group.indices, title: Self.title(group.indices),
          lines: Self.lines(group.layer.program)))
    }
    programs.append(
      Listed(layers: nil, title: "After the layers", lines: Self.lines(model.exit)))
    self.programs = programs
  }

  private static func title(_ indices: LayerGroup.Indices) -> String {
    switch indices {
    case .range(let first, let end): "Layers \(first) to \(end - 1)"
    case .listed(let list) where list.count == 1: "Layer \(list[0])"
    case .listed(let list): "Layers " + list.map { "\($0)" }.joined(separator: ", ")
    }
  }

  /// The steps of a program, with those of the programs inside behind the step that runs them.
  private static func lines(
    _ program: Program, depth: Int = 0, name prefix: String = "x", rows: String = "T"
  ) -> [Line] {
    func name(_ value: Value) -> String { "\(prefix)\(value.id)" }
    return program.steps.flatMap { step -> [Line] in
      let own = Line(
        depth: depth, step: step, result: name(step.result), words: step.operation.words(name),
        inputs: step.operation.operands.map(name),
        rows: step.operation.rowsOfWeights ?? rows)
      switch step.operation {
      case .experts(_, _, let experts):
        return [own] + lines(experts.body, depth: depth + 1, name: "e", rows: "m")
      case .enter(_, _, let entrance):
        let decides = entrance.predictor.map {
          lines($0, depth: depth + 1, name: "p", rows: rows)
        }
        return [own] + (decides ?? [])
          + lines(entrance.body, depth: depth + 1, name: "y", rows: "n")
          + (entrance.otherwise.map { lines($0, depth: depth + 1, name: "z", rows: "T - n") } ?? [])
      case .lookUp, .product, .addBias, .addVector, .normalize, .divide, .affine, .shift,
        .sumParts, .balance, .slice, .rotate, .keep, .attend, .multiplyVector, .leave, .take,
        .productOfHeads,
        .activate, .gate, .add, .scale, .bound, .clip, .route, .weigh, .last, .join,
        .keepLatents, .keepIndex, .compress, .indexEntries, .attendEntries, .groupedProduct,
        .meanBlocks, .indexBlocks, .index,
        .attendLatents, .positionFactor, .elements, .exponentials, .subtract, .convolve,
        .scan, .repeat, .previous, .quotient, .interpolate, .blend,
        .mixStreams, .magnitude, .rescale, .pairScores, .convolveHeads, .delay, .mapChosen,
        .exceed, .shorten, .attendDepth, .convolveByToken, .lookUpNgrams, .dot, .assign,
        .received, .scoresAboveSinks, .confide:
        return [own]
      }
    }
  }
}

extension Operation {
  /// The rows of a result that is of weights alone, and has none for each token.
  fileprivate var rowsOfWeights: String? {
    if case .exponentials = self { return "1" }
    if case .leave(_, .angleFactors) = self { return "1" }
    if case .elements = self { return "all" }
    if case .leave(_, .positionScores) = self { return "all" }
    if case .take(.positionScores) = self { return "all" }
    return nil
  }
}

extension ProgramReport.Line {
  var shape: String { "[\(rows), \(step.result.width)]" }
}

// MARK: - Forms

extension ProgramReport {
  private static let legend =
    "T tokens come in; m of them meet an expert, n enter a routed layer. d is the width of the stream."

  var plain: String {
    var text = "\(model.name)\n"
    for program in programs {
      text += "\n\(program.title)\n"
      let widths = (
        program.lines.map { $0.result.count + 2 * $0.depth }.max() ?? 0,
        program.lines.map(\.shape.count).max() ?? 0
      )
      for line in program.lines {
        let result = String(repeating: "  ", count: line.depth) + line.result
        text += "  \(result.padded(widths.0))  \(line.shape.padded(widths.1))  \(line.words)"
        text += line.step.path.isEmpty ? "\n" : "   # \(line.step.path)\n"
      }
    }
    return text + "\n\(Self.legend)\n"
  }

  var markdown: String {
    var text = "## \(model.name)\n"
    for program in programs {
      text +=
        "\n### \(program.title)\n\n| value | shape | operation | tensors under |\n|---|---|---|---|\n"
      for line in program.lines {
        let cells = [
          String(repeating: "· ", count: line.depth) + line.result, line.shape, line.words,
          line.step.path,
        ]
        let escaped = cells.map { $0.replacing("|", with: "\\|") }
        text += "| \(escaped.joined(separator: " | ")) |\n"
      }
    }
    return text + "\n\(Self.legend)\n"
  }

  var json: [JSONValue] {
    programs.map { program in
      .object([
        "model": .string(model.name), "layers": program.layers.map(Self.json) ?? .null,
        "title": .string(program.title),
        "operations": .array(
          program.lines.map { line in
            .object([
              "result": .string(line.result), "operation": .string(line.step.operation.kind),
              "inputs": .array(line.inputs.map { .string($0) }),
              "shape": .array([.string(line.rows), .string("\(line.step.result.width)")]),
              "role": .string("\(line.step.role.place).\(line.step.role.piece)"),
              "path": .string(line.step.path), "words": .string(line.words),
              "depth": .integer(Int128(line.depth)),
            ])
          }),
      ])
    }
  }

  private static func json(_ indices: LayerGroup.Indices) -> JSONValue {
    switch indices {
    case .listed(let list): .array(list.map { .integer(Int128($0)) })
    case .range(let first, let end):
      .object(["first": .string("\(first)"), "end": .string("\(end)")])
    }
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
