import Accounting
import Architecture
import Families
import JSON
import Symbolic
import Testing

/// Element-wise work of recurrences, against the loops of the reference code, one by one.
@Suite struct RecurrenceTests {
  private typealias Tally = [ScalarOperation: Int]

  @Test("A chunk of delta attention with a decay for each channel", arguments: [1, 64, 70])
  func channelDelta(tokens: Int) throws {
    let (heads, size, chunk) = (2, 3, 64)
    let configuration = """
      {"model_type": "kimi_linear", "num_attention_heads": 2, "hidden_size": 16, "vocab_size": 5,
       "num_hidden_layers": 1, "layer_types": ["linear_attention"], "mlp_layer_types": ["dense"],
       "linear_head_dim": 3, "linear_num_heads": 2}
      """
    var tally = Tally()
    func count(_ operations: ScalarOperation..., times: Int = 1) {
      for operation in operations { tally[operation, default: 0] += times }
    }
    count(.exp, .subtract, times: heads)  // 0 − e^(A_log)
    for _ in 0..<(tokens * heads) {
      count(.subtract, .exp, .add, .divide)  // σ
      count(.add, .exp, .add, .log, .multiply, times: size)  // rate·softplus(f + b)
      count(.multiply, .add, .divide, times: 2 * size)  // squares, their sums, quotients
      count(.add, .sqrt, times: 2)
      count(.multiply, times: size)  // scale
    }
    for _ in 0..<(heads * ((tokens + chunk - 1) / chunk)) {
      count(.multiply, .multiply, .add, times: chunk * size)  // β·v, β·k, sums of decays
      for row in 0..<chunk {
        for _ in 0..<chunk {
          count(.subtract, .exp, times: size)
          count(.multiply, .multiply, .add, times: 2 * size)
          count(.subtract, .add)  // negated, and the identity added
        }
        for _ in 0..<row {
          count(.multiply, .add, times: row)
          count(.add)
        }
      }
      count(.exp, .multiply, times: 3 * chunk * size)
      count(.subtract, .subtract, .add, times: chunk * size)
      count(.exp, times: size)
      count(.multiply, .add, times: size * size)
    }
    let found = try HandCounts.operations(configuration, "self_attn.scan", tokens: Int128(tokens))
    #expect(found == tally)
  }

  private static let xlstm = """
    {"model_type": "xlstm", "hidden_size": 12, "num_hidden_layers": 1, "vocab_size": 5,
     "num_heads": 2, "chunk_size": 4}
    """

  @Test("Chunks of a matrix memory, and tokens after them", arguments: [1, 3, 8, 10])
  func matrixMemory(tokens: Int) throws {
    let (heads, key, value, chunk) = (2, 3, 6, 4)
    var tally = Tally()
    func count(_ operations: ScalarOperation..., times: Int = 1) {
      for operation in operations { tally[operation, default: 0] += times }
    }
    count(.divide, .tanh, .multiply, times: 2 * heads * tokens)
    for _ in 0..<(heads * (tokens % chunk)) {
      count(.subtract, .exp, .add, .log, .subtract)
      count(.add, .compare, .subtract, .exp, .subtract, .exp)
      count(.multiply, .multiply, .add, times: key * value)
      count(.multiply, .multiply, .multiply, .add, times: key)
      count(.subtract, .compare, .subtract, .exp, .compare, .add)
      count(.divide, times: value)
    }
    for _ in 0..<(heads * (tokens / chunk)) {
      count(.subtract, .exp, .add, .log, .subtract, .add, times: chunk)
      count(.subtract, .add, .compare, times: chunk)
      count(.add, .compare)
      count(.subtract, .exp, times: chunk + 1)
      count(.multiply, .add, times: chunk * key)
      count(.multiply, .add, times: key * value + key)
      count(.subtract, .add, .compare, .subtract, .exp, times: chunk * chunk)
      count(.multiply, .multiply, .add, times: chunk * chunk)
      count(.add, .compare, .subtract, .exp, .add, times: chunk)
      count(.multiply, times: 2 * chunk * key)
      count(.add, .divide, times: chunk * value)
      count(.subtract, .compare, .subtract, .exp, .compare, .add, times: chunk)
    }
    let found = try HandCounts.operations(Self.xlstm, "mlstm_layer.scan", tokens: Int128(tokens))
    #expect(found == tally)
  }

  @Test("One step of a gated unit, and of receptance")
  func units() throws {
    let griffin = """
      {"model_type": "recurrent_gemma", "num_attention_heads": 2, "hidden_size": 16,
       "num_hidden_layers": 1, "vocab_size": 5, "block_types": ["recurrent"],
       "num_key_value_heads": 1, "conv1d_width": 4, "intermediate_size": 8}
      """
    // −8·softplus(Λ) for each of 16 channels, and what one token does.
    #expect(
      try HandCounts.operations(griffin, "temporal_block.scan", tokens: 1, past: 9) == [
        .multiply: 6 * 16, .add: 4 * 16, .subtract: 3 * 16, .exp: 5 * 16, .divide: 2 * 16,
        .sqrt: 16, .log: 16,
      ])
    #expect(
      try HandCounts.operations(griffin, "temporal_block.conv_1d", tokens: 1, past: 9) == [
        .multiply: 4 * 16, .add: 4 * 16 + 16,
      ])
    let rwkv = """
      {"model_type": "rwkv", "hidden_size": 14, "num_hidden_layers": 1, "vocab_size": 5,
       "attention_hidden_size": 6, "intermediate_size": 9}
      """
    #expect(
      try HandCounts.operations(rwkv, "attention.scan", tokens: 1, past: 9) == [
        .multiply: 7 * 6, .add: 7 * 6, .subtract: 6 * 6, .exp: 6 * 6, .divide: 2 * 6,
        .compare: 2 * 6,
      ])
    #expect(
      try HandCounts.operations(rwkv, "attention.mix", tokens: 1, past: 9) == [
        .multiply: 6 * 14, .add: 3 * 14, .subtract: 3 * 14,
      ])
  }
}
