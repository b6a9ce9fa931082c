import Kernels

extension Executor {
  /// Floating-point operations in a second, by a short product in this form of evidence.
  package var measuredRate: Double {
    let size = evidence == .literal ? 64 : 512
    let wasRecording = meter.isRecording
    meter.isRecording = false
    defer { meter.isRecording = wasRecording }
    return scratch.scoped {
      let (x, w) = (scratch.zeros(size, size), scratch.zeros(size, size))
      let y = scratch.matrix(size, size)
      product(x, w, into: y, "")
      let clock = ContinuousClock()
      let elapsed = clock.measure { product(x, w, into: y, "") }
      let seconds =
        Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
      return 2 * Double(size * size * size) / max(seconds, 1e-9)
    }
  }
}
