import Testing
import Validation

@Suite struct LineFitTests {
  @Test("The squares of relative differences are least, so that a short time weighs as much")
  func weights() {
    // Python, with fractions: weights of 1/4, 1/9 and 1/64.
    let fit = LineFit([(1, 2), (2, 3), (4, 8)])
    #expect((fit.slope - 38.0 / 23).magnitude < 1e-12)
    #expect((fit.intercept - 32.0 / 161).magnitude < 1e-12)
    #expect((fit.residual(1, 2) - (2 / (298.0 / 161) - 1)).magnitude < 1e-12)
  }

  @Test("One place has a line through zero")
  func single() {
    #expect(LineFit([(2, 6)]).slope == 3 && LineFit([(2, 6)]).intercept == 0)
  }
}
