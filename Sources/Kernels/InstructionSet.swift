import CKernels

/// Which instructions the inner loops use.
package enum InstructionSet: String, CaseIterable, Sendable {
  case avx512
  case avx2
  case sse2
  case neon

  /// Those that this machine has, the best first.
  package static let available = allCases.filter { kernels_named($0.rawValue) != nil }

  /// The one with the widest vectors of this machine.
  package static let best = available[0]

  /// The inner loops; to request those that the machine lacks is a programming error.
  var loops: Loops {
    guard let loops = Self.all[rank] else {
      preconditionFailure("this machine has no \(rawValue)")
    }
    return loops
  }

  private static let all = allCases.map { kernels_named($0.rawValue)?.pointee }

  private var rank: Int {
    switch self {
    case .avx512: 0
    case .avx2: 1
    case .sse2: 2
    case .neon: 3
    }
  }
}

typealias Loops = kernels
