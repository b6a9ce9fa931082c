import Accounting
import Architecture
import JSON
import Symbolic

extension Evaluated {
  /// An exact integer, or the formula as a text while a size is free.
  var json: JSONValue { wholeConstant.map { .integer($0) } ?? .string(text(.plain)) }

  /// A ratio with up to four decimals.
  var ratioJSON: JSONValue { constant.map { .number($0.ratio) } ?? .string(text(.plain)) }
}

/// What a report lists beside the figures.
enum ParameterDetail: String, CaseIterable {
  case part
  case layer
  case tensor
}

extension ParameterReport {
  /// The object of one model in `params --format json`.
  func json(_ detail: ParameterDetail) throws -> JSONObject {
    var object = JSONObject([
      ("name", .string(model.name)), ("model_type", .string(model.modelType)),
      ("parameters", .object(parametersJSON)),
      ("persistent_buffers", persistentBuffers.json),
      (
        "active",
        .object(
          JSONObject(
            ParameterLedger.Activity.allCases.map {
              ($0.rawValue, (active[$0] ?? .zero).json)
            }))
      ), ("ratios", .object(ratiosJSON)),
    ])
    if let stored { object["checkpoint_parameters"] = stored.json }
    switch detail {
    case .part: break
    case .layer: object["layers"] = .array(try layers().map(\.json))
    case .tensor: object["tensors"] = .array(try ledger.tensors().map(\.json))
    }
    let notes = model.notes + notes
    if !notes.isEmpty { object["notes"] = .array(notes.map { .string($0) }) }
    return object
  }

  private var parametersJSON: JSONObject {
    JSONObject(
      [("total", total.json)] + Part.allCases.map { ($0.rawValue, count($0).json) })
  }

  private var ratiosJSON: JSONObject {
    var ratios = JSONObject([("d_ff/d_model", widthRatio?.ratioJSON ?? .null)])
    if let denseRatio, expertRatio != nil {
      ratios["dense_d_ff/d_model"] = denseRatio.ratioJSON
    }
    ratios["mlp/attention"] = feedForwardToAttention.map { .number($0.ratio) } ?? .null
    return ratios
  }

  /// The parameters of each layer and of what is outside the layers.
  func layers() throws -> [LayerParameters] {
    var result: [LayerParameters] = []
    var positions: [Int: Int] = [:]
    var outside: [Part: Evaluated] = [:]
    for tensor in try ledger.tensors() where !tensor.isBuffer {
      guard let layer = tensor.layer else {
        outside[tensor.part, default: .zero] += tensor.count
        continue
      }
      if positions[layer] == nil {
        positions[layer] = result.count
        result.append(LayerParameters(layer: layer, parts: [:]))
      }
      result[positions[layer] ?? 0].parts[tensor.part, default: .zero] += tensor.count
    }
    return [LayerParameters(layer: nil, parts: outside)] + result
  }
}

/// The parameters of one layer, or of what is outside the layers.
struct LayerParameters {
  let layer: Int?
  var parts: [Part: Evaluated]

  var total: Evaluated { parts.values.sum() }

  var json: JSONValue {
    .object(
      JSONObject(
        [("layer", layer.map { .integer($0) } ?? .null), ("total", total.json)]
          + Part.allCases.compactMap { part in parts[part].map { (part.rawValue, $0.json) } }))
  }
}

extension ParameterLedger.Tensor {
  /// The part whose count the tensor is in; a buffer is in none of the nine.
  var column: String { isBuffer ? "persistent_buffers" : part.rawValue }

  var json: JSONValue {
    .object([
      "name": .string(name), "shape": .array(shape.map(\.json)), "count": count.json,
      "part": .string(column),
    ])
  }
}
