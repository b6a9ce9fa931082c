import Symbolic

/// Layers that predict further tokens, beside the model: each joins the table's row of a next token
/// with what the model made of the tokens before it, and ends in a head of its own.
///
/// - Source: DeepSeek-AI 2024, §2.2, <https://arxiv.org/abs/2412.19437>; the tensors are those of
///   `model.layers.61` of deepseek-ai/DeepSeek-V3.
extension Model {
  /// One model for each of these modules, which counts and runs as any other.
  ///
  /// What it joins with the row of the table is what the model before it returns; where it runs by
  /// itself, the row stands for both.
  ///
  /// - Throws: `DescriptionError.unsupported` where there are none, or the number of layers is free.
  package func predictors() throws(DescriptionError) -> [Model] {
    guard predictionLayers > 0 else {
      throw .unsupported(
        key: "num_nextn_predict_layers", found: "0 or not read",
        supported: "1 or more with --mtp, of DeepSeek-V3, GLM-4.5 and their kin")
    }
    guard let depth = layerCount.evaluated(in: values).wholeConstant,
      let depth = Int(exactly: depth)
    else {
      throw .unsupported(
        key: "num_hidden_layers", found: "a free variable", supported: "a number with --mtp")
    }
    return (0..<predictionLayers).compactMap { predictor(at: depth + $0) }
  }

  private func predictor(at index: Int) -> Model? {
    guard let table = head.first, let last = groups.last,
      let norm = tail.lazy.compactMap({ branch -> Normalization? in
        if case .normalization(let norm) = branch.module { norm } else { nil }
      }).first,
      let output = tail.lazy.compactMap({ branch -> (Linear, Bool)? in
        if case .head(let map, let isTied) = branch.module { (map, isTied) } else { nil }
      }).first
    else { return nil }
    let base = "\(layersPath).\(index)"
    func named(_ name: String) -> Module {
      var copy = norm
      copy.name = name
      return .normalization(copy)
    }
    let width = Formula(Size.hidden.symbol)
    var map = output.0
    map.name = "shared_head.head"
    var copy = self
    copy.name = "\(name)-mtp"
    copy.head = [
      Branch("\(base).embed_tokens", table.module), Branch(base, named("enorm")),
      Branch(base, named("hnorm")), Branch(base, .linear(Linear("eh_proj", 2 * width, width))),
    ]
    copy.groups = [LayerGroup(last.layer, .listed([index]))]
    copy.tail = [
      Branch(base, named("shared_head.norm")), Branch(base, .head(map, isTied: output.1)),
    ]
    copy.isPredictor = true
    copy.predictionLayers = 0
    copy.notes = []
    // It is one layer, of whatever number.
    copy.sizes = sizes.map { size in
      size.size == .layers
        ? SizeBinding(size: size.size, key: size.key, value: 1, origin: size.origin) : size
    }
    return copy
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
      return head[3].lower(program.join(next, before), &program)
    }
  }
}
