import Accounting
import Architecture
import JSON
import Symbolic

extension Workload {
  /// The pass, as every report of one repeats it.
  var json: JSONValue {
    var object = JSONObject([
      ("phase", .string(phase.rawValue)), ("batch", .integer(batch)), ("tokens", .integer(tokens)),
      ("past", .integer(past)), ("mask", .string(mask.rawValue)),
      ("logits", .string(logits.rawValue)), ("mla", .string(latentForm.rawValue)),
    ])
    if phase == .train { object["recompute"] = .string(recompute.rawValue) }
    return .object(object)
  }
}

extension OperationReport {
  /// The object of one model in `flops --format json`.
  func json(_ convention: Convention) throws -> JSONObject {
    let total = try ModelSource.blaming(model) { try convention.value(of: ledger) }
    var object = JSONObject([
      ("name", .string(model.name)), ("model_type", .string(model.modelType)),
      ("convention", .string(convention.name)), ("workload", workload.json),
      (
        "flops",
        .object([
          "total": total.json,
          "matmul": .object(
            JSONObject(
              [("total", matrixProducts.json)]
                + Product.Part.allCases.map { ($0.rawValue, (products[$0] ?? .zero).json) })),
          "elementwise": .object(
            JSONObject(
              [("total", elementwise.json)]
                + Elementwise.Category.allCases.map {
                  ($0.rawValue, (categories[$0] ?? .zero).json)
                })),
        ])
      ),
      (
        "operations",
        .object(
          JSONObject(
            ScalarOperation.allCases.map { ($0.rawValue, (operations[$0] ?? .zero).json) }))
      ), ("exactness", .string(exactness.rawValue)),
    ])
    if let bounds { object["bounds"] = .array([bounds.least.json, bounds.most.json]) }
    return object
  }
}

extension OperationLedger.Row {
  func json(_ ledger: OperationLedger) throws -> JSONValue {
    .object([
      "path": .string(path), "direction": .string(direction.rawValue),
      "kind": .string(kindName), "extents": .string(extents),
      "layers": layers.map { .string($0.name) } ?? .null,
      "formula": .string(flops.text(.plain)), "flops": try ledger.value(flops, path).json,
      "operations": .object(
        JSONObject(
          try ScalarOperation.allCases.compactMap { operation in
            let count = counts[operation]
            return count.isZero
              ? nil : (operation.rawValue, try ledger.value(count, path).json)
          })),
    ])
  }

  /// The part or category whose sum the row is in.
  var kindName: String {
    switch work.kind {
    case .product(let product): "matmul.\(product.part.rawValue)"
    case .elementwise(let work): "elementwise.\(work.category.rawValue)"
    }
  }

  /// What a product multiplies: copies of `[rows, inner] × [inner, columns]`.
  var extents: String {
    guard case .product(let product) = work.kind else { return "" }
    func text(_ size: Formula) -> String { size.text(.plain) }
    let matrix =
      "[\(text(product.rows)), \(text(product.inner))]"
      + " x [\(text(product.inner)), \(text(product.columns))]"
    return product.copies == .one ? matrix : "(\(text(product.copies))) \(matrix)"
  }
}
