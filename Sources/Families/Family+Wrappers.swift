import JSON

extension Family {
  /// Configurations that nest a text model under `text_config`, and the type of that model where
  /// the nested configuration does not say it.
  static let wrappers = grouped(wrapped)

  /// What makes the head of a wrapper the token table.
  enum TieRule: String {
    /// The wrapper, which has this default.
    case tied, untied
    /// The wrapper, or its text model.
    case either
    /// The same, and also where the wrapper is silent.
    case eitherOrSilent = "either-or-silent"
    /// The wrapper, and where it is silent the text model.
    case text
    /// Nothing.
    case never

    /// Whether the head is the table, by what the wrapper says, if anything, and its text model.
    func ties(_ wrapper: Bool?, textModel: Bool) -> Bool {
      switch self {
      case .tied: wrapper ?? true
      case .untied: wrapper ?? false
      case .either: wrapper == true || textModel
      case .eitherOrSilent: wrapper ?? true || textModel
      case .text: wrapper ?? textModel
      case .never: false
      }
    }
  }

  /// The wrappers that own the head, and what makes it the token table; in all others the head is
  /// the text model's.
  static let wrapperTies = grouped(tied).compactMapValues(TieRule.init)

  /// What a wrapper's class gives to its text model where the nested configuration has nothing.
  static let wrapperDefaults: [String: [(String, JSONValue)]] = [
    "glmasr": [
      ("vocab_size", 59264), ("intermediate_size", 6144), ("num_attention_heads", 16),
      ("num_key_value_heads", 4),
    ],
    "voxtral": [
      ("vocab_size", 131072), ("intermediate_size", 8192), ("num_key_value_heads", 8),
      ("head_dim", 128),
    ],
  ].mapValues { pairs in pairs.map { ($0.0, .number("\($0.1)")) } }

  /// The group of each word, from lines of `group: word word`.
  private static func grouped(_ text: String) -> [String: String] {
    var result: [String: String] = [:]
    var group = ""
    for word in text.words {
      if word.utf8.last == UInt8(ascii: ":") {
        group = String(word.dropLast())
      } else {
        result[String(word)] = group
      }
    }
    return result
  }

  private static let wrapped = """
    aria_text: aria
    cohere2: aya_vision cohere2_vision
    cohere_compass_text: cohere_compass
    deepseek_ocr2_text: deepseek_ocr2
    deepseek_v3: kimi_k25
    dots3_note_text: dots3_note
    emu3_text_model: emu3
    ernie4_5_vl_moe_text: ernie4_5_vl_moe
    exaone4: exaone4_5
    gemma: paligemma
    gemma3_text: gemma3 shieldgemma2
    gemma3n_text: gemma3n
    gemma4_text: gemma4
    gemma4_unified_text: gemma4_unified
    glm4v_moe_text: glm4v_moe
    glm4v_text: glm46v glm4v glmga
    glm_ocr_text: glm_ocr
    granite: granite_speech granite_speech_plus
    granite4_vision_text: granite4_vision
    granite_docling_text: granite_docling
    hunyuan_vl_text: hunyuan_vl
    hyperclovax: hyperclovax_vision_v2
    inkling2_text: inkling2
    inkling_text: inkling_mm_model
    lfm2: lfm2_vl
    lfm3: lfm3_vl
    llama: deepseek_vl deepseek_vl_hybrid glmasr idefics3 janus llava llava_next
      llava_next_video perception_lm smolvlm video_llava vipllava voxtral
    llama4_text: llama4
    minimax_m3_vl_text: minimax_m3_vl
    mistral: idefics2 mistral3
    mistral_large4_text: mistral_large4
    mllama_text_model: mllama
    molmo2_text: molmo2
    muse_glimmer_text: muse_glimmer
    nemotron_h: nemo_speechlm nemotron_h_omni
    opt: blip-2 instructblip instructblipvideo
    paddleocr_vl_text: paddleocr_vl
    persimmon: fuyu
    qwen2: audioflamingo3 fast_vlm got_ocr2 internvl internvl_chat llava_onevision musicflamingo ovis2
      pp_chart2table qwen2_audio vibevoice vibevoice_asr video_llama_3
    qwen2_5_omni_text: qwen2_5_omni_thinker
    qwen2_5_vl_text: qwen2_5_vl
    qwen2_vl_text: qwen2_vl
    qwen3: fun_asr_nano lighton_ocr moss_transcribe_diarize qianfan_ocr qwen3_asr
    qwen3_5_moe_text: qwen3_5_moe
    qwen3_5_text: jev minicpm_ocr minicpmv4_6 minicpmv4_7 qwen3_5
    qwen3_omni_moe_text: qwen3_omni_moe_thinker
    qwen3_vl_moe_text: qwen3_vl_moe
    qwen3_vl_text: cosmos3_omni qwen3_vl
    qwen4_exp_text: qwen4_exp
    step3p5: step3p7
    unlimited_ocr_text: unlimited_ocr
    """

  private static let tied = """
    tied: aya_vision cohere2_vision deepseek_vl deepseek_vl_hybrid ernie4_5_vl_moe fun_asr_nano gemma3
      gemma3n gemma4 gemma4_unified glmasr got_ocr2 granite_docling granite_speech granite_speech_plus
      hyperclovax_vision_v2 internvl janus kimi_k25 lfm2_vl lfm3_vl lighton_ocr minicpm_ocr
      mistral3 moss_transcribe_diarize ovis2 paligemma pp_chart2table qwen3_asr
    untied: aria cohere_compass cosmos3_omni deepseek_ocr2 dots3_note emu3 exaone4_5 fuyu glm46v
      glmga granite4_vision idefics2 idefics3 llava_next minicpmv4_6 minicpmv4_7 mistral_large4 muse_glimmer
      qianfan_ocr
      qwen2_5_omni_thinker qwen3_5 qwen3_5_moe qwen3_omni_moe_thinker qwen3_vl qwen3_vl_moe
      qwen4_exp smolvlm step3p7 unlimited_ocr video_llava vipllava
    either: fast_vlm glm4v glm4v_moe glm_ocr llava llava_next_video llava_onevision
      minimax_m3_vl qwen2_5_vl qwen2_vl shieldgemma2 video_llama_3
    either-or-silent: hunyuan_vl paddleocr_vl
    text: perception_lm
    never: audioflamingo3 inkling2 inkling_mm_model mllama molmo2 musicflamingo nemo_speechlm qwen2_audio
      vibevoice_asr voxtral
    """
}

extension Family {
  /// Every type that nests a text model.
  static var wrapperTypes: Dictionary<String, String>.Keys { wrappers.keys }

  /// Whether the type nests a text model that can be counted.
  package static func knowsWrapper(_ type: String) -> Bool { wrappers[type] != nil }
}
