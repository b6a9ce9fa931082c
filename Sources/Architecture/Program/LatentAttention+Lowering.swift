package import Symbolic

extension LatentAttention {
  /// What it does with the stream `[T, d]`.
  package var program: Program {
    ProgramBuilder.program(width: compress.input) { x, program in
      program.within("", .attention, .latentAttention(self)) { lower(x, &$0) }
    }
  }

  /// Compresses every token, attends within each sequence in the form of the pass, and projects
  /// back.
  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    var (queries, gates, compressed) = project(x, &program)
    let latents = source.isBorrowed ? nil : latents(x, &program)
    let chosen = chooses.map { $0.lower(x, compressedQueries: compressed, &program) }
    if rotates {
      var rotation = Rotation(heads: heads, width: plainSize + rotarySize, angles: angles)
      rotation.offset = plainSize
      queries = program.rotate(queries, rotation)
    }
    if let positionScale { queries = program.scale(queries, by: positionScale, "scale") }
    let heads = LatentHeads(self)
    let kept = keep(latents.map { rotated($0, &program) }, heads, &program)
    var y = program.attendLatents(queries, kept, chosen: chosen, heads)
    if let gates { y = program.gate(y, by: gates, .logistic, "gate") }
    return program.map(y, output)
  }

  /// Whether some elements of queries and keys are rotated.
  private var rotates: Bool { isRotated && !rotarySize.isZero }

  /// The latents of the tokens, and their rotary keys before rotation, if they have any.
  private func latents(
    _ x: Value, _ program: inout ProgramBuilder
  ) -> (latents: Value, rotary: Value?) {
    let both = program.map(x, compress)
    let width = keyValueRank + rotarySize
    var latents = both
    var rotary: Value?
    if !rotarySize.isZero {
      latents = program.slice(both, Slice(width, first: 0, count: keyValueRank))
      rotary = program.slice(both, Slice(width, first: keyValueRank, count: rotarySize))
    }
    latents = program.normalize(latents, latentNorm)
    if scaling != nil {
      latents = program.scale(
        latents, by: .root(compress.input / keyValueRank), "latents", as: .norm)
    }
    if let rotaryNorm, let plain = rotary { rotary = program.normalize(plain, rotaryNorm) }
    return (latents, rotary)
  }

  /// Latents with rotated keys behind them.
  private func rotated(
    _ pair: (latents: Value, rotary: Value?), _ program: inout ProgramBuilder
  ) -> Value {
    guard var rotary = pair.rotary else { return pair.latents }
    if rotates {
      rotary = program.rotate(rotary, Rotation(heads: 1, width: rotarySize, angles: angles))
    }
    return program.join(pair.latents, rotary)
  }

  /// What it attends to: latents of its own, or those of a layer before it.
  private func keep(
    _ latents: Value?, _ heads: LatentHeads, _ program: inout ProgramBuilder
  ) -> Value {
    let width = keyValueRank + rotarySize
    switch (source, latents) {
    case (.borrowed(let kind), _):
      let lent = program.take(.keysAndValues(kind), width: width, kind: .kept)
      return program.keepLatents(program.take(.latents(kind), width: width), lent: lent, heads)
    case (.lent(let kind), let latents?):
      let left = program.leave(latents, as: .latents(kind))
      return program.leave(program.keepLatents(left, heads), as: .keysAndValues(kind))
    case (_, let latents?): return program.keepLatents(latents, heads)
    case (_, nil): preconditionFailure("a layer that borrows nothing has latents of its own")
    }
  }

  /// The queries of every head, the gates of the output, and compressed queries.
  private func project(
    _ x: Value, _ program: inout ProgramBuilder
  ) -> (Value, gates: Value?, compressed: Value?) {
    var y = x
    var behindNorm: Value?
    if let queryDown {
      let compressed = program.map(x, queryDown)
      y = queryNorm.map { program.normalize(compressed, $0) } ?? compressed
      if scaling == .compressedQueries {
        y = program.scale(
          y, by: .root(queryDown.input / queryDown.output), "latents", as: .norm)
      }
      behindNorm = y
      if queryUpGates { y = program.join(y, compressed) }
    }
    var queries = program.map(y, queryUp)
    if scaling == .queries, let queryDown {
      queries = program.scale(
        queries, by: .root(queryDown.input / queryDown.output), "latents", as: .norm)
    }
    guard queryUpGates else {
      return (queries, gateMap.map { program.map(x, $0) }, behindNorm)
    }
    let size = plainSize + rotarySize
    let axes = [heads, size + valueSize]
    return (
      program.slice(queries, Slice(axes: axes, axis: 1, first: 0, count: size)),
      program.slice(queries, Slice(axes: axes, axis: 1, first: size, count: valueSize)),
      behindNorm
    )
  }
}

/// Heads of queries over latents, of which the keys and values of every head rise.
///
/// In which of three forms they are multiplied is a matter of the pass. *Expanded*: keys and values
/// rise once, when they are new, and are cached. *Re-expanded*: latents are cached, and keys and
/// values rise from all of them in each pass. *Absorbed*: queries go down into the space of latents
/// and outputs come up from it, head by head, and nothing is expanded.
///
/// - Source: DeepSeek-AI 2024 (DeepSeek-V2), §2.1.2, <https://arxiv.org/abs/2405.04434>.
package struct LatentHeads: Hashable, Sendable {
  /// Query heads, *h*.
  package var heads: Formula
  /// The part of a head without position, *d_n*.
  package var plainSize: Formula
  /// The rotated part, *d_r*, which all heads share among keys.
  package var rotarySize: Formula
  /// The width of one head's values, *d_v*.
  package var valueSize: Formula
  /// The width of a latent, *r_kv*.
  package var rank: Formula
  /// From a latent to the keys and values of every head, head by head.
  package var expand: Linear
  /// How far back a query sees.
  package var reach: Reach
  /// The factor of the scores.
  package var scale: Constant
  /// One more, learned, score for each head that no value answers to.
  package var sinks: Weight?

  init(_ attention: LatentAttention) {
    heads = attention.heads
    plainSize = attention.plainSize
    rotarySize = attention.rotarySize
    valueSize = attention.valueSize
    rank = attention.keyValueRank
    expand = attention.expand
    reach = attention.reach
    scale = attention.scale
    sinks = attention.sinks
  }

  /// Every head with keys and values of its own.
  package var expanded: AttentionHeads {
    core(keyValueHeads: heads, scoreSize: plainSize + rotarySize, valueSize: valueSize)
  }

  /// All heads over latents, which are key and value at once.
  package var absorbed: AttentionHeads {
    core(keyValueHeads: 1, scoreSize: rank + rotarySize, valueSize: rank)
  }

  private func core(
    keyValueHeads: Formula, scoreSize: Formula, valueSize: Formula
  ) -> AttentionHeads {
    var core = AttentionHeads(
      heads: heads, keyValueHeads: keyValueHeads, scoreSize: scoreSize, valueSize: valueSize,
      reach: reach)
    core.scale = scale
    core.sinks = sinks
    return core
  }
}
