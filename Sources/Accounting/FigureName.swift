import Architecture

/// The name of a figure: its path in the JSON documents, such as `flops.matmul.total`.
package struct FigureName: Hashable, Sendable {
  /// The path in a JSON document, its keys joined by points.
  package let path: String

  /// Every figure there is, in the order of the documents.
  package static let all: [FigureName] = catalogue.map { FigureName(path: $0.path) }

  /// The figure of a path or of a short form.
  package static func named(_ word: String) -> FigureName? {
    let path = shortForms[word] ?? word
    return entries[path] == nil ? nil : FigureName(path: path)
  }

  /// Every word that `named(_:)` knows.
  package static let words: [String] = catalogue.map(\.path) + shortForms.keys.sorted()

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
