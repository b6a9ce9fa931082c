import Wording

/// One line on a terminal that says how far a run is and how long it will take.
///
/// It appears on standard error once two seconds have passed, and only on a terminal.
final class ProgressLine {
  private let name: String
  private let start = ContinuousClock.now
  private var last: ContinuousClock.Instant?
  private let isShown = Terminal.isInteractive

  init(_ name: String) { self.name = name }

  /// Shows the share that is done, from 0 to 1.
  func update(_ share: Double) {
    guard isShown else { return }
    let now = ContinuousClock.now
    guard now - start > .seconds(2), last.map({ now - $0 > .milliseconds(200) }) ?? true else {
      return
    }
    last = now
    let passed = now - start
    let seconds =
      Double(passed.components.seconds) + Double(passed.components.attoseconds) * 1e-18
    let left = share > 0.001 ? Self.time(seconds * (1 - share) / share) + " left" : ""
    Terminal.hasProgressLine = true
    Terminal.write("\r\u{1B}[K\(name): \(Int(share * 100)) %  \(left)", to: .errors)
  }

  /// Takes the line away.
  func end() {
    guard last != nil else { return }
    Terminal.write("\r\u{1B}[K", to: .errors)
    Terminal.hasProgressLine = false
  }

  /// A time as people say it.
  static func time(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "years" }
    let whole = Int(seconds.rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
