import JSON
import Symbolic

extension MeasuredCounts {
  /// Reads a trace of torch's profiler, as `export_chrome_trace` writes it.
  ///
  /// A trace has no counts: they follow from the shapes of the operands, which `record_shapes` or
  /// `with_flops` put there. With `with_stack` it also says which module ran an operation; the classes
  /// of modules are then brought into the usual names. Where something runs outside the modules, as a
  /// backward pass does, the total stands alone.
  ///
  /// - Throws: `MeasurementError`.
  init(trace events: [JSONValue]) throws(MeasurementError) {
    var operations: [Event] = []
    var calls: [Event] = []
    for event in events where event["ph"]?.string == "X" {
      guard let name = event["name"]?.string, let start = event["ts"]?.decimal else { continue }
      let thread = "\(event["pid"]?.kind ?? "") \(event["tid"]?.kind ?? "")"
      let entry = Event(
        name: name, thread: thread, start: start, end: start + (event["dur"]?.decimal ?? 0),
        arguments: event["args"])
      if name.hasPrefix("nn.Module: ") {
        calls.append(entry)
      } else if name.hasPrefix("aten::") {
        operations.append(entry)
      }
    }
    guard !operations.isEmpty else {
      throw MeasurementError("It is a trace without operations of torch. Profile a pass.")
    }
    operations.sort { ($0.thread, $0.start, -$0.end) < ($1.thread, $1.start, -$1.end) }
    let modules = CalledModules(calls)
    var counts: [[String]: Rational] = [[]: .zero]
    var order: [[String]] = [[]]
    var (thread, end) = ("", -Double.infinity)
    var isAllInside = true
    var hasShapes = false
    for operation in operations {
      if operation.thread != thread { (thread, end) = (operation.thread, -.infinity) }
      hasShapes = hasShapes || operation.arguments?["Input Dims"] != nil
      // What an operation that is counted calls is the same work.
      guard operation.start >= end, let flops = try operation.flops else { continue }
      end = operation.end
      let paths = modules.paths(operation)
      isAllInside = isAllInside && !paths.isEmpty
      for path in paths + [[]] {
        if counts[path] == nil { order.append(path) }
        guard let sum = try? (counts[path] ?? .zero).adding(Rational(flops)) else {
          throw MeasurementError("Its operations are too large to be counted.")
        }
        counts[path] = sum
      }
    }
    guard hasShapes else {
      throw MeasurementError(
        "Its operations have no shapes. Profile with record_shapes=True or with_flops=True.")
    }
    self.init(
      kind: .trace,
      modules: (isAllInside ? order : [[]]).map { Module(path: $0, count: counts[$0] ?? .zero) })
  }

  /// Something that ran, on one thread, from one time to another in microseconds.
  fileprivate struct Event {
    let name: String
    let thread: String
    let start: Double
    let end: Double
    let arguments: JSONValue?
  }
}

extension JSONValue {
  fileprivate var decimal: Double? {
    if case .number(let text) = self { Double(text) } else { nil }
  }
}

extension MeasuredCounts.Event {
  private var shapes: [[Int128]] {
    (arguments?["Input Dims"]?.array ?? []).map { ($0.array ?? []).compactMap(\.integer) }
  }

  /// Two operations for each multiply-add of a matrix product; nil for anything else.
  fileprivate var flops: Int128? {
    get throws(MeasurementError) {
      let shapes = shapes
      func extent(_ operand: Int, _ axis: Int) -> Int128? {
        guard shapes.indices.contains(operand) else { return nil }
        let shape = shapes[operand]
        let place = axis < 0 ? shape.count + axis : axis
        return shape.indices.contains(place) ? shape[place] : nil
      }
      let word = name.dropFirst("aten::".count)
      let factors: [Int128?]
      switch word {
      case "mm", "_grouped_mm", "_scaled_mm":
        factors = [2, extent(0, 0), extent(0, 1), extent(1, -1)]
      case "addmm": factors = [2, extent(1, 0), extent(1, 1), extent(2, 1)]
      case "bmm": factors = [2, extent(0, 0), extent(0, 1), extent(0, 2), extent(1, 2)]
      case "baddbmm": factors = [2, extent(1, 0), extent(1, 1), extent(1, 2), extent(2, 2)]
      case "convolution" where shapes.count > 1 && shapes[0].count == 3:
        guard let steps = positions(extent(0, 2), extent(1, 2)) else { return nil }
        factors = [2, extent(0, 0), steps, extent(1, 0), extent(1, 1), extent(1, 2)]
      default:
        guard word.hasPrefix("_scaled_dot_product_"), word != "_scaled_dot_product_attention_math",
          !word.hasSuffix("_backward")
        else { return nil }
        // Scores over the width of a query, and values over that of a value.
        let widths = extent(0, 3).flatMap { query in extent(2, 3).map { query + $0 } }
        factors = [2, extent(0, 0), extent(0, 1), extent(0, 2), extent(1, 2), widths]
      }
      var product: Int128 = 1
      for factor in factors {
        guard let factor else { return nil }
        let (next, overflow) = product.multipliedReportingOverflow(by: factor)
        guard !overflow, next >= 0 else {
          throw MeasurementError("'\(name)' has impossible shapes. Write the file again.")
        }
        product = next
      }
      return product
    }
  }

  /// How many positions a convolution along one axis gives.
  private func positions(_ length: Int128?, _ kernel: Int128?) -> Int128? {
    let inputs = arguments?["Concrete Inputs"]?.array ?? []
    func number(_ place: Int) -> Int128? {
      guard inputs.indices.contains(place) else { return nil }
      return inputs[place].string.flatMap { Int128($0.filter { !"[] ".contains($0) }) }
    }
    guard let length, let kernel, let stride = number(3), let padding = number(4),
      let dilation = number(5), stride > 0, length < 1 << 60, kernel < 1 << 30,
      padding.magnitude < 1 << 60, dilation.magnitude < 1 << 30
    else { return nil }
    return (length + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
  }
}

/// Which modules ran when, under the names that their classes stand for.
private struct CalledModules {
  private let calls: [String: [MeasuredCounts.Event]]
  private var layers: [String: Int] = [:]

  init(_ calls: [MeasuredCounts.Event]) {
    let sorted = calls.sorted { ($0.start, -$0.end) < ($1.start, -$1.end) }
    self.calls = Dictionary(grouping: sorted, by: \.thread)
    for call in sorted where Self.isLayer(call.name) && layers[call.name] == nil {
      layers[call.name] = layers.count
    }
  }

  private static func isLayer(_ name: String) -> Bool {
    (name.contains("DecoderLayer") || name.contains("Block_")) && place(name) == nil
  }

  /// The modules that an operation ran in, each as its path.
  func paths(_ operation: MeasuredCounts.Event) -> [[String]] {
    let outer = (calls[operation.thread] ?? []).filter {
      $0.start <= operation.start && operation.end <= $0.end
    }
    guard let first = outer.first else { return [] }
    var paths = [[Self.label(first.name)]]
    guard let layer = outer.firstIndex(where: { layers[$0.name] != nil }) else {
      // A map directly inside the outermost module scores the vocabulary.
      if outer.count == 2, outer[1].name.contains("Linear") { paths.append(paths[0] + ["lm_head"]) }
      return paths
    }
    paths.append(paths[0] + ["layers", "\(layers[outer[layer].name] ?? 0)"])
    for call in outer[(layer + 1)...] {
      guard let name = Self.place(call.name), let last = paths.last, last.last != name else {
        continue
      }
      paths.append(last + [name])
    }
    return paths
  }

  private static func label(_ name: String) -> String {
    String(
      name.dropFirst("nn.Module: ".count).reversed().drop { $0.isNumber }.dropFirst().reversed())
  }

  /// What a module inside a layer is by its class.
  private static func place(_ name: String) -> String? {
    let words: [(part: String, place: String)] = [
      ("Experts", "experts"), ("Router", "gate"), ("Attention", "self_attn"), ("Moe", "mlp"),
      ("MoE", "mlp"), ("MLP", "mlp"), ("FeedForward", "mlp"), ("DeltaNet", "linear_attn"),
      ("Mixer", "mixer"),
    ]
    return words.first { name.contains($0.part) }?.place
  }
}
