import CKernels

/// The inner loops of one set of instructions.
package struct Loops: @unchecked Sendable {
  /// The table lives as long as the program.
  private let pointer: UnsafePointer<ck_loops>

  /// The name of the instructions: `avx512`, `avx2`, `sse2` or `neon`.
  package let name: String

  private init(_ pointer: UnsafePointer<ck_loops>) {
    self.pointer = pointer
    name = String(cString: pointer.pointee.name)
  }

  var table: ck_loops {
    @inline(__always) unsafeAddress { pointer }
  }

  /// Those that this machine can run, the widest first.
  package static let available: [Loops] = (0..<ck_count()).compactMap { index in
    ck_loops_at(index).map { Loops($0) }
  }

  /// The widest that this machine can run.
  package static let best = available[0]
}
