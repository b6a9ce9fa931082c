/// What is no decoder of text by itself, and is told so by name.
///
/// - Source: `transformers` 5.23.0: types with a class for masked tokens, types whose
///   `is_encoder_decoder` is true, and the modeling files of the others.
enum OtherKinds {
  /// What a model type is, in words; nil for a type that is not on the list.
  static func kind(of modelType: String) -> String? {
    kinds[modelType]
  }

  /// The kind of each type.
  private static let kinds: [String: String] = Dictionary(
    uniqueKeysWithValues: groups.flatMap { kind, types in
      types.split(whereSeparator: \.isWhitespace).map { (String($0), kind) }
    })

  private static let groups = [
    ("an encoder", encoders),
    ("an encoder with a decoder", encoderDecoders),
    ("an encoder of text with a decoder of sound", "musicgen musicgen_melody"),
    ("a half of an encoder with a decoder, each of which may be a BERT", "bert-generation"),
    ("a decoder that reads the states of an encoder of images", "trocr"),
    ("a decoder of captions, which it continues from the states of an image", "git"),
    (
      "a model of two streams that predicts words in any order, and not the next one",
      "xlnet"
    ),
    (
      "a model that drafts tokens from the caches of a Gemma 4 beside it",
      "gemma4_assistant gemma4_unified_assistant"
    ),
  ]

  private static let encoders =
    """
    albert bert big_bird camembert convbert data2vec-text deberta deberta-v2 distilbert electra
    ernie esm esmc eurobert flaubert fnet funnel gte ibert jina_embeddings_v3 layoutlm longformer
    luke megatron-bert mobilebert modernbert modernvbert mpnet mra neomme nomic_bert nystromformer
    perceiver rembert roberta roberta-prelayernorm roc_bert roformer squeezebert tapas ultrabert
    ultravbert xlm xlm-roberta xlm-roberta-xl xmod yoso
    """

  private static let encoderDecoders =
    """
    bart bigbird_pegasus blenderbot blenderbot-small canary cohere_asr dia encoder-decoder florence2
    fsmt led longt5 m2m_100 marian mbart moonshine mt5 mvp nllb-moe pegasus pegasus_x pix2struct
    plbart pop2piano prophetnet rag seamless_m4t seamless_m4t_v2 speech-encoder-decoder
    speech_to_text speecht5 switch_transformers t5 t5gemma t5gemma2 udop umt5 vision-encoder-decoder
    whisper
    """
}
