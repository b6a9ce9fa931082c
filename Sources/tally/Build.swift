import CStamp

/// Where this program was built from.
enum Build {
  /// The commit and the toolchain, as the release script wrote them into the program; in other
  /// builds, the language version of the compiler.
  static var origin: String {
    let stamp = String(cString: tally_stamp())
    return stamp.isEmpty ? "no release; Swift \(compiler)" : stamp
  }

  /// The compiler's version, as far as a condition can tell it.
  private static var compiler: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}
