import Architecture
import Symbolic

/// What the executor does not have, in words that follow "because of".
///
/// Everything that a description can say is either executed or named here, so that no part of a
/// model is left out in silence.
extension Layer {
  var obstacle: String? {
    if !repeats.isEmpty, sharing == nil {
      return "blocks that share the weights of an earlier layer"
    }
    if let branch = extras.first {
      return branch.path.isEmpty
        ? "tensors beside its blocks" : "the tensors '\(branch.path)' beside its blocks"
    }
    if isConditional, blocks.flatMap(\.branches).contains(where: \.module.isMixer) {
      return "a mixer in a routed layer"
    }
    return (repeats + blocks).compactMap(\.obstacle).first
  }
}

extension Block {
  var obstacle: String? {
    if ![0, 1, branches.count].contains(inputNorms.count) { return "several norms in a row" }
    if ![0, 1, branches.count].contains(outputNorms.count) { return "several norms in a row" }
    return branches.compactMap(\.obstacle).first
  }
}

extension Branch {
  var obstacle: String? {
    module.obstacle
  }
}

extension Module {
  fileprivate var obstacle: String? {
    switch self {
    case .embedding, .normalization, .linear, .head: nil
    case .selfAttention(let module): module.obstacle
    case .latentAttention(let module): module.obstacle
    case .compressedAttention: nil
    case .feedForward(let module): module.obstacle
    case .mixtureOfExperts(let module): module.obstacle
    case .mixer(let module): module.obstacle
    case .recurrent(let module): module.obstacle
    case .stream: nil
    case .depthRouter: "a depth router that is a branch"
    }
  }
}

extension SelfAttention {
  fileprivate var obstacle: String? {
    if let norm = norms.first(where: { $0.subject == nil }) { return "the norm '\(norm.name)'" }
    if let vector = vectors.first(where: { !usedVectors.contains($0) }) {
      return "the tensor '\(vector.name)'"
    }
    if convolution != nil { return reach.obstacle }
    if !layout.isComplete(mappedPieces)
      || layout.pieces.count != inputs.count
    {
      return "input maps that do not give queries, keys and values"
    }
    return reach.obstacle
  }
}

extension LatentAttention {
  fileprivate var obstacle: String? {
    if expand.hasBias { return "an expansion with a bias" }
    return reach.obstacle
  }
}

extension Reach {
  fileprivate var obstacle: String? {
    switch self {
    case .all, .window, .chosen, .chunk, .blocks, .bestBlocks: nil
    }
  }
}

extension FeedForward {
  fileprivate var obstacle: String? {
    if activation != "xielu", let vector = vectors.first {
      return "the tensor '\(vector.name)'"
    }
    if inputs.count > 2 { return "more than two input maps" }
    return Activation(activation) == nil ? "the activation '\(activation)'" : nil
  }
}

extension MixtureOfExperts {
  fileprivate var obstacle: String? {
    if idleReturnsInput, capacity != nil { return "a limited capacity of zero experts" }
    if router.gates.count > 2 { return "several gates of experts" }
    if router.vectors.count > usedVectors {
      return "the tensor '\(router.vectors[0].name)'"
    }
    return expert.obstacle ?? shared?.obstacle
  }
}

extension RecurrentMixer {
  fileprivate var obstacle: String? {
    activation.flatMap { Activation($0) == nil ? "the activation '\($0)'" : nil }
  }
}

extension Mixer {
  fileprivate var obstacle: String? {
    switch (kind, procedure) {
    case (.other, .activation(let name, _)) where (1...2).contains(linears.count):
      return Activation(name) == nil ? "the activation '\(name)'" : nil
    default: return "a mixer of the kind '\(kind.rawValue)'"
    }
  }
}
