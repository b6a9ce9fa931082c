import Symbolic

extension Layer {
  /// What the layer does with the stream `[T, d]`.
  package var program: Program {
    ProgramBuilder.program(width: streams * Formula(Size.hidden.symbol)) { x, program in
      updates.map { update(x, $0, &program) } ?? stack(x, &program)
    }
  }
}

extension Layer {
  /// One block after the other.
  private func stack(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    var bridges: [(Value, String)] = []
    var aside: Value?
    var y = x
    if let injection {
      y = program.within(injectionPath, .mixer, .stream(.ngrams(injection))) {
        injection.lower(y, &$0)
      }
    }
    let all = repeats + blocks
    var index = 0
    while index < all.count {
      guard let condition = conditions.first(where: { $0.blocks.lowerBound == index }) else {
        y = all[index].lower(y, &program, &bridges, &aside)
        index += 1
        continue
      }
      let inside = all[condition.blocks]
      let others = { (x: Value, program: inout ProgramBuilder) in
        keepKeys(Array(inside), of: x, &program)
      }
      y = condition.lower(y, &program, otherwise: others) { x, program in
        switch condition.answer {
        case .sum: return condition.router.add(sum(inside, x, &program), to: x, &program)
        case .stream(let begins, let ends):
          if begins, !ends { _ = program.leave(x, as: .entered) }
          var (bridges, aside) = ([] as [(Value, String)], nil as Value?)
          let y = inside.reduce(x) { $1.lower($0, &program, &bridges, &aside) }
          guard ends else { return y }
          let first = begins ? x : program.take(.entered, width: x.width)
          return condition.router.add(y, to: first, &program)
        case .recursion(let number, let ends, _):
          var (bridges, aside) = ([] as [(Value, String)], nil as Value?)
          let y = inside.reduce(x) { $1.lower($0, &program, &bridges, &aside) }
          return ends ? condition.router.weigh(y, recursion: number, &program) : y
        }
      }
      if case .recursion(_, ends: true, isLast: true) = condition.answer {
        y = condition.router.addInput(to: y, &program)
      }
      index = condition.blocks.upperBound
    }
    for (answer, name) in bridges { y = program.add(y, answer, name) }
    if let outputScale { y = program.scale(y, by: outputScale, "residual") }
    if let division { y = program.quotient(y, by: division, "rescale") }
    return y
  }

  /// Keeps keys and values of a stream that the blocks leave as it is.
  private func keepKeys(
    _ inside: [Block], of x: Value, _ program: inout ProgramBuilder
  ) -> Value {
    for block in inside {
      for (index, branch) in block.branches.enumerated() {
        guard case .selfAttention(let attention) = branch.module else { continue }
        let norms = block.inputNorms
        let input =
          norms.isEmpty
          ? x : program.normalize(x, norms[norms.count == block.branches.count ? index : 0])
        program.within(branch.path, .attention, branch.module) {
          attention.lowerKeys(input, &$0)
        }
      }
    }
    return x
  }

  /// What blocks add to the stream: f = a + m, while the second sees x + a.
  private func sum(
    _ inside: ArraySlice<Block>, _ x: Value, _ program: inout ProgramBuilder
  ) -> Value {
    var (stream, sum) = (x, nil as Value?)
    for (number, block) in inside.enumerated() {
      var bridges: [(Value, String)] = []
      let inputs = block.inputNorms.map { program.normalize(stream, $0) }
      let answer = block.answer(stream, inputs, &program, &bridges)
      let name = block.residualPath
      sum = sum.map { program.add($0, answer, name) } ?? answer
      if number + 1 < inside.count { stream = program.add(stream, answer, name) }
    }
    return sum ?? x
  }

  /// The same of one of several copies of the stream, which changes all of them.
  private func update(
    _ x: Value, _ updates: AlternatingUpdate, _ program: inout ProgramBuilder
  ) -> Value {
    func inside<Result>(
      _ program: inout ProgramBuilder, _ body: (inout ProgramBuilder) -> Result
    ) -> Result {
      program.within(updatesPath, .mixer, .stream(.alternatingUpdate(updates)), body)
    }
    let predictions = inside(&program) { updates.predict(x, &$0) }
    let active = inside(&program) { updates.copy(updates.active, of: predictions, &$0) }
    let answer = stack(active, &program)
    let corrected = inside(&program) { updates.correct(predictions, answer, &$0) }
    let reader = inside(&program) { updates.reader(corrected, &$0) }
    let input = program.within("", .mixer, .stream(.layerInput(updates.input))) {
      updates.input.lower(reader, &$0)
    }
    let read = program.normalize(input, updates.inputNorm)
    return updates.add(read, to: corrected, &program)
  }
}

extension Block {
  fileprivate var residualPath: String {
    let first = branches.first?.path ?? ""
    return first.isEmpty ? "residual" : "\(first).residual"
  }

  /// The stream with what the block adds to it: `x + out(Σ branch(in(x)))`.
  ///
  /// Answers that wait for the end of the layer come with the name of their addition; what a block
  /// beside the stream returns waits for the next.
  fileprivate func lower(
    _ stream: Value, _ program: inout ProgramBuilder, _ bridges: inout [(Value, String)],
    _ aside: inout Value?
  ) -> Value {
    var x = stream
    if isAside {
      let entering = aside ?? stream
      let read =
        readsFirstStream
        ? program.join(entering, program.take(.firstStream, width: stream.width)) : entering
      let inputs = inputNorms.map { program.normalize(read, $0) }
      aside = answer(read, inputs, &program, &bridges)
      return stream
    }
    if leavesStream != nil || depth != nil {
      return lowerInDepth(stream, &program, &bridges)
    }
    if let connection {
      let (input, weights) = connection.read(stream, &program)
      let added = answer(
        input, inputNorms.map { program.normalize(input, $0) }, &program, &bridges)
      guard let weights else {
        preconditionFailure("a block writes to the streams that it reads")
      }
      return connection.write(added, to: stream, weights, residualPath, &program)
    }
    guard !branches.isEmpty else {
      return (inputNorms + outputNorms).reduce(x) { program.normalize($0, $1) }
    }
    if let beside = aside { x = program.add(stream, beside, residualPath) }
    aside = nil
    let inputs = inputNorms.map { program.normalize(x, $0) }
    let kept = keepsNormed ? inputs.first ?? stream : stream
    var added = answer(x, inputs, &program, &bridges)
    if let answerFactor { added = program.scale(added, by: answerFactor, residualPath) }
    var scaled =
      streamScale.map { program.scale(kept, by: $0, residualPath, as: .residual) } ?? kept
    if let streamFactor { scaled = program.scale(scaled, by: streamFactor, residualPath) }
    var y = program.add(scaled, added, residualPath)
    if let sumScale { y = program.scale(y, by: sumScale, residualPath, as: .residual) }
    return normsSum ? outputNorms.reduce(y) { program.normalize($0, $1) } : y
  }

  /// What is added to the stream, from it and from what the norms make of it.
  fileprivate func answer(
    _ x: Value, _ inputs: [Value], sources: KeyValueSources? = nil,
    _ program: inout ProgramBuilder, _ bridges: inout [(Value, String)]
  ) -> Value {
    var answers: [Value] = []
    for (index, branch) in branches.enumerated() {
      let input = inputs.isEmpty ? x : inputs[inputs.count == branches.count ? index : 0]
      var answer = branch.lower(input, of: x, sources: sources, &program)
      if let convolution = branch.convolution {
        answer = program.within("", .mixer, .stream(.convolution(convolution))) {
          convolution.lower(answer, of: answer, &$0)
        }
      }
      if let norm = branch.outputNorm { answer = program.normalize(answer, norm) }
      if branch.isBridge { bridges.append((answer, residualPath)) } else { answers.append(answer) }
    }
    let normsEach = !normsSum && outputNorms.count == branches.count
    if normsEach {
      for (index, norm) in outputNorms.enumerated() {
        answers[index] = program.normalize(answers[index], norm)
      }
    }
    var sum = answers.dropFirst().reduce(answers[0]) { program.add($0, $1, residualPath) }
    if !normsSum, !normsEach { sum = outputNorms.reduce(sum) { program.normalize($0, $1) } }
    return scale.map { program.scale(sum, by: $0, residualPath, as: .residual) } ?? sum
  }
}

extension Block {
  /// The same where it reads streams of earlier layers, or leaves its own and begins another.
  private func lowerInDepth(
    _ stream: Value, _ program: inout ProgramBuilder, _ bridges: inout [(Value, String)]
  ) -> Value {
    var (read, sources) = (stream, KeyValueSources(keys: stream, values: stream))
    if let depth {
      let first = branches.first?.path ?? ""
      let found = program.within("\(first)_input", .mixer, .stream(.depth(depth.alone))) {
        depth.lower(stream, &$0)
      }
      if depth.isSplit {
        let parts = (0..<3).map { depth.slice($0, of: found, &program) }
        (read, sources) = (parts[0], KeyValueSources(keys: parts[1], values: parts[2]))
      } else {
        (read, sources) = (found, KeyValueSources(keys: found, values: found))
      }
    }
    let inputs = inputNorms.map { program.normalize(read, $0) }
    var normed: KeyValueSources?
    if let keyNorm, let valueNorm {
      normed = KeyValueSources(
        keys: program.normalize(sources.keys, keyNorm),
        values: program.normalize(sources.values, valueNorm))
    }
    let added = answer(read, inputs, sources: normed, &program, &bridges)
    guard let leavesStream else { return program.add(stream, added, residualPath) }
    _ = program.leave(stream, as: .stream(leavesStream))
    return added
  }
}

extension DepthReading {
  /// A module that shows where its work belongs; its queries are listed with those of the others.
  fileprivate var alone: DepthReader { DepthReader(queries: [], last: self) }
}

extension Branch {
  /// What the branch makes of a stream, or of what the norms of its block have made of a `stream`.
  ///
  /// - `sources`: what keys and values of attention are made of, where it is not `x`.
  func lower(
    _ x: Value, of stream: Value? = nil, sources: KeyValueSources? = nil,
    _ program: inout ProgramBuilder
  ) -> Value {
    func scaled(_ x: Value, _ scale: Constant?, _ name: String) -> Value {
      scale.map { scale in program.within(path) { $0.scale(x, by: scale, name) } } ?? x
    }
    let y = run(scaled(x, inputScale, "input"), of: stream ?? x, sources, &program)
    return scaled(y, outputScale, "output")
  }

  private func run(
    _ x: Value, of stream: Value, _ sources: KeyValueSources?, _ program: inout ProgramBuilder
  ) -> Value {
    switch module {
    case .normalization(let norm): return program.within(path) { $0.normalize(x, norm) }
    case .linear(let map): return program.within(path, .mixer, module) { $0.map(x, map) }
    case .selfAttention(let attention):
      return program.within(path, .attention, module) {
        attention.lower(x, sources: sources, &$0)
      }
    case .compressedAttention(let attention):
      return program.within(path, .attention, module) { attention.lower(x, &$0) }
    case .latentAttention(let attention):
      return program.within(path, .attention, module) { attention.lower(x, &$0) }
    case .feedForward(let layer):
      return program.within(path, .denseFeedForward, module) { layer.lower(x, &$0) }
    case .mixtureOfExperts(let mixture):
      return program.within(path, .router, module) { mixture.lower(x, of: stream, &$0) }
    case .recurrent(let mixer):
      return program.within(path, mixer.place, module) { mixer.lower(x, &$0) }
    case .stream(let part):
      return program.within(path, part.place, module) { part.lower(x, &$0) }
    case .idle: return x
    case .embedding, .head, .depthRouter:
      preconditionFailure("\(path) stands around layers or blocks, and not inside")
    }
  }
}
