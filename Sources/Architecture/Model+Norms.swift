extension Model {
  /// Gives every norm that has none an ε, and says of all that are alike whether they add one.
  package mutating func settleNorms(epsilon: Constant, addsOne: Bool) {
    func settle(_ norm: inout Normalization) {
      norm.epsilon = norm.epsilon ?? epsilon
      if addsOne, norm.hasWeight { norm.addsOne = norm.addsOne || !norm.isPlain }
    }
    func settle(_ norm: inout Normalization?) {
      guard var known = norm else { return }
      settle(&known)
      norm = known
    }
    func settle(_ branch: inout Branch) {
      settle(&branch.outputNorm)
      switch branch.module {
      case .normalization(var norm):
        settle(&norm)
        branch.module = .normalization(norm)
      case .selfAttention(var attention):
        for index in attention.norms.indices { settle(&attention.norms[index]) }
        attention.indexer?.changeNorms { settle(&$0) }
        attention.blockIndexer?.changeNorms { settle(&$0) }
        branch.module = .selfAttention(attention)
      case .compressedAttention(var attention):
        attention.changeNorms { settle(&$0) }
        branch.module = .compressedAttention(attention)
      case .latentAttention(var attention):
        attention.changeNorms { settle(&$0) }
        branch.module = .latentAttention(attention)
      case .feedForward(var layer):
        for index in layer.norms.indices { settle(&layer.norms[index]) }
        branch.module = .feedForward(layer)
      case .recurrent(var mixer):
        mixer.changeNorms { settle(&$0) }
        branch.module = .recurrent(mixer)
      case .mixtureOfExperts(var mixture):
        settle(&mixture.router.norm)
        if var network = mixture.router.network {
          settle(&network.norm)
          mixture.router.network = network
        }
        branch.module = .mixtureOfExperts(mixture)
      case .stream(var module):
        module.changeNorms { settle(&$0) }
        branch.module = .stream(module)
      case .embedding, .linear, .head, .depthRouter, .idle: break
      }
    }
    func settle(_ blocks: inout [Block]) {
      for block in blocks.indices {
        blocks[block].connection?.changeNorms { settle(&$0) }
        settle(&blocks[block].keyNorm)
        settle(&blocks[block].valueNorm)
        for index in blocks[block].inputNorms.indices { settle(&blocks[block].inputNorms[index]) }
        for index in blocks[block].branches.indices { settle(&blocks[block].branches[index]) }
        for index in blocks[block].outputNorms.indices { settle(&blocks[block].outputNorms[index]) }
      }
    }
    for index in head.indices { settle(&head[index]) }
    for index in tail.indices { settle(&tail[index]) }
    if var cycles {
      settle(&cycles.norm)
      settle(&cycles.layer.blocks)
      self.cycles = cycles
    }
    for group in groups.indices {
      settle(&groups[group].layer.blocks)
      settle(&groups[group].layer.repeats)
      groups[group].layer.updates?.changeNorms { settle(&$0) }
      groups[group].layer.injection?.changeNorms { settle(&$0) }
    }
  }
}
