import Symbolic

extension MixtureOfExperts {
  /// How its router chooses.
  package var routing: Routing {
    var routing = Routing(
      router: router, experts: experts, scored: scored, chosen: chosen, capacity: capacity,
      runsEvery: runsEveryExpert)
    routing.returning = returning
    routing.allReturn = !returning.isZero && returning == idle
    routing.constants = constants?.count ?? 0
    routing.correction = router.correction
    routing.expertScale = router.expertScale
    routing.factor = router.factor
    routing.always = always?.count ?? 0
    return routing
  }

  /// The chosen experts' answers, each times its weight, and the answer of the shared expert.
  ///
  /// `stream` is what stands before the norms of its block.
  func lower(_ x: Value, of stream: Value, _ program: inout ProgramBuilder) -> Value {
    let routing = self.routing
    var read = router.readsStream ? stream : x
    if let norm = router.norm { read = program.normalize(read, norm) }
    if let vector = router.inputVector {
      read = program.scale(read, by: LearnedScale(vector), "router", as: .choice)
    }
    if let scale = router.inputScale {
      read = program.scale(read, by: scale, "router", as: .choice)
    }
    if let network = router.network { read = network.lower(read, &program) }
    let gates = router.gates.map { program.map(read, $0) }
    var scores = gates.first
    if router.addsScores {
      scores = scores.map { program.pairScores($0, to: scored) }
    }
    if let residual = router.residual, let own = scores {
      let before = program.map(program.take(.routerState, width: scored), residual)
      scores = program.add(own, before, residual.name, as: .choice)
    }
    if router.leavesScores { scores = scores.map { program.leave($0, as: .routerState) } }
    let choice = program.route(scores, routing)
    let scope = program.scope
    let entering = latent.map { latent in
      program.within("", .mixer) { $0.map(x, latent.down) }
    }
    var y = program.experts(
      entering ?? x, choice, routing, active: active, path: path, weighsAnswer: weighing == .answers
    ) { x, program in
      let input = weighing == .inputs ? program.weigh(x, in: scope) : x
      return expert.lower(input, &program, weighing: weighing == .innerNumbers ? scope : nil)
    }
    if let constants {
      var own = routing
      own.experts = constants.count
      own.isOfConstants = true
      let answer = program.within(constants.path, .routedExpert) { program in
        program.experts(
          x, choice, own, active: own.experts, path: "#", weighsAnswer: true
        ) { x, program in
          program.blend(x, by: program.map(x, constants.gate), constants.vector, "constant")
        }
      }
      y = program.add(y, answer, constants.path, as: .sum)
    }
    if let scale { y = program.scale(y, by: scale, "combine", as: .weighting) }
    if let bias { y = program.addVector(y, bias, "bias") }
    if let latent { y = program.within("", .mixer) { $0.map(y, latent.up) } }
    if let always {
      let answer = program.within(always.path, .sharedExpert) { program in
        let scope = program.scope
        return program.experts(x, choice, .always(always.count), path: "#") { x, program in
          always.expert.lower(x, &program, weighing: scope)
        }
      }
      y = program.add(y, answer, always.path, as: .sum)
    }
    guard let shared else { return y }
    var answer = program.within(sharedPath, .sharedExpert) { shared.lower(x, &$0) }
    if gates.count > 1 {
      answer = program.gate(answer, by: gates[1], .logistic, sharedPath, as: .sum)
    }
    y = program.add(y, answer, sharedPath, as: .sum)
    return sharingScale.map { program.scale(y, by: $0, sharedPath, as: .sum) } ?? y
  }
}

extension RouterNetwork {
  fileprivate func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    var y = program.map(x, down)
    if let stateScale {
      let before = program.scale(
        program.take(.routerState, width: y.width), by: LearnedScale(stateScale), down.name,
        as: .choice)
      y = program.add(y, before, down.name, as: .choice)
    }
    y = program.normalize(program.leave(y, as: .routerState), norm)
    return maps.reduce(y) { program.activate(program.map($0, $1), activation, $1.name) }
  }
}

extension Routing {
  /// Experts that every token meets, with weights of another routing.
  fileprivate static func always(_ count: Formula) -> Routing {
    var routing = Routing(
      router: Router([]), experts: count, scored: count, chosen: count, capacity: nil,
      runsEvery: true)
    routing.isOfAlways = true
    return routing
  }
}

extension ProgramBuilder {
  /// Experts that every token meets; their weights multiply inner elements.
  fileprivate mutating func experts(
    _ x: Value, _ choice: Value, _ routing: Routing, path: String,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    experts(
      x, choice, routing, active: routing.experts, path: path, weighsAnswer: false,
      as: .sharedExpert, body)
  }
}
