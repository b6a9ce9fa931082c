package import Symbolic

/// A sequence mixer that carries a state from token to token, and says what a pass does with it.
package protocol RecurrentPart: Hashable, Sendable {
  /// A short word for the layers that have it, as a subscript of *L*.
  static var label: String { get }

  /// The place of its maps among those of the model: mixers, or attention.
  static var place: Role.Place { get }

  /// The width of the stream.
  var width: Formula { get }

  /// Its tensors, in the order in which they are listed.
  var weights: [Weight] { get }

  /// The name in the configuration of a function that it applies, if it has a choice.
  var activation: String? { get }

  /// Changes each of its norms.
  mutating func changeNorms(_ change: (inout Normalization) -> Void)

  /// From a normalized stream to what is added to it.
  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value
}

extension RecurrentPart {
  /// Mixers, unless a part says otherwise.
  package static var place: Role.Place { .mixer }
  /// None, unless a part says otherwise.
  package var activation: String? { nil }

  /// Changes nothing, in a part without norms.
  package mutating func changeNorms(_ change: (inout Normalization) -> Void) {}
}

/// A sequence mixer that is not softmax attention, with one case for each algorithm.
package enum RecurrentMixer: Hashable, Sendable {
  case shortConvolution(ShortConvolution)
  case selective(SelectiveStateSpace)
  case duality(DualStateSpace)
  case gatedDelta(DeltaMixer<Scan.GatedDelta>)
  case channelDelta(DeltaMixer<Scan.ChannelDelta>)
  case lightning(LightningMixer)
  case matrixMemory(MatrixMemoryMixer)
  case receptance(ReceptanceMixer)
  case gatedUnit(GatedRecurrentUnit)

  private var part: any RecurrentPart {
    switch self {
    case .shortConvolution(let part): part
    case .selective(let part): part
    case .duality(let part): part
    case .gatedDelta(let part): part
    case .channelDelta(let part): part
    case .lightning(let part): part
    case .matrixMemory(let part): part
    case .receptance(let part): part
    case .gatedUnit(let part): part
    }
  }

  /// A short word for layers with this mixer, as a subscript of *L*.
  package var label: String { type(of: part).label }
  /// The place of its maps among those of the model.
  package var place: Role.Place { type(of: part).place }
  /// The tensors, in the order in which they are listed.
  package var weights: [Weight] { part.weights }
  /// The name in the configuration of the function that it applies, if it has a choice.
  package var activation: String? { part.activation }

  /// Changes each of its norms.
  package mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    switch self {
    case .shortConvolution, .receptance, .gatedUnit: break
    case .selective(var part):
      part.changeNorms(change)
      self = .selective(part)
    case .duality(var part):
      part.changeNorms(change)
      self = .duality(part)
    case .gatedDelta(var part):
      part.changeNorms(change)
      self = .gatedDelta(part)
    case .channelDelta(var part):
      part.changeNorms(change)
      self = .channelDelta(part)
    case .lightning(var part):
      part.changeNorms(change)
      self = .lightning(part)
    case .matrixMemory(var part):
      part.changeNorms(change)
      self = .matrixMemory(part)
    }
  }

  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value { part.lower(x, &program) }

  /// What it does with a stream `[T, d]`.
  package var program: Program {
    ProgramBuilder.program(width: part.width) { x, program in
      program.within("", place, .recurrent(self)) { lower(x, &$0) }
    }
  }
}

extension Module {
  /// Whether it carries a state and is no attention.
  package var isMixer: Bool {
    switch self {
    case .recurrent: true
    case .embedding, .normalization, .linear, .head, .selfAttention, .latentAttention,
      .compressedAttention,
      .feedForward, .mixtureOfExperts, .depthRouter, .idle, .stream:
      false
    }
  }
}

extension Module {
  /// Whether it convolves what it is given with what came before, and is no mixer.
  var convolves: Bool {
    switch self {
    case .stream(.convolution), .stream(.ngrams): true
    case .selfAttention(let attention): !attention.skipConvolutions.isEmpty
    case .embedding, .normalization, .linear, .head, .latentAttention, .compressedAttention,
      .feedForward, .mixtureOfExperts, .depthRouter, .idle, .recurrent, .stream:
      false
    }
  }
}

/// A gated short convolution: `output(C ∘ conv(B ∘ x))`, where one map gives B, C and x.
///
/// - Source: Liquid AI 2025 (LFM2).
package struct ShortConvolution: RecurrentPart {
  /// The subscript of *L* for layers with this mixer.
  package static let label = "conv"

  /// From the stream to B, C and x, side by side.
  package var input: Linear
  /// The convolution over the product of B and x.
  package var convolution: CausalConvolution
  /// From the product with C back to the stream.
  package var output: Linear

  package init(input: Linear, convolution: CausalConvolution, output: Linear) {
    self.input = input
    self.convolution = convolution
    self.output = output
  }

  /// The width of the stream, *d*.
  package var width: Formula { input.input }

  /// The two maps and the convolution.
  package var weights: [Weight] {
    [input, output].weights(.mixer) + convolution.weights(.mixer)
  }
}

/// A selective state space: a state for each channel, whose decay follows from the token.
///
/// - Source: Gu and Dao 2023, <https://arxiv.org/abs/2312.00752>.
package struct SelectiveStateSpace: RecurrentPart {
  /// The subscript of *L* for layers with this mixer.
  package static let label = "mamba"

  /// How the time step of each channel, and B and C of the state, come from the convolved elements.
  package struct Selection: Hashable, Sendable {
    /// To the time step in a low rank, B and C, side by side; perhaps head by head.
    package var map: RowMap
    /// From the low rank to the time step of each channel, with its bias.
    package var stepMap: RowMap
    /// The rank of the time step, in each head.
    package var rank: Formula
    /// The norm of the time step in its low rank, as Jamba has it.
    package var stepNorm: Normalization?
    /// The norm of B.
    package var inputNorm: Normalization?
    /// The norm of C.
    package var outputNorm: Normalization?

    package init(map: RowMap, stepMap: RowMap, rank: Formula) {
      self.map = map
      self.stepMap = stepMap
      self.rank = rank
    }
  }

  /// From the stream to the elements of the channels and those of the gate.
  package var input: Linear
  /// Whether these take turns, number by number, and do not stand side by side.
  package var takesTurns = false
  /// The short convolution of the channels, before the selection.
  package var convolution: CausalConvolution
  /// The function behind the convolution, by its name in the configuration; that of the gate is
  /// `silu` in any case.
  package var activation: String?
  /// The maps to time step, B and C.
  package var selection: Selection
  /// The recurrence, with A and D.
  package var scan: Scan.Selective
  /// From the gated channels back to the stream.
  package var output: Linear

  package init(
    input: Linear, convolution: CausalConvolution, activation: String, selection: Selection,
    scan: Scan.Selective, output: Linear
  ) {
    self.input = input
    self.convolution = convolution
    self.activation = activation
    self.selection = selection
    self.scan = scan
    self.output = output
  }

  /// The width of the stream, *d*.
  package var width: Formula { input.input }

  /// The tensors: maps, the convolution, norms of the selection, A and D.
  package var weights: [Weight] {
    input.weights(.mixer) + selection.map.weights(.mixer) + selection.stepMap.weights(.mixer)
      + output.weights(.mixer) + convolution.weights(.mixer)
      + [selection.stepNorm, selection.inputNorm, selection.outputNorm].flatMap {
        $0?.weights(.mixer) ?? []
      } + [scan.rates, scan.skip]
  }

  /// Changes the norms of time step, B and C.
  package mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    for norm in [\Selection.stepNorm, \.inputNorm, \.outputNorm] {
      guard var changed = selection[keyPath: norm] else { continue }
      change(&changed)
      selection[keyPath: norm] = changed
    }
  }
}

/// A state space with heads: one decay for each head, and B and C for each group of them.
///
/// - Source: Dao and Gu 2024, <https://arxiv.org/abs/2405.21060>.
package struct DualStateSpace: RecurrentPart {
  /// The subscript of *L* for layers with this mixer.
  package static let label = "mamba2"

  /// What the pieces of the input map are multiplied by.
  package struct Scales: Hashable, Sendable {
    /// The factor of the gate.
    package var gate: Constant
    /// The factor of x.
    package var values: Constant
    /// The factor of B.
    package var inputs: Constant
    /// The factor of C.
    package var outputs: Constant
    /// The factor of the time steps.
    package var steps: Constant

    package init(
      gate: Constant, values: Constant, inputs: Constant, outputs: Constant, steps: Constant
    ) {
      self.gate = gate
      self.values = values
      self.inputs = inputs
      self.outputs = outputs
      self.steps = steps
    }
  }

  /// From the stream to the gate, to x, B and C, and to the time steps, side by side.
  package var input: Linear
  /// What these pieces are multiplied by, if anything.
  package var scales: Scales?
  /// Of x, B and C, side by side.
  package var convolution: CausalConvolution
  /// The function behind the convolution, by its name in the configuration; that of the gate is
  /// `silu` in any case.
  package var activation: String?
  /// The recurrence, with A, D and the bias of the time step.
  package var scan: Scan.Duality
  /// The norm of the output, each group of heads by itself.
  package var norm: Normalization?
  /// Whether the output has its norm before the gate, and not after it.
  package var normPrecedesGate = false
  /// From the gated heads back to the stream.
  package var output: Linear

  package init(
    input: Linear, convolution: CausalConvolution, activation: String, scan: Scan.Duality,
    norm: Normalization?, output: Linear
  ) {
    self.input = input
    self.convolution = convolution
    self.activation = activation
    self.scan = scan
    self.norm = norm
    self.output = output
  }

  /// The width of the stream, *d*.
  package var width: Formula { input.input }

  /// The tensors: maps, the convolution, the norm, A, D and the bias of the time step.
  package var weights: [Weight] {
    [input, output].weights(.mixer) + convolution.weights(.mixer)
      + (norm?.weights(.mixer) ?? []) + [scan.rates, scan.skip, scan.stepBias]
  }

  /// Changes the norm of its output, if it has one.
  package mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    guard var changed = norm else { return }
    change(&changed)
    norm = changed
  }
}

/// A real-gated linear recurrent unit behind a short convolution, under a gate from the stream.
///
/// - Source: De et al. 2024 (Griffin), §2.3 and §2.4, <https://arxiv.org/abs/2402.19427>.
package struct GatedRecurrentUnit: RecurrentPart {
  /// The subscript of *L* for layers with this mixer.
  package static let label = "recurrent"

  /// From the stream to the gate, to which `activation` is applied.
  package var gate: Linear
  /// From the stream to what is convolved.
  package var input: Linear
  /// The short convolution of what is written.
  package var convolution: CausalConvolution
  /// To the gate of what is written, and to that of what is kept; each head by itself.
  package var inputGate: HeadwiseLinear
  /// The gate of what is kept, *r*: a block-diagonal map, one block for each head.
  package var recurrentGate: HeadwiseLinear
  /// The recurrence, with Λ.
  package var scan: Scan.GatedUnit
  /// From the gated state back to the stream.
  package var output: Linear
  /// The function of the gate, by its name in the configuration.
  package var activation: String?

  package init(
    gate: Linear, input: Linear, convolution: CausalConvolution, inputGate: HeadwiseLinear,
    recurrentGate: HeadwiseLinear, scan: Scan.GatedUnit, output: Linear, activation: String
  ) {
    self.gate = gate
    self.input = input
    self.convolution = convolution
    self.inputGate = inputGate
    self.recurrentGate = recurrentGate
    self.scan = scan
    self.output = output
    self.activation = activation
  }

  /// The width of the stream, *d*.
  package var width: Formula { input.input }

  /// The tensors: maps, the convolution, Λ, and both block-diagonal gates.
  package var weights: [Weight] {
    [gate, input, output].weights(.mixer) + convolution.weights(.mixer) + [scan.rates]
      + inputGate.weights + recurrentGate.weights
  }
}
