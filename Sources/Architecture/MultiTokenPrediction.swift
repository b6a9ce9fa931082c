import Symbolic

/// Layers that predict further tokens, beside the model: each joins the table's row of a next token
/// with what the model made of the tokens before it, and ends in a head.
///
/// - Source: DeepSeek-AI 2024, §2.2, <https://arxiv.org/abs/2412.19437>.
package struct MultiTokenPrediction: Sendable {
  /// How a family stores such a module, and in which order it joins.
  ///
  /// In every path and name, `#` stands for the number of the module, counted from zero.
  package struct Form: Sendable {
    /// The path of the list in which the layers stand; nil where they stand behind the model's own, with
    /// the numbers that follow.
    package var layers: String?
    /// The path under which all but the layer stands; nil where that is the path of the layer.
    package var base: String?
    /// The name of the norm of the token's row.
    package var tokenNorm: String
    /// The name of the norm of the stream.
    package var streamNorm: String
    /// The name of the map `[d, 2d]` from both onto the stream.
    package var join: String
    /// Whether the stream stands before the token's row in what is joined.
    package var streamIsFirst: Bool
    /// The name of the norm behind the layer; the model's own where there is none.
    package var lastNorm: String?
    /// The name of a table of its own; the model's where there is none.
    package var table: String?
    /// The name of a head of its own; the model's where there is none.
    package var head: String?

    package init(
      layers: String? = nil, base: String? = nil, tokenNorm: String, streamNorm: String,
      join: String, streamIsFirst: Bool = false, lastNorm: String?, table: String? = nil,
      head: String? = nil
    ) {
      self.layers = layers
      self.base = base
      self.tokenNorm = tokenNorm
      self.streamNorm = streamNorm
      self.join = join
      self.streamIsFirst = streamIsFirst
      self.lastNorm = lastNorm
      self.table = table
      self.head = head
    }
  }

  /// The key of the configuration that says how many there are.
  package var key: String
  /// How many modules there are.
  package var count: Int
  /// How each of them is stored.
  package var form: Form
  /// What the layer of each is; nil where it is as the last layer with attention.
  package var layer: Layer?

  package init(key: String, count: Int, form: Form) {
    self.key = key
    self.count = count
    self.form = form
  }
}

extension Model {
  /// One model for each module that predicts a further token, which counts and runs as any other.
  ///
  /// What it joins with the row of the table is what the model before it returns; where it runs by
  /// itself, the row stands for both. A table and a head that it has not itself are the model's:
  /// they are run here and counted there.
  ///
  /// - Throws: `DescriptionError.unsupported` where there are none, or the number of layers is free.
  package func predictors() throws(DescriptionError) -> [Model] {
    guard let prediction, prediction.count > 0 else {
      throw .unsupported(
        key: prediction?.key ?? "num_nextn_predict_layers", found: "0 or not read",
        supported: "1 or more with --mtp, of the families that docs/configuration.md lists")
    }
    guard let depth = layerCount.evaluated(in: values).wholeConstant,
      let depth = Int(exactly: depth)
    else {
      throw .unsupported(
        key: "num_hidden_layers", found: "a free variable", supported: "a number with --mtp")
    }
    return (0..<prediction.count).compactMap { predictor($0, prediction.form, behind: depth) }
  }

  private func predictor(
    _ number: Int, _ form: MultiTokenPrediction.Form, behind depth: Int
  ) -> Model? {
    guard let table = head.first, let layer = prediction?.layer ?? lastAttending,
      let norm = tail.lazy.compactMap({ branch -> Normalization? in
        if case .normalization(let norm) = branch.module { norm } else { nil }
      }).first,
      let end = tail.first(where: { if case .head = $0.module { true } else { false } }),
      case .head(var map, let isTied) = end.module
    else { return nil }
    func named(_ name: String) -> String { name.replacing("#", with: "\(number)") }
    let list = form.layers.map { named($0) } ?? layersPath
    let index = form.layers == nil ? depth + number : number
    let base = form.base.map { named($0) } ?? "\(list).\(index)"
    func normalization(_ name: String) -> Module {
      var copy = norm
      copy.name = named(name)
      return .normalization(copy)
    }
    let width = Formula(Size.hidden.symbol)
    let join = Linear(named(form.join), 2 * width, width)
    var copy = self
    copy.name = (prediction?.count ?? 1) > 1 ? "\(name)-mtp-\(number + 1)" : "\(name)-mtp"
    var rows = table
    if let own = form.table { rows.path = "\(base).\(own)" } else { rows.isBorrowed = true }
    copy.head = [
      rows, Branch(base, normalization(form.tokenNorm)),
      Branch(base, normalization(form.streamNorm)), Branch(base, .linear(join)),
    ]
    copy.layersPath = list
    copy.groups = [LayerGroup(layer, .listed([index]))]
    var last = Branch(base, form.lastNorm.map { normalization($0) } ?? .normalization(norm))
    if form.lastNorm == nil {
      last.path = ""
      last.isBorrowed = true
    }
    var scores = end
    if let own = form.head {
      map.name = own
      scores = Branch(base, .head(map, isTied: isTied))
    } else {
      scores.isBorrowed = true
    }
    copy.tail = [last, scores]
    copy.isPredictor = true
    copy.prediction = prediction
    copy.notes = []
    // It is one layer, of whatever number.
    copy.sizes = sizes.map { size in
      size.size == .layers
        ? SizeBinding(size: size.size, key: size.key, value: 1, origin: size.origin) : size
    }
    return copy
  }

  /// What the last layer with attention is.
  private var lastAttending: Layer? {
    func attends(_ layer: Layer) -> Bool {
      layer.branches.contains { branch in
        switch branch.module {
        case .selfAttention, .latentAttention, .compressedAttention: true
        case .embedding, .normalization, .linear, .head, .feedForward, .mixtureOfExperts,
          .depthRouter, .idle, .recurrent, .stream:
          false
        }
      }
    }
    func end(_ group: LayerGroup) -> Int128 {
      switch group.indices {
      case .range(_, let end): end.evaluated(in: values).wholeConstant ?? 0
      case .listed(let indices): Int128((indices.last ?? -1) + 1)
      }
    }
    return groups.filter { attends($0.layer) }.max { end($0) < end($1) }?.layer
  }

  /// The names of its tensors that another model holds.
  package var borrowedTensors: Set<String> {
    Set((head + tail).filter(\.isBorrowed).flatMap { $0.weights.map(\.name) })
  }

  /// From tokens to the stream of the layer of a predictor.
  var predictorEntrance: Program? {
    guard isPredictor, head.count == 4, case .embedding(let table) = head[0].module else {
      return nil
    }
    return ProgramBuilder.program { program in
      let row = program.within(head[0].path, .stream) { table.lower(&$0) }
      let next = head[1].lower(row, &program)
      let before = head[2].lower(row, &program)
      let isTurned = prediction?.form.streamIsFirst ?? false
      return head[3].lower(
        isTurned ? program.join(before, next) : program.join(next, before), &program)
    }
  }
}
