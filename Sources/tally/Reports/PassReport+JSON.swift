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
    if !packed.isEmpty { object["packed"] = .array(packed.map { .integer($0) }) }
    if generated > 0 { object["generated"] = .integer(generated) }
    if phase == .train { object["recompute"] = .string(recompute.rawValue) }
    return .object(object)
  }
}

extension Memory {
  var json: JSONValue {
    var object = JSONObject([
      ("weight_bytes", weightBytes.json),
      ("weight_format", .string(weightFormat.description)), ("state_elements", stateElements.json),
      ("state_bytes", stateBytes.json), ("total", total.json),
      ("moved_bytes", movedBytes?.json ?? .null),
    ])
    if let bounds = movedBounds {
      object["moved_bytes_exactness"] = .string(Exactness.expected.rawValue)
      object["moved_bytes_bounds"] = .array([bounds.least.json, bounds.most.json])
    }
    if let training {
      object["gradient_bytes"] = training.gradientBytes.json
      object["moment_bytes"] = training.momentBytes.json
      object["master_bytes"] = training.masterBytes.json
    }
    return .object(object)
  }
}

extension PassReport {
  /// The object of one model in `flops --format json`.
  ///
  /// - Throws: `Failure` if a figure needs more than 128 bits.
  func json(_ convention: Convention, _ detail: OperationDetail = .part) throws -> JSONObject {
    let ledger = operations.ledger
    let total = try ModelSource.blaming(model) { try convention.value(of: ledger) }
    var object = JSONObject([
      ("name", .string(model.name)), ("model_type", .string(model.modelType)),
      ("convention", .string(convention.name)), ("workload", workload.json),
      (
        "flops",
        .object(["total": total.json, "matmul": productsJSON, "elementwise": categoriesJSON])
      ),
      (
        "operations",
        .object(
          JSONObject(
            ScalarOperation.allCases.map {
              ($0.rawValue, (operations.operations[$0] ?? .zero).json)
            }))
      ), ("exactness", .string(exactness.rawValue)),
    ])
    if let bounds = try ModelSource.blaming(model, { try operations.bounds(under: convention) }) {
      object["bounds"] = .array([bounds.least.json, bounds.most.json])
    }
    object["kv_cache"] = .object([
      "elements": operations.cacheElements.json, "bytes": memory.cacheBytes.json,
    ])
    object["memory"] = memory.json
    object["arithmetic_intensity"] = memory.intensity.map { .number($0.ratio) } ?? .null
    if let bounds = memory.intensityBounds {
      object["arithmetic_intensity_bounds"] = .array([
        .number(bounds.least.ratio), .number(bounds.most.ratio),
      ])
    }
    if !memory.expertsMet.isEmpty {
      object["experts_met"] = .array(memory.expertsMet.map(\.json))
    }
    if !memory.slotsFilled.isEmpty {
      object["expert_slots"] = .array(memory.slotsFilled.map(\.json))
    }
    for (key, value) in machine?.json ?? [] { object[key] = value }
    if detail == .row {
      try refuseFreeVariablesOfRows()
      object["rows"] = .array(
        try ModelSource.blaming(model) { try ledger.rows.map { try $0.json(ledger) } })
    }
    object["not_counted"] = .string(Self.notCounted([self]))
    let notes = model.notes + notes(convention)
    if !notes.isEmpty { object["notes"] = .array(notes.map { .string($0) }) }
    return object
  }

  private var productsJSON: JSONValue {
    .object(
      JSONObject(
        [("total", operations.matrixProducts.json)]
          + Product.Part.allCases.map {
            ($0.rawValue, (operations.products[$0] ?? .zero).json)
          }))
  }

  private var categoriesJSON: JSONValue {
    .object(
      JSONObject(
        [("total", operations.elementwise.json)]
          + Elementwise.Category.allCases.map {
            ($0.rawValue, (operations.categories[$0] ?? .zero).json)
          }))
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
            let count = count(of: operation)
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

  /// The path, with what tells apart several rows of one path.
  var label: String {
    let suffix = direction == .forward ? "" : ", \(direction.rawValue)"
    return "\(path) (\(kindName)\(suffix))"
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
