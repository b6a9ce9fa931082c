/// How a tensor holds weights as codes of a few bits, beside tensors that say how to read them.
///
/// Weights are not read from it; it says how many there are, and what they take.
struct Packing: Sendable {
  /// The spelling, by the tool that writes it.
  package enum Scheme: String, Sendable {
    /// `qweight [in·bits/32, out]`, `qzeros`, `scales [groups, out]`, perhaps `g_idx [in]`.
    ///
    /// - Source: <https://github.com/AutoGPTQ/AutoGPTQ>, `qlinear_cuda_old.py`.
    case gptq = "GPTQ"
    /// `qweight [in, out·bits/32]`, `qzeros`, `scales [groups, out]`.
    ///
    /// - Source: <https://github.com/casper-hansen/AutoAWQ>, `gemm.py`.
    case awq = "AWQ"
    /// `weight [⌈n/2⌉, 1]` of 8 bits, `absmax`, `quant_map`, perhaps nested, `quant_state.*`.
    ///
    /// - Source: <https://github.com/bitsandbytes-foundation/bitsandbytes>, `QuantState.as_dict`.
    case bitsAndBytes4 = "bitsandbytes 4-bit"
    /// `weight [out, in]` of 8 bits, and `SCB [out]`.
    case bitsAndBytes8 = "bitsandbytes 8-bit"
    /// `weight` in 8-bit floats, with a scale for the tensor, each row, or each block.
    case float8 = "FP8"
    /// `weight` of 8-bit integers with `weight_scale`.
    case integer8 = "INT8"
    /// `blocks […, in/32, 16]` of two codes a byte, and `scales […, in/32]` of 8 bits.
    ///
    /// - Source: Open Compute Project 2023, Microscaling Formats (MX) 1.0.
    case microscaling4 = "MXFP4"
    /// Two codes a byte `[out, in/2]`, scales in 8-bit floats `[out, in/16]`, and one for the tensor.
    case nvidia4 = "NVFP4"
    /// `weight_packed [out, in·bits/32]`, `weight_scale`, `weight_shape`.
    ///
    /// - Source: <https://github.com/vllm-project/compressed-tensors>, `pack_quantized`.
    case compressedTensors = "compressed-tensors"
    /// `weight [out, in·bits/32]`, `scales` and `biases [out, groups]`.
    ///
    /// - Source: <https://github.com/ml-explore/mlx>, `mx.quantize`.
    case mlx = "MLX"
    /// Blocks of weights with their scales inside, as in files of llama.cpp.
    case blocks = "GGUF"
  }

  let scheme: Scheme
  let codes: StoredTensor
  /// Scales, zero points and the like, by name.
  let companions: [StoredTensor]
  /// The scales among them.
  private let scales: StoredTensor?

  /// The names under which codes stand in place of a tensor.
  static func names(_ name: String) -> [String] {
    guard name.hasSuffix(".weight") else { return ["\(name)_blocks"] }
    let base = name.dropLast("weight".count)
    return ["\(base)qweight", "\(base)weight_packed"]
  }

  static func isName(_ name: String) -> Bool {
    name.hasSuffix(".qweight") || name.hasSuffix(".weight_packed") || name.hasSuffix("_blocks")
  }

  /// What a tensor holds, if it holds codes; `tensors` are those of the checkpoint.
  init?(_ codes: StoredTensor, in tensors: [String: StoredTensor]) {
    guard !codes.form.isRead else { return nil }
    self.codes = codes
    let name = codes.name
    func stem(_ suffix: String) -> String? {
      name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : nil
    }
    func all(_ names: [String]) -> [StoredTensor] { names.compactMap { tensors[$0] } }
    if codes.form.block != nil {
      scheme = .blocks
      (scales, companions) = (nil, [])
    } else if let base = stem("qweight"), let scales = tensors["\(base)scales"] {
      scheme = codes.shape.last == scales.shape.last ? .gptq : .awq
      self.scales = scales
      companions = all(["scales", "qzeros", "g_idx"].map { base + $0 })
    } else if let base = stem("_packed"), let scales = tensors["\(base)_scale"] {
      let outer = base.dropLast("weight".count)
      companions =
        all(["_scale", "_zero_point", "_shape", "_g_idx", "_global_scale"].map { base + $0 })
        + all(["input_global_scale", "input_scale", "input_zero_point"].map { outer + $0 })
      self.scales = scales
      scheme =
        codes.form != .unsigned8
        ? .compressedTensors : scales.form == .unsigned8 ? .microscaling4 : .nvidia4
    } else if let base = stem("_blocks"), let scales = tensors["\(base)_scales"] {
      scheme = .microscaling4
      self.scales = scales
      companions = [scales]
    } else if let base = stem("weight"), codes.form == .unsigned32,
      let scales = tensors["\(base)scales"]
    {
      scheme = .mlx
      self.scales = scales
      companions = all(["scales", "biases"].map { base + $0 })
    } else if codes.form == .unsigned8, let scales = tensors["\(name).absmax"] {
      scheme = .bitsAndBytes4
      self.scales = scales
      // The state's name says which four-bit numbers they are.
      companions = all(
        ["absmax", "quant_map", "nested_absmax", "nested_quant_map"].map { "\(name).\($0)" }
          + ["nf4", "fp4"].map { "\(name).quant_state.bitsandbytes__\($0)" })
    } else if codes.form == .unsigned8, let scales = tensors["\(name)_scale"],
      tensors["\(name)_scale_2"] != nil
    {
      scheme = .nvidia4
      self.scales = scales
      companions = all(["\(name)_scale", "\(name)_scale_2"] + Self.inputs(name))
    } else if codes.form == .signed8, let base = stem("weight"),
      let scales = tensors["\(base)SCB"]
    {
      scheme = .bitsAndBytes8
      self.scales = scales
      companions = all(["SCB", "weight_format"].map { base + $0 })
    } else if codes.form == .signed8, let scales = tensors["\(name)_scale"] {
      scheme = .integer8
      self.scales = scales
      companions = all(["\(name)_scale", "\(name)_zero_point"] + Self.inputs(name))
    } else if codes.form.isFloat8 {
      scheme = .float8
      scales = tensors["\(name)_scale_inv"] ?? tensors["\(name)_scale"]
      companions = all(["\(name)_scale_inv", "\(name)_scale"] + Self.inputs(name))
    } else {
      return nil
    }
  }

  /// The scales of what goes into a map.
  private static func inputs(_ name: String) -> [String] {
    guard name.hasSuffix(".weight") else { return ["\(name)_input_scale"] }
    let base = name.dropLast("weight".count)
    return ["input_scale", "input_zero_point", "activation_scale"].map { base + $0 }
  }

  /// Whether the codes stand for weights of a shape.
  func holds(_ shape: [Int]) -> Bool {
    let bits = bits(of: shape)
    switch scheme {
    case .float8, .integer8, .bitsAndBytes8, .blocks: return codes.shape == shape
    case .bitsAndBytes4: return shape.checkedProduct.map { codes.count == ($0 + 1) / 2 } ?? false
    case .microscaling4:
      return bits == 4 && shape.first == codes.shape.first && shape.count <= codes.shape.count
    case .nvidia4, .compressedTensors, .mlx:
      return bits != nil && shape.dropLast() == codes.shape.dropLast()
    case .gptq:
      return bits != nil && codes.shape.count == 2 && shape.count == 2
        && shape.contains(codes.shape[1])
    case .awq:
      return bits != nil && codes.shape.count == 2 && shape.count == 2
        && shape.contains(codes.shape[0])
    }
  }

  /// The bits of a weight, if the codes are as long as weights of the shape can be.
  func bits(of shape: [Int]) -> Int? {
    if scheme == .bitsAndBytes4 { return 4 }
    guard let bits = codes.form.bits, let weights = shape.checkedProduct, weights > 0
    else { return nil }
    let (quotient, rest) = (codes.count * bits).quotientAndRemainder(dividingBy: weights)
    return rest == 0 && (1...8).contains(quotient) ? quotient : nil
  }

  /// The scheme in words, with the bits of a weight and how many share a scale.
  func words(of shape: [Int]) -> String {
    switch scheme {
    case .bitsAndBytes4, .bitsAndBytes8, .float8, .integer8, .microscaling4, .nvidia4:
      return scheme.rawValue
    case .blocks: return codes.form.name
    case .gptq, .awq, .compressedTensors, .mlx:
      let bits = bits(of: shape).map { " \($0)-bit" } ?? ""
      let count = scales.map { max(1, $0.count) } ?? 1
      return "\(scheme.rawValue)\(bits), \((shape.checkedProduct ?? .max) / count) to a scale"
    }
  }
}

extension NumberForm {
  static let unsigned8 = NumberForm("U8")
  static let signed8 = NumberForm("I8")
  static let unsigned32 = NumberForm("U32")

  /// Whether the elements are floats of 8 bits.
  var isFloat8: Bool { name.hasPrefix("F8_E4M3") || name.hasPrefix("F8_E5M2") }
}
