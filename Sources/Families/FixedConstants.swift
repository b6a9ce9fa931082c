extension Family {
  /// What the class of a type does and no key of its configuration says.
  ///
  /// `epsilon` is *ε* of all norms, `norms_add_one` says that a norm multiplies by its weight and
  /// one, `rotates_neighbours` that a rotary pair is two numbers side by side,
  /// `indexes_halves` that those of an indexer's heads are not although they are elsewhere,
  /// `keeps_other_groups_at_zero` that experts outside the best groups keep a score of zero,
  /// `states_rotary_magnitudes` that the file says what cosines and sines are multiplied by,
  /// `ignores_outer_base` that a base beside the rotary parameters is not read.
  ///
  /// - Source: the modeling files of `transformers` 5.23.0.
  static let fixedConstants: [String: String] = [
    "axk2":
      "rotates_neighbours=true indexes_halves=true keeps_other_groups_at_zero=true",
    "bailing_hybrid": "rotates_neighbours=true",
    "biogpt": "epsilon=1e-5",
    "codegen": "rotates_neighbours=true",
    "cohere": "rotates_neighbours=true",
    "cohere2": "rotates_neighbours=true",
    "cohere2_moe": "rotates_neighbours=true",
    "dbrx": "epsilon=1e-5",
    "deepseek_v2": "rotates_neighbours=true",
    "deepseek_v4": "rotates_neighbours=true",
    "deepseek_v32": "rotates_neighbours=true indexes_halves=true",
    "dots3_note_text": "rotates_neighbours=true",
    "ernie4_5": "rotates_neighbours=true",
    "ernie4_5_moe": "rotates_neighbours=true",
    "ernie4_5_vl_moe_text": "rotates_neighbours=true",
    "gemma": "norms_add_one=true",
    "gemma2": "norms_add_one=true",
    "gemma3_text": "norms_add_one=true",
    "glm": "rotates_neighbours=true",
    "glm4": "rotates_neighbours=true",
    "glm4v_text": "rotates_neighbours=true",
    "glm_ocr_text": "rotates_neighbours=true",
    // Null means one over the root of a head's width.
    "hyperclovax": "attention_multiplier=null",
    "glm_moe_dsa": "rotates_neighbours=true",
    "gptj": "rotates_neighbours=true",
    "helium": "rotates_neighbours=true",
    "hunyuan_v1_dense": "reads_alpha=true",
    "hunyuan_v1_moe": "reads_alpha=true",
    "hunyuan_vl_text": "reads_alpha=true",
    "longcat_flash": "rotates_neighbours=true",
    "llama4_text": "rotates_neighbours=true",
    "minimax_m3_vl_text": "norms_add_one=true",
    "nemotron_h": "time_step_min=0.001",
    "nemotron": "norms_add_one=true",
    "olmo": "epsilon=1e-5",
    "opt": "epsilon=1e-5",
    "phimoe": "states_rotary_magnitudes=true",
    "qwen3_5_moe_text": "norms_add_one=true",
    "qwen3_5_text": "norms_add_one=true",
    "qwen3_next": "norms_add_one=true",
    "qwen4_exp_text": "norms_add_one=true",
    "recurrent_gemma": "norms_add_one=true",
    "step3p5": "norms_add_one=true",
    "vaultgemma": "norms_add_one=true",
    "xglm": "epsilon=1e-5",
    "zaya": "ignores_outer_base=true",
  ]
}
