import Architecture

/// The name of a figure: its path in the JSON documents, such as `flops.matmul.total`.
package struct FigureName: Hashable, Sendable {
  package let path: String

  /// Every figure there is, in the order of the documents.
  package static let all: [FigureName] = paths.map { FigureName(path: $0) }

  /// The figure of a path or of a short form.
  package static func named(_ word: String) -> FigureName? {
    let path = shortForms[word] ?? word
    return paths.contains(path) ? FigureName(path: path) : nil
  }

  /// Every word that `named(_:)` knows.
  package static var words: [String] { paths + shortForms.keys.sorted() }

  /// Whether a pass has it, and not the description alone.
  package var isOfPass: Bool {
    !["parameters.", "persistent_buffers", "active.", "ratios."].contains { path.hasPrefix($0) }
  }

  /// Whether it is of a training budget.
  package var isOfBudget: Bool { path.hasPrefix("training.") }

  /// Whether its unit is bytes.
  package var isBytes: Bool { path.hasSuffix("bytes") || path == "memory.total" }

  private static let paths: [String] =
    ["parameters.total"] + Part.allCases.map { "parameters.\($0.rawValue)" }
    + ["parameters.mlp", "parameters.embedding_and_head", "parameters.non_embedding"]
    + ["persistent_buffers"]
    + ParameterLedger.Activity.allCases.map { "active.\($0.rawValue)" } + ["active.mlp"]
    + ["ratios.d_ff/d_model", "ratios.dense_d_ff/d_model", "ratios.mlp/attention"]
    + ["flops.total", "flops.per_token", "flops.matmul.total"]
    + Product.Part.allCases.map { "flops.matmul.\($0.rawValue)" }
    + ["flops.elementwise.total"]
    + Elementwise.Category.allCases.map { "flops.elementwise.\($0.rawValue)" }
    + ["flops.least", "flops.most"]
    + ScalarOperation.allCases.map { "operations.\($0.rawValue)" }
    + ["kv_cache.elements", "kv_cache.bytes", "memory.weight_bytes", "memory.gradient_bytes"]
    + ["memory.moment_bytes", "memory.master_bytes", "memory.state_elements", "memory.state_bytes"]
    + ["memory.total", "memory.moved_bytes", "arithmetic_intensity"]
    + ["training.flops_per_token", "training.tokens", "training.tokens_per_parameter"]

  /// What people write for the usual ones.
  package static let shortForms: [String: String] = [
    "total": "parameters.total", "params": "parameters.total", "parameters": "parameters.total",
    "active": "active.all", "flops": "flops.total", "matmul": "flops.matmul.total",
    "elementwise": "flops.elementwise.total", "kv_cache": "kv_cache.bytes",
    "kv_cache_bytes": "kv_cache.bytes", "kv_cache_elements": "kv_cache.elements",
    "flops_per_token": "flops.per_token", "intensity": "arithmetic_intensity",
    "weight_bytes": "memory.weight_bytes", "moved_bytes": "memory.moved_bytes",
    "training_tokens": "training.tokens", "d_ff/d_model": "ratios.d_ff/d_model",
    "mlp/attention": "ratios.mlp/attention", "non_embedding": "parameters.non_embedding",
    "attention": "parameters.attention", "routed_experts": "parameters.routed_experts",
    "shared_experts": "parameters.shared_experts", "dense_mlp": "parameters.dense_mlp",
    "embedding": "parameters.embedding", "mlp": "parameters.mlp",
    "tokens_per_parameter": "training.tokens_per_parameter",
  ]
}
