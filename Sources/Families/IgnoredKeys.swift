/// Keys of published configurations that change no count.
///
/// A family that needs one of them reads it; otherwise it is passed over without a word. Every other
/// key that a family does not read is reported.
enum IgnoredKeys {
  static func contains(_ key: String) -> Bool { names.contains(key) }

  private static let names: Set<String> = Set(
    text.split(whereSeparator: \.isWhitespace).map(String.init))

  private static let text = """
    _attn_implementation _attn_implementation_autoset _commit_hash _name_or_path
    _rope_scaling_validation activation activation_dropout activation_function
    activation_sparsity_pattern adapters add_cross_attention altup_coef_clip altup_correct_scale
    apply_query_key_layer_scaling architectures attention_chunk_size attention_dropout
    attention_in_multiplier attention_invalid_logits_value attention_logit_cap
    attention_multiplier attention_out_multiplier attention_probs_dropout_prob
    attention_softmax_in_fp32 attention_value_scale attention_window_size attn_implementation
    attn_logit_softcapping attn_pdrop attn_scale attn_temperature_tuning audio_config
    audio_soft_tokens_per_image audio_token_id auto_map aux_loss_alpha aux_loss_coef
    bad_words_ids begin_suppress_tokens bias_dropout_fusion boa_token_id boi_token_id
    boi_token_index bos_token_id chunk_size chunk_size_feed_forward classifier_activation
    classifier_dropout clip_qkv cls_token_id compress_rope_theta conf_attention_chunk_size
    conf_attention_logit_cap conf_reduction_factor cross_attention_hidden_size
    decoder_start_token_id diversity_penalty do_sample dropout dropout_p dtype early_stopping
    emb_pdrop embd_pdrop embed_dropout embedding_dropout embedding_initializer_range
    embedding_multiplier embedding_scale encoder_no_repeat_ngram_size eoa_token_id
    eoa_token_index eod_token_id eoi_token_id eoi_token_index eos_token_id ep_size eps
    exponential_decay_length_penalty final_logit_softcapping final_w_init_variance_scale
    finetuning_task floor_scale forced_bos_token_id forced_eos_token_id full_attn_alpha_factor
    full_attn_beta_factor gate_soft_cap global_rope_theta gradient_checkpointing
    gradient_clipping hc_eps hidden_act hidden_activation hidden_dropout hidden_dropout_prob
    hidden_mamba_act id2label image_grid_thw image_size image_token_id image_token_index
    index_skip_topk_offset index_topk index_topk_blocks index_topk_pattern init_config
    init_device init_std initializer_cutoff_factor initializer_range input_jitter_noise
    is_causal is_composition is_decoder is_encoder_decoder keep_window_size key_multiplier
    label2id lambda_std_dev language_model_type layer_norm_eps layer_norm_epsilon
    layer_rope_theta layer_scale_init_value layer_types learnable_sink_init length_penalty
    license linear_attn_alpha_factor linear_attn_beta_factor linear_dt_init_floor
    lm_head_multiplier local_attention_window_len local_rope_theta log_scaling_alpha
    log_scaling_n_floor logit_scale logits_mup_width_multiplier logits_scaling logits_soft_cap
    mamba_chunk_size mamba_dt_init_floor mamba_hidden_act mamba_ssm_cache_dtype
    masked_softmax_fusion max_length max_position_embeddings max_sequence_length
    max_window_layers min_length mixer_rms_eps mlp_alpha_factor mlp_beta_factor mlp_dropout
    mlp_gate_softcap mlp_hidden_act mlp_multipliers mlp_up_softcap mm_token_type_ids
    mm_tokens_per_image model_max_length model_type moe_jitter_eps moe_routed_scaling_factor
    moe_router_logit_softcapping moe_topk mtp_loss_scaling_factor mup_enabled n_ctx n_group
    no_repeat_ngram_size no_rope_layer_interval no_rope_layers norm_eps norm_epsilon
    norm_topk_prob num_beam_groups num_beams num_labels num_logits_to_keep
    num_nextn_predict_layers num_return_sequences offset_alibi original_max_position_embeddings
    output_attentions output_hidden_states output_logit_soft_cap output_router_logits
    output_scores pad_token_id partial_rotary_factor position_bias_max_distance prefix
    prefix_dense_sliding_window_pattern pretraining_tp problem_type projector_dropout
    pruned_heads qk_l2_clip_threshold quantization_config query_pre_attn_scalar
    rel_l2_clip_threshold remove_invalid_values reorder_and_upcast_attn repetition_penalty
    rescale_every rescale_prenorm_residual resid_dropout resid_pdrop residual_dropout
    residual_in_fp32 residual_multiplier return_dict return_dict_in_generate rms_norm_eps
    rope_interleave rope_local_base_freq rope_parameters rope_scaling rope_theta rope_type
    rotary_dim rotary_emb_base rotary_pct route_scale routed_scaling_factor router_aux_loss_coef
    router_jitter_noise router_scale router_scaling_factor samples_per_token
    scale_attention_softmax_in_fp32 scale_attn_by_inverse_layer_idx scale_attn_weights
    scale_depth scale_emb scale_embedding scoring_func seed sep_token_id seq_aux seq_length
    skip_bias_add skip_bias_add_qkv sliding_window sliding_window_pattern sliding_window_size
    slow_but_exact sscp_conv_group_norm_eps ssm_in_multiplier ssm_multipliers ssm_out_multiplier
    summary_activation summary_first_dropout summary_last_dropout summary_proj_to_labels
    summary_type summary_use_proj suppress_tokens swa_rope_theta swiglu_alpha swiglu_limit
    task_specific_params temperature tf_legacy_loss tie_encoder_decoder time_step_floor
    time_step_init_scheme time_step_limit time_step_max time_step_min time_step_scale
    token_type_ids tokenizer_class top_k top_p topk_method torch_dtype torchscript
    transformers_version typical_p unsloth_fixed unsloth_version use_bfloat16 use_cache
    use_clipped_linears use_flash_attention use_flash_attn use_mamba_kernels use_mambapy
    use_mem_eff_path use_mem_rope use_return_dict use_sliding_window video_token_id
    vision_config vision_end_token_id vision_soft_tokens_per_image vision_start_token_id
    w_init_variance_scale window_size z_loss_coefficient
    """
}
