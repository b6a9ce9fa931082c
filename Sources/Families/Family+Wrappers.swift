extension Family {
  /// Configurations that nest a text model under `text_config`, and the type of that model where
  /// the nested configuration does not say it.
  static let wrappers: [String: String] = {
    var result: [String: String] = [:]
    var inner = ""
    for word in wrapped.split(whereSeparator: \.isWhitespace) {
      if word.hasSuffix(":") {
        inner = String(word.dropLast())
      } else {
        result[String(word)] = inner
      }
    }
    return result
  }()

  private static let wrapped = """
    aria_text: aria
    cohere2: aya_vision cohere2_vision
    cohere_compass_text: cohere_compass
    deepseek_v3: kimi_k25
    dots3_note_text: dots3_note
    exaone4: exaone4_5
    gemma: paligemma
    gemma3_text: gemma3 shieldgemma2
    gemma3n_text: gemma3n
    gemma4_text: gemma4
    gemma4_unified_text: gemma4_unified
    granite: granite_speech granite_speech_plus
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
    nemotron_h: nemo_speechlm nemotron_h_omni
    opt: blip-2 instructblip instructblipvideo
    qwen2: audioflamingo3 fast_vlm got_ocr2 internvl llava_onevision musicflamingo ovis2
      pp_chart2table qwen2_audio vibevoice vibevoice_asr video_llama_3
    qwen3: fun_asr_nano lighton_ocr moss_transcribe_diarize qianfan_ocr qwen3_asr
    qwen3_5_moe_text: qwen3_5_moe
    qwen3_5_text: jev minicpm_ocr minicpmv4_6 minicpmv4_7 qwen3_5
    qwen4_exp_text: qwen4_exp
    """
}
