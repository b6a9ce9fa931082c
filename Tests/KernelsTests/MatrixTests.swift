import Kernels
import Testing

@Suite struct MatrixTests {
  @Test("A transposed view exchanges extents and strides")
  func transposition() {
    let start = UnsafeMutablePointer<Float>.allocate(capacity: 12)
    defer { start.deallocate() }
    let view = Matrix(start, rows: 3, columns: 4).transposed
    #expect(view.rows == 4 && view.columns == 3)
    #expect(view.rowStride == 1 && view.columnStride == 4)
  }
}
