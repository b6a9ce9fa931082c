/// What is no decoder of text, and is told so by name.
///
/// - Source: `transformers` 5.23.0: types with a class for masked tokens and none for the next one,
///   and types whose `is_encoder_decoder` is true.
enum OtherKinds {
  /// What a model type is, in words; nil for a type that is not on the list.
  static func kind(of modelType: String) -> String? {
    if encoders.contains(modelType) { return "an encoder" }
    return encoderDecoders.contains(modelType) ? "an encoder with a decoder" : nil
  }

  private static let encoders = words(
    """
    albert bert big_bird camembert convbert data2vec-text deberta deberta-v2 distilbert electra
    ernie esm esmc eurobert flaubert fnet funnel gte ibert jina_embeddings_v3 layoutlm longformer
    luke megatron-bert mobilebert modernbert modernvbert mpnet mra neomme nomic_bert nystromformer
    perceiver reformer rembert roberta roberta-prelayernorm roc_bert roformer squeezebert tapas
    ultrabert ultravbert xlm xlm-roberta xlm-roberta-xl xmod yoso
    """)

  private static let encoderDecoders = words(
    """
    bart bigbird_pegasus blenderbot blenderbot-small canary cohere_asr dia encoder-decoder florence2
    fsmt led longt5 m2m_100 marian mbart moonshine mt5 musicgen mvp nllb-moe pegasus pegasus_x
    pix2struct plbart pop2piano prophetnet rag seamless_m4t seamless_m4t_v2 speech-encoder-decoder
    speech_to_text speecht5 switch_transformers t5 t5gemma t5gemma2 udop umt5 vision-encoder-decoder
    whisper
    """)

  private static func words(_ text: String) -> Set<String> {
    Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
  }
}
