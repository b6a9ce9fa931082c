import Architecture
import JSON

/// What else a file may say in place of a family's `model_type`.
extension Family {
  /// The ends of names of classes, which say what head one has.
  static let heads = [
    "ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "ForSequenceClassification",
    "ForTokenClassification", "ForQuestionAnswering", "Model",
  ]

  /// The family of a class of `transformers`, whatever head it has.
  ///
  /// - Source: `transformers` 5.23.0, the classes of causal models.
  static func ofClass(_ name: String) -> String? {
    guard let head = heads.first(where: name.hasSuffix) else { return nil }
    return classes[String(name.dropLast(head.count))]
  }

  /// Types whose own class is `LlamaForCausalLM`.
  static let withClassOfLlama: Set<String> = ["internlm3", "iquestcoder"]

  private static let classes: [String: String] = Dictionary(
    uniqueKeysWithValues: causal.split(whereSeparator: \.isWhitespace).compactMap { pair in
      let halves = pair.split(separator: "=").map(String.init)
      return halves.count == 2 ? (halves[0], halves[1]) : nil
    })

  /// A type that a type is only another name of.
  struct OtherName {
    let type: String
    let because: String
    /// Whether the file has towers beside the text model.
    var hasTowers = false
  }

  /// The type that a type is only another name of, and why.
  static func otherName(
    of type: String, _ file: JSONObject
  ) throws(DescriptionError) -> OtherName? {
    switch type {
    case "phi4": return OtherName(type: "phi3", because: "Microsoft's files of Phi-4 say so")
    case "phi4mm":
      return OtherName(
        type: "phi4_multimodal", because: "transformers calls it so", hasTowers: true)
    case "bailing_moe" where Reading.architecture(of: file)?.hasPrefix("BailingMoeV2") == true:
      return OtherName(type: "bailing_moe_v2", because: "its class is BailingMoeV2")
    case "minicpmv", "minicpmo":
      guard let version = file["version"], let text = miniCPMTexts["\(type) \(version.line)"] else {
        throw .unsupported(
          key: "version", found: file["version"]?.line ?? "absent",
          supported: "2.5, 2.6 and 4.5, whose text models are those of llama, qwen2 and qwen3")
      }
      return OtherName(
        type: text, because: "the text model of version \(version.line) is one", hasTowers: true)
    default: return nil
    }
  }

  /// The text models of MiniCPM-V and MiniCPM-o, which have their keys flat.
  ///
  /// - Source: the configuration classes beside the weights of openbmb/MiniCPM-Llama3-V-2_5,
  ///   MiniCPM-V-2_6, MiniCPM-V-4_5 and MiniCPM-o-2_6.
  private static let miniCPMTexts = [
    "minicpmo 2.6": "qwen2", "minicpmv 2.5": "llama", "minicpmv 2.6": "qwen2",
    "minicpmv 4.5": "qwen3",
  ]

  /// Families whose files have towers beside the text model, and the sizes of that flat.
  static let withTowers: Set<String> = ["molmo", "moshi", "phi4_multimodal"]

  /// Types of several models, one of which thinks in text; the key of that one.
  static let thinkers = ["qwen2_5_omni": "thinker_config", "qwen3_omni_moe": "thinker_config"]

  /// Wrappers that nest their text model under another key than `text_config`.
  static let nests = ["internvl_chat": "llm_config"]

  /// The family of the text model in a file that has its sizes where a wrapper's class nests them;
  /// nil where the file's class is another than the wrapper's own.
  static func textModel(ofFlat type: String, architecture: String?) throws -> String? {
    guard let text = wrappers[type] else { return nil }
    guard let architecture else { return text }
    if let known = llavaTexts[architecture] { return known }
    let plain = { (name: String) in name.lowercased().filter { $0 != "_" && $0 != "-" } }
    return plain(architecture).hasPrefix(plain(type)) || ofClass(architecture) == text
      ? text : nil
  }

  /// The classes of LLaVA's own code, whose files are flat.
  ///
  /// - Source: haotian-liu/LLaVA, `llava/model/language_model`.
  private static let llavaTexts = [
    "LlavaLlamaForCausalLM": "llama", "LlavaMistralForCausalLM": "mistral",
    "LlavaMptForCausalLM": "mpt", "LlavaQwenForCausalLM": "qwen2",
  ]

  /// Types that are known and not described, and what is not.
  static let undescribed: [String: String] = Dictionary(
    uniqueKeysWithValues: [
      ("cosmos3_edge cosmos3_edge_text", "tensors that have names of their own"),
      ("chameleon", "norms that each head has for itself"),
      ("diffusion_gemma diffusion_gemma_text", "an encoder and a decoder that share tensors"),
      (
        "embedding_gemma2 embedding_gemma2_text",
        "inputs of each layer, and a map of the whole text onto one vector"
      ),
      (
        "ernie4_5_moe_vl",
        "experts of text and of images in lists; transformers saves it as ernie4_5_vl_moe, which is "
          + "counted"
      ),
      ("evolla", "layers that attend to a protein"),
      ("glm5_next glm5_next_text", "streams beside each other around linear attention"),
      ("glm_image glm_image_text", "a head onto tokens of images"),
      ("idefics", "layers between the others that attend to an image"),
      (
        "kosmos-2 kosmos-2.5 kosmos_2_text_model kosmos_2_5_text_model",
        "norms inside the modules of its text model"
      ),
      (
        "muse_spark muse_spark_text",
        "experts of another width than the model's, and gates of the residual stream"
      ),
      ("voxtral_realtime voxtral_realtime_text", "norms that follow the delay of the audio"),
    ].flatMap { types, missing in
      types.split(separator: " ").map { (String($0), missing) }
    })

  private static let causal = """
    Afmoe=afmoe Apertus=apertus Arcee=arcee AriaText=aria_text AXK1=axk1 AXK2=axk2
    BailingHybrid=bailing_hybrid Bamba=bamba Beam=beam BioGpt=biogpt BitNet=bitnet Bloom=bloom
    CodeGen=codegen Cohere=cohere Cohere2=cohere2 Cohere2Moe=cohere2_moe
    CohereCompass=cohere_compass_text CpmAnt=cpmant CTRL=ctrl Cwm=cwm Dbrx=dbrx
    DeepseekV2=deepseek_v2 DeepseekV3=deepseek_v3 DeepseekV32=deepseek_v32 DeepseekV4=deepseek_v4
    DiffLlama=diffllama Doge=doge Dots1=dots1 Dots3Note=dots3_note_text Ernie4_5=ernie4_5
    Ernie4_5_Moe=ernie4_5_moe Exaone4=exaone4 ExaoneMoe=exaone_moe Falcon=falcon
    FalconH1=falcon_h1 FalconMamba=falcon_mamba FlexOlmo=flex_olmo Flint=flint Gemma=gemma
    Gemma2=gemma2 Gemma3=gemma3_text Gemma3n=gemma3n_text Gemma4=gemma4_text
    Gemma4Unified=gemma4_unified_text Glm=glm Glm4=glm4 Glm4Moe=glm4_moe Glm4MoeLite=glm4_moe_lite
    GlmMoeDsa=glm_moe_dsa GPT2=gpt2 GPTBigCode=gpt_bigcode GPTNeo=gpt_neo GPTNeoX=gpt_neox
    GPTNeoXJapanese=gpt_neox_japanese GptOss=gpt_oss GPTJ=gptj Granite=granite
    GraniteSWA=granite_swa GraniteMoe=granitemoe GraniteMoeSWA=granitemoe_swa
    GraniteMoeHybrid=granitemoehybrid GraniteMoeShared=granitemoeshared Helium=helium
    HrmText=hrm_text HunYuanDenseV1=hunyuan_v1_dense HunYuanMoEV1=hunyuan_v1_moe HYV3=hy_v3
    HYV4=hy_v4 HyperCLOVAX=hyperclovax Inkling2=inkling2_text Inkling=inkling_text Jais2=jais2
    Jamba=jamba JetMoe=jetmoe KimiLinear=kimi_linear Kolibri1=kolibri1 Laguna=laguna Lfm2=lfm2
    Lfm2Moe=lfm2_moe Lfm3=lfm3 Llama=llama Llama4=llama4_text LongcatFlash=longcat_flash
    Mamba=mamba Mamba2=mamba2 Mellum=mellum MiMoV2Flash=mimo_v2_flash MiniCPM3=minicpm3
    MiniMax=minimax MiniMaxM2=minimax_m2 MiniMaxM3VL=minimax_m3_vl_text Ministral=ministral
    Ministral3=ministral3 Mistral=mistral Mixtral=mixtral ModernBertDecoder=modernbert-decoder
    Mpt=mpt NanoChat=nanochat Nemotron=nemotron NemotronH=nemotron_h Olmo=olmo Olmo2=olmo2
    Olmo3=olmo3 OlmoHybrid=olmo_hybrid Olmoe=olmoe OpenAIGPT=openai-gpt OPT=opt
    Persimmon=persimmon Phi=phi Phi3=phi3 Phimoe=phimoe Qwen2=qwen2 Qwen2Moe=qwen2_moe Qwen3=qwen3
    Qwen3_5Moe=qwen3_5_moe_text Qwen3_5=qwen3_5_text Qwen3Moe=qwen3_moe Qwen3Next=qwen3_next
    Qwen4Exp=qwen4_exp_text RecurrentGemma=recurrent_gemma Rwkv=rwkv SeedOss=seed_oss
    SmolLM3=smollm3 SolarOpen=solar_open StableLm=stablelm Step3p5=step3p5 Starcoder2=starcoder2
    VaultGemma=vaultgemma XGLM=xglm xLSTM=xlstm Youtu=youtu Zamba=zamba Zamba2=zamba2 Zaya=zaya
    """
}
