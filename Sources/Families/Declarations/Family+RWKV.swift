import Architecture
import JSON
import Symbolic

/// RWKV: a mean of the values before, weighted by a decay of each channel.
extension Family {
  static let ofRWKV: [Family] = [rwkv]

  static let rwkv = Family(
    "rwkv",
    defaults: """
      vocab_size=50277 attention_hidden_size=null intermediate_size=null rescale_every=6
      tie_word_embeddings=false
      """
  ) { keys in
    let names = FrameNames(
      token: "rwkv.embeddings", layers: "rwkv.blocks", norm: "rwkv.ln_out", head: "head")
    var model = try keys.decoder(keys.receptanceLayers(), names, norm: .layer)
    for index in model.tail.indices {
      guard case .normalization(var norm) = model.tail[index].module else { continue }
      // The class leaves it at torch's.
      norm.epsilon = "1e-5"
      model.tail[index].module = .normalization(norm)
    }
    return model
  }
}

extension Keys {
  /// Every layer but the first is alike; where a model is not trained, the stream is halved behind
  /// every so-and-so-many-th, and the maps to the stream with it.
  fileprivate func receptanceLayers() throws -> [LayerGroup] {
    let count = try size(.layers)
    let first = Block([try norm("pre_ln", .layer)], [])
    let interval = try rescalingInterval()
    func layer(isFirst: Bool, _ division: Division?) throws -> Layer {
      var layer = try receptanceLayer(halvedEvery: interval)
      if isFirst { layer.blocks.insert(first, at: 0) }
      layer.division = division
      return layer
    }
    guard let interval, let number = number(count) else {
      // Of a free number of layers only the share that halves is known.
      let division = interval.map {
        Division(
          by: "2", share: .floor(count / Formula($0)) / count, holdsInTraining: false)
      }
      var groups = [LayerGroup(try layer(isFirst: true, division), .range(0, 1))]
      if self.number(count) != 1 {
        groups.append(LayerGroup(try layer(isFirst: false, division), .range(1, count)))
      }
      return groups
    }
    guard number >= interval else {
      var groups = [LayerGroup(try layer(isFirst: true, nil), .range(0, 1))]
      if number != 1 { groups.append(LayerGroup(try layer(isFirst: false, nil), .range(1, count))) }
      return groups
    }
    return try layers(kind: {
      [$0 == 0, (Int128($0) + 1).isMultiple(of: interval)]
    }) { kind in
      try layer(isFirst: kind[0], kind[1] ? Division(by: "2", holdsInTraining: false) : nil)
    }
  }

  /// After how many layers the stream is halved; none where it is zero or less.
  private func rescalingInterval() throws -> Int128? {
    guard case .number(let text) = try reading("rescale_every")?.value else { return nil }
    guard let interval = Int128(text) else {
      throw DescriptionError.wrongType(
        key: "rescale_every", found: text, expected: "a whole number")
    }
    return interval > 0 ? interval : nil
  }

  private func receptanceLayer(halvedEvery interval: Int128?) throws -> Layer {
    let d = try size(.hidden)
    let f = try quadrupleWidth()
    let a = try size(.innerSize, "attention_hidden_size", else: d, "hidden_size")
    let halving = interval.map {
      Constant.power("0.5", .floor(Formula(Symbol.layer) / Formula($0)))
    }
    func mixed(_ name: String, _ width: Formula, _ part: Part) -> ReceptanceMixer.Projection {
      ReceptanceMixer.Projection(
        mix: Weight("time_mix_\(name)", [1, 1, d], part), map: Linear(name, d, width))
    }
    var attention = ReceptanceMixer(
      keys: mixed("key", a, .attention), values: mixed("value", a, .attention),
      receptances: mixed("receptance", a, .attention),
      mean: Scan.WeightedMean(
        width: a, decay: Weight("time_decay", [a], .attention),
        bonus: Weight("time_first", [a], .attention)),
      output: Linear("output", a, d))
    attention.output.loadScale = halving
    let keys = mixed("key", f, .denseFeedForward)
    var feedForward = FeedForward(
      width: f, isGated: false, inputs: [keys.map], output: Linear("value", f, d),
      activation: "relu2")
    feedForward.reception = FeedForward.Reception(
      mix: keys.mix, gate: mixed("receptance", d, .denseFeedForward))
    feedForward.output.loadScale = halving
    return try layer(
      .recurrent(.receptance(attention)), .feedForward(feedForward), norm: .layer,
      norms: ("ln1", "ln2"), paths: ("attention", "feed_forward"))
  }
}
