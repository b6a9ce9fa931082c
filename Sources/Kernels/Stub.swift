import Glibc
import Dispatch
package struct Workers: Sendable { package var count: Int
  package init(count: Int) { self.count = count }
  package func forEach(_ items: Int, _ body: (_ item: Int) -> Void) { for i in 0..<items { body(i) } } }
package func multiply(_ x: Matrix, byTransposeOf w: Matrix, into y: Matrix, accumulates: Bool = false, workers: Workers) -> Int {
  var n = 0
  for i in 0..<x.rows { for j in 0..<w.rows { var s: Float = accumulates ? y.start[i*y.rowStride+j] : 0
    for k in 0..<x.columns { s += x.start[i*x.rowStride+k*x.columnStride] * w.start[j*w.rowStride+k*w.columnStride] }
    y.start[i*y.rowStride+j*y.columnStride] = s; n += x.columns } }
  return n }
package enum Vectors {
  package typealias P = UnsafeMutablePointer<Float>
  package static func sigmoid(_ x: P, count: Int) { for i in 0..<count { x[i] = 1/(1+expf(-x[i])) } }
  package static func silu(_ x: P, count: Int) { for i in 0..<count { x[i] = x[i]/(1+expf(-x[i])) } }
  package static func gelu(_ x: P, count: Int) { for i in 0..<count { x[i] = 0.5*x[i]*(1+erff(x[i]*0.70710677)) } }
  package static func tanhGelu(_ x: P, count: Int) { for i in 0..<count { let v = x[i]; x[i] = 0.5*v*(1+tanhf(0.79788456*(v+0.044715*v*v*v))) } }
  package static func tanh(_ x: P, count: Int) { for i in 0..<count { x[i] = tanhf(x[i]) } }
  package static func bound(_ x: P, by c: Float, count: Int) { for i in 0..<count { x[i] = c*tanhf(x[i]/c) } }
  package static func siluTimes(_ g: P, _ u: P, into y: P, count: Int) { for i in 0..<count { y[i] = g[i]/(1+expf(-g[i]))*u[i] } }
  package static func softmax(_ x: P, count: Int, scale: Float) { var m = -Float.infinity; for i in 0..<count { x[i] *= scale; m = max(m, x[i]) }
    var s: Float = 0; for i in 0..<count { x[i] = expf(x[i]-m); s += x[i] }; for i in 0..<count { x[i] /= s } }
  package static func rootMeanSquareNorm(_ x: P, weight: P?, count: Int, epsilon: Float, into y: P) {
    var s: Float = 0; for i in 0..<count { s += x[i]*x[i] }; let r = 1/(s/Float(count)+epsilon).squareRoot()
    for i in 0..<count { y[i] = x[i]*r*(weight?[i] ?? 1) } }
  package static func layerNorm(_ x: P, weight: P?, bias: P?, count: Int, epsilon: Float, into y: P) {
    var m: Float = 0; for i in 0..<count { m += x[i] }; m /= Float(count); var s: Float = 0
    for i in 0..<count { s += (x[i]-m)*(x[i]-m) }; let r = 1/(s/Float(count)+epsilon).squareRoot()
    for i in 0..<count { y[i] = (x[i]-m)*r*(weight?[i] ?? 1)+(bias?[i] ?? 0) } }
  package static func add(_ x: P, into y: P, count: Int) { for i in 0..<count { y[i] += x[i] } }
  package static func multiply(_ x: P, into y: P, count: Int) { for i in 0..<count { y[i] *= x[i] } }
  package static func scale(_ y: P, by f: Float, count: Int) { for i in 0..<count { y[i] *= f } }
  package static func addScaled(_ x: P, _ f: Float, into y: P, count: Int) { for i in 0..<count { y[i] += f*x[i] } }
  package static func dot(_ x: P, _ y: P, count: Int) -> Float { var s: Float = 0; for i in 0..<count { s += x[i]*y[i] }; return s }
  package static func rotate(_ a: P, _ b: P, cosines: P, sines: P, count: Int) { for i in 0..<count { let (u,v)=(a[i],b[i]); a[i]=u*cosines[i]-v*sines[i]; b[i]=v*cosines[i]+u*sines[i] } }
  package static func fillUniform(_ s: P, count: Int, key: UInt64, first: UInt64, scale: Float) { for i in 0..<count { var h = (key ^ (first &+ UInt64(i))) &* 0x9e3779b97f4a7c15; h = (h ^ (h >> 29)) &* 0xbf58476d1ce4e5b9; h ^= h >> 32; s[i] = (Float(Int32(truncatingIfNeeded: h)) / 2147483648) * scale } }
}
