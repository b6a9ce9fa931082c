package import Symbolic

/// A module that can stand in a model, and how its tensors are listed.
package indirect enum Module: Hashable, Sendable {
  case embedding(Embedding)
  case normalization(Normalization)
  /// A projection around the stack of layers.
  case linear(Linear)
  /// The projection onto the vocabulary; a tied one shares its weight with the token table.
  case head(Linear, isTied: Bool)
  case selfAttention(SelfAttention)
  case latentAttention(LatentAttention)
  case compressedAttention(CompressedAttention)
  case feedForward(FeedForward)
  case mixtureOfExperts(MixtureOfExperts)
  case depthRouter(DepthRouter)
  /// Tensors that are built, and that no pass of text reads.
  case idle([Weight])
  case recurrent(RecurrentMixer)
  case stream(StreamModule)

  /// The tensors of the module, with their names inside it.
  package var weights: [Weight] {
    switch self {
    case .embedding(let module): module.weights
    case .normalization(let module): module.weights()
    case .linear(let module): module.weights(.mixer)
    case .head(let module, let isTied):
      Array(module.weights(.languageModelHead).dropFirst(isTied ? 1 : 0))
    case .selfAttention(let module): module.weights
    case .latentAttention(let module): module.weights
    case .compressedAttention(let module): module.weights
    case .feedForward(let module): module.weights()
    case .mixtureOfExperts(let module): module.weights
    case .depthRouter(let module): module.weights
    case .idle(let weights): weights.map(\.unread)
    case .recurrent(let module): module.weights
    case .stream(let module): module.weights
    }
  }

  /// A short word for the layers that have this module, as a subscript of *L*.
  package var label: String {
    switch self {
    case .embedding: "emb"
    case .normalization: "norm"
    case .linear: "lin"
    case .head: "head"
    case .selfAttention, .compressedAttention: "attn"
    case .latentAttention: "mla"
    case .feedForward: "dense"
    case .mixtureOfExperts: "moe"
    case .depthRouter: "mod"
    case .idle: "idle"
    case .recurrent(let mixer): mixer.label
    case .stream(let module): module.label
    }
  }

  /// What such a layer has, in words.
  package var meaning: String {
    switch self {
    case .embedding: "a table"
    case .normalization: "a norm of their own"
    case .linear, .head: "a projection"
    case .selfAttention, .compressedAttention: "attention"
    case .latentAttention: "latent attention"
    case .feedForward: "a dense feed-forward layer"
    case .mixtureOfExperts: "experts"
    case .depthRouter: "a depth router"
    case .recurrent: "a mixer"
    case .idle: "tensors that nothing reads"
    case .stream(let module): module.meaning
    }
  }
}

/// A module under its name.
package struct Branch: Hashable, Sendable {
  /// The name inside the layer or the model; empty if the tensors stand directly there.
  package var path: String
  /// The module.
  package var module: Module
  /// How often one pass runs it.
  package var runs: Formula
  /// What goes into it, and what comes out of it, is multiplied by, if anything.
  package var inputScale: Constant?
  /// The factor of what comes out of it, if any.
  package var outputScale: Constant?
  /// The norm of what it returns, which stands beside the branch, if it has one of its own.
  package var outputNorm: Normalization?
  /// The convolution of what it returns, which stands beside the branch, if there is one.
  package var convolution: SkipConvolution?
  /// Whether what it returns is added to the stream behind the last block of its layer, and not to
  /// the answer of its own block.
  package var isBridge = false
  /// Whether it is a part of a layer, although it is listed outside the layers.
  package var isOfLayer = false
  /// Whether its tensors are those of another model beside which this one stands, so that they are run
  /// here and counted there.
  package var isBorrowed = false

  package init(_ path: String, _ module: Module, runs: Formula = 1) {
    self.path = path
    self.module = module
    self.runs = runs
  }

  /// The tensors, with their names inside the layer or the model.
  package var weights: [Weight] { module.weights.map { $0.within(path) } }

  /// Tensors that no pass of text reads.
  package static func idle(_ path: String, _ weights: [Weight]) -> Branch {
    Branch(path, .idle(weights), runs: 0)
  }

  /// The same module under a longer name.
  package func within(_ outer: String) -> Branch {
    var copy = self
    copy.path = path.isEmpty ? outer : "\(outer).\(path)"
    return copy
  }
}

/// One addition to the residual stream: `x + out(Σ branch(in(x)))`, or `in(x) + …`.
///
/// Most blocks have one branch; a parallel block has attention and feed-forward side by side.
package struct Block: Hashable, Sendable {
  /// Norms of what goes in; with several, one for each branch.
  package var inputNorms: [Normalization]
  /// The modules that read the same input and whose outputs are added.
  package var branches: [Branch]
  /// Norms of what comes out, before it is added.
  package var outputNorms: [Normalization]
  /// Whether the output norms are of the sum instead, as in the first transformer.
  package var normsSum: Bool
  /// Whether it works beside the stream: it reads what such a block before it has returned, else the
  /// stream; and what the last of them returns is added to what the next block reads, and not to
  /// the stream.
  package var isAside = false
  /// Whether it reads the stream beside what came into the first layer.
  package var readsFirstStream = false
  /// Whether it adds to what went in behind the norm, and not before it.
  package var keepsNormed = false
  /// Norms of what keys and values of attention are made of, where queries are made of another.
  package var keyNorm: Normalization?
  /// The norm of what values are made of.
  package var valueNorm: Normalization?
  /// How it reads streams of earlier layers, if it does.
  package var depth: DepthReading?
  /// The number under which it leaves the stream as it comes in; its answer begins another.
  package var leavesStream: Int?
  /// How it reads and writes the streams of its layer, where there are several.
  package var connection: StreamConnection?
  /// What is multiplied with what is added, if anything, as Granite's `residual_multiplier`.
  package var scale: Constant?
  /// What the stream is multiplied with before that, if anything.
  package var streamScale: Constant?
  /// The same with learned factors, of the stream and of what is added.
  package var streamFactor: LearnedScale?
  /// The learned factor of what is added.
  package var answerFactor: LearnedScale?
  /// What the stream is multiplied with when the answer has been added, if anything.
  package var sumScale: Constant?

  package init(
    _ inputNorms: [Normalization], _ branches: [Branch], outputNorms: [Normalization] = [],
    normsSum: Bool = false
  ) {
    self.inputNorms = inputNorms
    self.branches = branches
    self.outputNorms = outputNorms
    self.normsSum = normsSum
  }

  /// Whether it adds its answer to one stream and does nothing else to it, so that what some blocks add
  /// can be weighed as a whole.
  var addsPlainly: Bool {
    !isAside && !keepsNormed && !normsSum && depth == nil && leavesStream == nil
      && connection == nil && streamScale == nil && streamFactor == nil && answerFactor == nil
      && sumScale == nil && !branches.contains(where: \.isBridge)
  }
}

/// A layer: residual blocks in sequence, and what decides whether a token enters some of them.
package struct Layer: Hashable, Sendable {
  /// In the order of their first blocks; none overlaps another.
  package var conditions: [ConditionalDepth] = []
  /// The residual blocks, in the order in which they run.
  package var blocks: [Block]
  /// Blocks that run first and whose tensors an earlier layer holds.
  package var repeats: [Block] = []
  /// Parts that several layers run, each a time of its own.
  package struct Sharing: Hashable, Sendable {
    /// Their paths in a layer.
    package var paths: [String]
    /// The layer under whose name a checkpoint holds its tensors.
    package var holder: Int
    /// The number of the time, counted over the model: it chooses what is not shared.
    package var use: Int

    package init(_ paths: [String], holder: Int, use: Int = 0) {
      self.paths = paths
      self.holder = holder
      self.use = use
    }
  }

  /// The parts whose tensors another layer holds.
  package var sharings: [Sharing] = []
  /// What is added to the stream before the first block, and its path.
  package var injection: NgramInjection?
  /// The path of the injection's tensors inside the layer.
  package var injectionPath = "ple"
  /// Parts that are built, and that no pass of text runs.
  package var idle: [Branch] = []
  /// How it keeps several copies of the stream, if there are.
  package var updates: AlternatingUpdate?
  /// The path of its tensors inside the layer.
  package var updatesPath = "altup"
  /// What the stream is multiplied with behind the last block, if anything.
  package var outputScale: LearnedScale?
  /// What the stream is divided by behind all of it, if by anything.
  package var division: Division?
  /// How often one pass runs the whole layer.
  package var runs: Formula = 1

  package init(_ blocks: [Block]) {
    self.blocks = blocks
  }

  private var updateBranches: [Branch] {
    guard let updates else { return [] }
    return [
      Branch(updatesPath, .stream(.alternatingUpdate(updates))),
      Branch("", .stream(.layerInput(updates.input))),
      Branch("", .normalization(updates.inputNorm)),
    ]
  }

  /// How many streams it reads and writes.
  package var streams: Formula {
    updates?.streams ?? blocks.lazy.compactMap(\.connection).first?.streams ?? 1
  }

  /// Every module of the layer, in the order of the computation.
  package var branches: [Branch] { conditionalBranches.map(\.branch) }

  /// The same, each with what decides which tokens reach it.
  ///
  /// What an earlier layer holds is listed there.
  package var conditionalBranches: [(branch: Branch, router: DepthRouter?)] {
    listed(from: repeats.count)
  }

  /// The same, with what an earlier layer holds.
  package var runBranches: [(branch: Branch, router: DepthRouter?)] { listed(from: 0) }

  /// Every module of the blocks from one on, and of what stands outside them.
  private func listed(from first: Int) -> [(branch: Branch, router: DepthRouter?)] {
    var all: [(branch: Branch, router: DepthRouter?)] = []
    if let injection { all.append((Branch(injectionPath, .stream(.ngrams(injection))), nil)) }
    for (index, block) in (repeats + blocks).enumerated() {
      for condition in conditions where condition.blocks.lowerBound == index {
        switch condition.entry {
        case .choosing(let outer): all.append((Branch("", .depthRouter(condition.router)), outer))
        case .assigning: all.append((Branch("", .depthRouter(condition.router)), nil))
        case .following, .everyone, .assigned, .drawn, .remaining: break
        }
      }
      guard index >= first else { continue }
      let router = router(ofBlock: index)
      all += block.parts.map { ($0, router) }
    }
    all += updateBranches.map { ($0, nil) }
    if let outputScale { all.append((Branch("", .stream(.scale(outputScale))), nil)) }
    return all + idle.map { ($0, nil) }
  }
}

extension Block {
  /// The paths in the layer under which its tensors stand.
  package var paths: [String] {
    parts.flatMap { part -> [String] in
      guard part.path.isEmpty else { return [part.path] }
      var names = part.weights.map(\.name)
      // Of a stack the experts run one by one, under the paths of each.
      if case .mixtureOfExperts(let mixture) = part.module {
        names += [mixture.path, mixture.sharedPath]
      }
      return names.compactMap { $0.split(separator: ".").first.map(String.init) }
    }
  }

  /// Every module of the block, in the order of the computation.
  fileprivate var parts: [Branch] {
    var all: [Branch] = []
    if let connection { all.append(Branch("", .stream(.connection(connection)))) }
    let read = inputNorms + [keyNorm, valueNorm].compactMap(\.self)
    all += read.map { Branch("", .normalization($0)) } + branches
    all += branches.compactMap(\.convolution).map { Branch("", .stream(.convolution($0))) }
    let norms = branches.compactMap(\.outputNorm) + outputNorms
    all += norms.map { Branch("", .normalization($0)) }
    let factors = [answerFactor, streamFactor].compactMap(\.self)
    return all + factors.map { Branch("", .stream(.scale($0))) }
  }
}
