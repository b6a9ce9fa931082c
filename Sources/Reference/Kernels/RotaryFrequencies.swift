import Architecture

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// By how much each pair of elements turns for one position.
struct RotaryFrequencies {
  var each: [Float]
  /// What cosines and sines are multiplied by, where it is not one.
  var magnitude: Float?

  /// The frequencies of a pass after which a sequence has `positions` positions.
  init(_ angles: RotaryAngles, positions: Int, _ executor: Executor) throws {
    let size = try executor.extent(angles.size)
    var base = try executor.double(angles.base)
    let pairs = size / 2
    func plain(_ base: Double) -> [Double] {
      (0..<pairs).map { 1 / pow(base, Double(2 * $0) / Double(size)) }
    }
    func number(_ constant: Constant) throws -> Double { try executor.double(constant) }
    var found: [Double]
    switch angles.scaling {
    case .none: found = plain(base)
    case .linear(let factor):
      let factor = try number(factor)
      found = plain(base).map { $0 / factor }
    case .dynamic(let factor, let original):
      let (factor, original) = (try number(factor), try number(original))
      let length = max(Double(positions), original)
      base *= pow(factor * length / original - (factor - 1), Double(size) / Double(size - 2))
      found = plain(base)
    case .llama3(let factor, let low, let high, let original):
      let (factor, original) = (try number(factor), try number(original))
      let (low, high) = (try number(low), try number(high))
      found = plain(base).map { frequency in
        let length = 2 * Double.pi / frequency
        if length > original / low { return frequency / factor }
        if length < original / high { return frequency }
        let smooth = (original / length - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
    case .yarn(let yarn):
      let (factor, original) = (try number(yarn.factor), try number(yarn.original))
      // The pair that turns so often in the original length.
      func pair(_ turns: Double) -> Double {
        Double(size) * log(original / (turns * 2 * Double.pi)) / (2 * log(base))
      }
      var (low, high) = (try pair(number(yarn.fast)), try pair(number(yarn.slow)))
      if yarn.truncates { (low, high) = (floor(low), ceil(high)) }
      low = max(low, 0)
      high = min(high, Double(size - 1))
      if low == high { high += 0.001 }
      found = plain(base).enumerated().map { index, frequency in
        let ramp = min(max((Double(index) - low) / (high - low), 0), 1)
        return frequency / factor * ramp + frequency * (1 - ramp)
      }
      if angles.scaling.hasMagnitude { magnitude = Float(try number(yarn.attention)) }
    case .long(let short, let long, let original, let attention):
      let factors = try (Double(positions) > number(original) ? long : short).map(number)
      guard factors.count == pairs else {
        throw ExecutionError.notExecuted(
          modelType: executor.model.modelType,
          what: "\(factors.count) factors for \(pairs) rotary angles")
      }
      found = zip(plain(base), factors).map { $0 / $1 }
      if angles.scaling.hasMagnitude { magnitude = Float(try number(attention)) }
    case .proportional(let share, let factor):
      let turning = Int((try number(share) * Double(size) / 2).rounded(.down))
      let factor = try number(factor)
      found = plain(base).enumerated().map { $0 < turning ? $1 / factor : 0 }
    case .other(let rule):
      throw ExecutionError.notExecuted(
        modelType: executor.model.modelType, what: "the rotary scaling '\(rule)'")
    }
    each = found.map { Float(angles.turnsBack ? -$0 : $0) }
  }
}
