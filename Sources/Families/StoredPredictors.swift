import Architecture
import JSON

/// How the files of a family hold layers for multi-token prediction.
struct StoredPredictors: Sendable {
  /// The key that says how many there are.
  var key = "num_nextn_predict_layers"
  /// How many there are where the key is absent.
  var absent = 0
  /// How each of them is stored.
  let form: MultiTokenPrediction.Form

  /// Behind the layers of the model, with a table and a head of its own.
  ///
  /// - Source: the tensors of `model.layers.61` of deepseek-ai/DeepSeek-V3.
  static let deepSeek = StoredPredictors(
    form: MultiTokenPrediction.Form(
      tokenNorm: "enorm", streamNorm: "hnorm", join: "eh_proj", lastNorm: "shared_head.norm",
      table: "embed_tokens", head: "shared_head.head"))

  /// The same, with the model's table and head.
  ///
  /// - Source: the tensors of `model.layers.78` of GLM-5, as recipes that copy both into it name them.
  static let glm5 = StoredPredictors(
    form: MultiTokenPrediction.Form(
      tokenNorm: "enorm", streamNorm: "hnorm", join: "eh_proj", lastNorm: "shared_head.norm"))

  /// The same, with another name of the norm behind the layer.
  ///
  /// - Source: vLLM, `hy_v3_mtp.py` and its form of Ling 2.5; tencent/Hy3, whose 298,786,140,416 elements
  ///   of 16 bits have it.
  static let withFinalNorm = StoredPredictors(
    form: MultiTokenPrediction.Form(
      tokenNorm: "enorm", streamNorm: "hnorm", join: "eh_proj", lastNorm: "final_layernorm"))

  /// The same, with a head of each module's own.
  ///
  /// - Source: vLLM, `step3p5_mtp.py`; the 17 tensors of each module of stepfun-ai/Step-3.5-Flash.
  static let step = StoredPredictors(
    form: MultiTokenPrediction.Form(
      tokenNorm: "enorm", streamNorm: "hnorm", join: "eh_proj",
      lastNorm: "transformer.shared_head.norm", head: "transformer.shared_head.output"))

  /// In a list of its own, with the model's table and head; the published file has one, and no key that
  /// says so.
  ///
  /// - Source: vLLM, `qwen3_next_mtp.py`.
  static let qwen3Next = StoredPredictors(
    absent: 1,
    form: MultiTokenPrediction.Form(
      layers: "mtp.layers", base: "mtp", tokenNorm: "pre_fc_norm_embedding",
      streamNorm: "pre_fc_norm_hidden", join: "fc", lastNorm: "norm"))

  /// The same of a file that says how many it has, under a key of its own.
  ///
  /// - Source: the configurations of Qwen3.5; vLLM, `qwen3_5_mtp.py`.
  static let qwen35 = StoredPredictors(key: "mtp_num_hidden_layers", form: qwen3Next.form)

  /// A dense layer in a list of its own, as all its norms and maps are; the norm behind it is the model's.
  ///
  /// - Source: vLLM, `ernie_mtp.py`.
  static let ernie = StoredPredictors(
    form: MultiTokenPrediction.Form(
      layers: "model.mtp_block", base: "model", tokenNorm: "mtp_emb_norm.#",
      streamNorm: "mtp_hidden_norm.#", join: "mtp_linear_proj.#", lastNorm: nil))

  /// The same as Qwen3-Next's, of a file that says how many it has.
  ///
  /// - Source: the renaming of Mellum's checkpoints in `transformers` 5.23.0, `conversion_mapping.py`.
  static let mellum = StoredPredictors(form: qwen3Next.form)

  /// In a list of its own, with the model's table and head, and the stream first in what is joined.
  ///
  /// - Source: XiaomiMiMo/MiMo-7B-Base, `modeling_mimo.py`.
  static let miMo = StoredPredictors(
    form: MultiTokenPrediction.Form(
      layers: "model.mtp_layers", tokenNorm: "token_layernorm", streamNorm: "hidden_layernorm",
      join: "input_proj", streamIsFirst: true, lastNorm: "final_layernorm"))

  /// The same with the token's row first.
  ///
  /// The published files have three, and no key that says so: it is for the command line to say.
  ///
  /// - Source: vLLM, `mimo_v2_mtp.py`.
  static let miMoV2 = StoredPredictors(
    form: MultiTokenPrediction.Form(
      layers: "model.mtp.layers", tokenNorm: "enorm", streamNorm: "hnorm", join: "eh_proj",
      lastNorm: "final_layernorm"))
}

extension Keys {
  /// Each module is a model of its own.
  private static let mostPredictors = 1000

  /// The layers for multi-token prediction that a file of the family holds, if their form is known.
  func prediction() throws -> MultiTokenPrediction? {
    // Where a table of its own stands in the files is not known.
    guard let stored = predictors,
      configuration["mtp_use_dedicated_embeddings"] != .boolean(true)
    else { return nil }
    let count = try integer(stored.key) ?? stored.absent
    guard count <= Self.mostPredictors else {
      throw DescriptionError.tooManyLayers(
        key: stored.key, count: Int128(count), limit: Int128(Self.mostPredictors))
    }
    return MultiTokenPrediction(key: stored.key, count: count, form: stored.form)
  }
}
