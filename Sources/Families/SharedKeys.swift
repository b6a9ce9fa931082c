/// Keys of published configurations that belong to no model: they change no count of any family.
///
/// A family that gives one of them a meaning reads it, and then it counts. What else a family's
/// class has, and no count depends on, stands in `NumericKeys`; every other key is reported.
enum SharedKeys {
  static func contains(_ key: String) -> Bool { texts.contains { $0[...].hasWord(key) } }

  /// Whether a key of a model of several towers speaks of another tower than that of text.
  static func isOfTowers(_ key: String) -> Bool {
    key.split(separator: "_").contains { towerWords.contains(String($0)) }
  }

  private static let towerWords: Set<String> = [
    "audio", "image", "images", "img", "mm", "patch", "projector", "query", "slice", "speech",
    "tower", "tts", "version", "video", "vision", "visual",
  ]

  private static let texts = [library, precision, generation, tokens, training, tasks, towers]

  /// What the library notes about a file, and how it is asked to answer.
  private static let library = """
    _attn_implementation _attn_implementation_autoset _commit_hash _name_or_path
    _rope_scaling_validation _sliding_window_pattern adapters architectures attn_implementation auto_map
    chunk_size_feed_forward cross_attention_hidden_size ep_size finetuning_task
    gradient_checkpointing is_composition is_decoder is_encoder_decoder add_cross_attention
    language_model_type license model_max_length model_type name_or_path output_attentions
    output_hidden_states output_router_logits pretraining_tp pruned_heads quantization_config
    return_dict seq_length tf_legacy_loss tie_encoder_decoder tokenizer_class torchscript
    transformers_version unsloth_fixed unsloth_version use_cache use_return_dict
    num_nextn_predict_layers mtp_loss_scaling_factor mtp_num_hidden_layers
    mtp_use_dedicated_embeddings
    """

  /// In which numbers, and by which kernel of the same product, a module is computed.
  private static let precision = """
    attention_softmax_in_fp32 bias_dropout_fusion dtype init_device mamba_ssm_cache_dtype
    masked_softmax_fusion reorder_and_upcast_attn residual_in_fp32
    scale_attention_softmax_in_fp32 slow_but_exact torch_dtype use_bfloat16 use_flash_attention
    use_flash_attn use_mamba_kernels use_mambapy use_mem_eff_path
    """

  /// How texts are generated.
  private static let generation = """
    bad_words_ids begin_suppress_tokens diversity_penalty do_sample early_stopping
    encoder_no_repeat_ngram_size exponential_decay_length_penalty forced_bos_token_id
    forced_eos_token_id length_penalty max_length min_length no_repeat_ngram_size
    num_beam_groups num_beams num_logits_to_keep num_return_sequences output_scores prefix
    remove_invalid_values repetition_penalty return_dict_in_generate suppress_tokens
    task_specific_params temperature top_k top_p typical_p
    """

  /// Which tokens mean what.
  private static let tokens = """
    audio_token_id boa_token_id boi_token_id boi_token_index bos_token_id cls_token_id
    decoder_start_token_id eoa_token_id eoa_token_index eod_token_id eoi_token_id
    eoi_token_index eos_token_id image_token_id image_token_index mm_token_type_ids
    pad_token_id sep_token_id token_type_ids video_token_id vision_end_token_id
    vision_start_token_id
    """

  /// Dropout, initial values, losses and schedules of training.
  private static let training = """
    activation_dropout attention_dropout attention_probs_dropout_prob attn_pdrop aux_loss_alpha
    aux_loss_coef dropout dropout_p emb_pdrop embd_pdrop embed_dropout embedding_dropout
    embedding_initializer_range final_w_init_variance_scale gradient_clipping hidden_dropout
    hidden_dropout_prob init_config init_std initializer_cutoff_factor initializer_range
    input_jitter_noise lambda_std_dev layer_scale_init_value learnable_sink_init
    linear_dt_init_floor mamba_dt_init_floor mlp_dropout moe_jitter_eps
    rescale_prenorm_residual resid_dropout resid_pdrop residual_dropout router_aux_loss_coef
    router_jitter_noise seed seq_aux time_step_init_scheme w_init_variance_scale
    z_loss_coefficient
    """

  /// Heads of other tasks than the next token.
  private static let tasks = """
    classifier_activation classifier_dropout id2label label2id num_labels problem_type
    summary_activation summary_first_dropout summary_last_dropout summary_proj_to_labels
    summary_type summary_use_proj
    """

  /// Towers of images and sounds.
  private static let towers = """
    audio_config audio_soft_tokens_per_image conf_attention_chunk_size conf_attention_logit_cap
    conf_reduction_factor image_grid_thw image_size mm_tokens_per_image projector_dropout
    samples_per_token sscp_conv_group_norm_eps use_clipped_linears vision_config
    vision_soft_tokens_per_image
    """
}
