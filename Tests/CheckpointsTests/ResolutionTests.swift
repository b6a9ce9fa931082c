import Testing

@testable import Checkpoints

/// Where the numbers of each map stand, in the forms in which experts are stored.
///
/// The numbers of a tensor are 1, 2, 3, … in memory order; what a map has of them was written down by
/// hand. There are two experts, three numbers go in, and two stand inside.
@Suite struct ResolutionTests {
  /// A file of tensors in BF16, whose numbers count up from one.
  private static func checkpoint(
    _ tensors: [(String, [Int])], form: String = "BF16"
  ) throws -> (Folder, Checkpoint) {
    let folder = try Folder()
    var entries: [String] = []
    var data: [UInt8] = []
    for (name, shape) in tensors {
      let start = data.count
      for number in 1...shape.reduce(1, *) {
        let bits = UInt16(Float(number).bitPattern >> 16)
        data += [UInt8(bits & 0xFF), UInt8(bits >> 8)]
      }
      entries.append(
        "\"\(name)\": {\"dtype\": \"\(form)\", \"shape\": \(shape), "
          + "\"data_offsets\": [\(start), \(data.count)]}")
    }
    try folder.write(
      "model.safetensors", safetensors("{\(entries.joined(separator: ", "))}", data))
    return (folder, try Checkpoint(folder: folder.path))
  }

  private static func numbers(_ view: TensorView?) -> [Float] {
    guard let view else { return [] }
    return [Float](unsafeUninitializedCapacity: view.count) { buffer, count in
      if let start = buffer.baseAddress { view.read(0..<view.count, into: start) }
      count = view.count
    }
  }

  /// The part of the second expert.
  private static func expert(
    _ name: String, _ map: WantedTensor.Expert.Map, isBias: Bool = false,
    stack: WantedTensor.Stack? = nil
  ) -> WantedTensor {
    let (input, output) =
      switch map {
      case .gateAndUp: (3, 4)
      case .gate, .up, .inner: (3, 2)
      case .down: (2, 3)
      }
    let path = "model.layers.0.mlp.experts.1"
    return WantedTensor(
      "\(path).\(name).\(isBias ? "bias" : "weight")",
      shape: isBias ? [output] : [output, input],
      expert: WantedTensor.Expert(
        mixture: "model.layers.0.mlp", path: path, number: 1, count: 2, map: map, isBias: isBias,
        input: input, output: output, stack: stack))
  }

  private static func resolved(
    _ wanted: WantedTensor, _ tensors: [(String, [Int])], form: String = "BF16"
  ) throws -> [Float] {
    let (folder, checkpoint) = try checkpoint(tensors, form: form)
    let resolution = try Resolution(
      [wanted], in: checkpoint, frame: .init(layersPath: "model.layers", layers: 1))
    return withExtendedLifetime(folder) { numbers(resolution.views[wanted.name]) }
  }

  static let list = "model.layers.0.mlp.experts"

  @Test("A stack whose experts stand [output, input]")
  func stacked() throws {
    let stack = WantedTensor.Stack(
      name: "\(Self.list).gate_up_proj", shape: [2, 4, 3], isTransposed: false)
    #expect(
      try Self.resolved(
        Self.expert("gate_up_proj", .gateAndUp, stack: stack), [(stack.name, [2, 4, 3])])
        == [13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24])
  }

  @Test("A stack whose experts stand [input, output], as Llama 4 has it")
  func transposed() throws {
    let both = WantedTensor.Stack(
      name: "\(Self.list).gate_up_proj", shape: [2, 3, 4], isTransposed: true)
    #expect(
      try Self.resolved(
        Self.expert("gate_up_proj", .gateAndUp, stack: both), [(both.name, [2, 3, 4])])
        == [13, 17, 21, 14, 18, 22, 15, 19, 23, 16, 20, 24])
    let down = WantedTensor.Stack(
      name: "\(Self.list).down_proj", shape: [2, 2, 3], isTransposed: true)
    #expect(
      try Self.resolved(Self.expert("down_proj", .down, stack: down), [(down.name, [2, 2, 3])])
        == [7, 10, 8, 11, 9, 12])
  }

  @Test("All rows of all experts one after another, as DBRX has them")
  func flat() throws {
    let gate = WantedTensor.Stack(name: "\(Self.list).w1", shape: [4, 3], isTransposed: false)
    #expect(
      try Self.resolved(Self.expert("w1", .gate, stack: gate), [(gate.name, [4, 3])])
        == [7, 8, 9, 10, 11, 12])
    let down = WantedTensor.Stack(name: "\(Self.list).w2", shape: [4, 3], isTransposed: true)
    #expect(
      try Self.resolved(Self.expert("w2", .down, stack: down), [(down.name, [4, 3])])
        == [7, 10, 8, 11, 9, 12])
  }

  @Test("Gate and map up by themselves, from what holds both")
  func halves() throws {
    for (map, expected) in [
      (WantedTensor.Expert.Map.gate, [13, 14, 15, 16, 17, 18]),
      (.up, [19, 20, 21, 22, 23, 24]),
    ] as [(WantedTensor.Expert.Map, [Float])] {
      #expect(
        try Self.resolved(
          Self.expert("x", map), [("\(Self.list).gate_up_proj", [2, 4, 3])]) == expected)
      #expect(
        try Self.resolved(
          Self.expert("x", map), [("\(Self.list).1.gate_up_proj.weight", [4, 3])])
          == expected.map { $0 - 12 })
    }
    #expect(
      try Self.resolved(Self.expert("x", .inner), [("\(Self.list).up_proj", [2, 2, 3])])
        == [7, 8, 9, 10, 11, 12])
  }

  @Test("Both in one, from gate and map up by themselves")
  func joined() throws {
    for names in [("gate_proj", "up_proj"), ("w1", "w3")] {
      #expect(
        try Self.resolved(
          Self.expert("gate_up_proj", .gateAndUp),
          [
            ("\(Self.list).1.\(names.0).weight", [2, 3]),
            ("\(Self.list).1.\(names.1).weight", [2, 3]),
          ]) == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])
    }
  }

  @Test("Pieces that follow each other, and a map that is stored [input, output]")
  func others() throws {
    #expect(
      try Self.resolved(
        WantedTensor("model.layers.0.n.weight", shape: [2], pieces: ["model.a.0", "model.a.1"]),
        [("model.a.0", [2]), ("model.a.1", [2])]) == [1, 2, 1, 2])
    #expect(
      try Self.resolved(
        WantedTensor("model.layers.0.c.weight", shape: [2, 3], isTransposed: true),
        [("model.layers.0.c.weight", [2, 3])]) == [1, 4, 2, 5, 3, 6])
  }

  @Test("Numbers in a form that is not read are refused, where somebody needs them")
  func form() throws {
    let wanted = WantedTensor("model.layers.0.a", shape: [2])
    let error = #expect(throws: CheckpointError.self) {
      try Self.resolved(wanted, [("model.layers.0.a", [2])], form: "I16")
    }
    guard case .unread(_, "model.layers.0.a", "I16") = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(
      "\(error.map { "\($0)" } ?? "")".hasSuffix(
        "the tensor 'model.layers.0.a' holds I16, which is not read. Save the weights as F32, F16 or BF16."
      ))
    let stack = WantedTensor.Stack(
      name: "\(Self.list).down_proj", shape: [2, 3, 2], isTransposed: false)
    #expect(throws: CheckpointError.self) {
      try Self.resolved(Self.expert("down_proj", .down, stack: stack), [(stack.name, [3, 2, 2])])
    }
  }
}
