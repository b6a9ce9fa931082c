import Symbolic
import Testing

@Suite struct FormulaTests {
  @Test func reads() throws {
    let f = try Formula(parsing: "2*L*d^2 + 3*d*f/(40*h) - ceil(3*d/2+2)")
    #expect(f.description == "2*L*d^2 + 3*d*f/(40*h) - d - ceil(d/2) - 2")
  }
}
