/// The constants of the reference pass that are no sizes.
///
/// They decide what numbers come out and how many operations never. A configuration's own values
/// matter for a checkpoint, which random weights are not.
package enum Constants {
  /// *ε* under the root of a norm.
  static let epsilon: Float = 1e-6
}
