package import Symbolic

/// What a measuring tool counted in one run of a model, module by module.
package struct MeasuredCounts: Sendable {
  /// The tool that wrote the file.
  package enum Kind: String, Sendable, CaseIterable {
    /// What `FlopCounterMode.get_flop_counts()` of torch returns, as JSON.
    case flopCounter = "flop-counter"
    /// A trace of torch's profiler.
    case trace = "profiler-trace"
    /// The printed modules of DeepSpeed's flops profiler.
    case deepspeed
    /// The printed modules of calflops.
    case calflops
    /// The table of fvcore.
    case fvcore
  }

  /// The count of one module, those inside it included.
  package struct Module: Sendable {
    /// The names from the outermost module on; empty for the whole run.
    package let path: [String]
    /// Operations, as the file has them.
    package let count: Rational
    /// How far the count may be off because the file has it rounded: half of its last digit.
    package let slack: Rational

    package init(path: [String], count: Rational, slack: Rational = .zero) {
      self.path = path
      self.count = count
      self.slack = slack
    }
  }

  /// The tool that wrote the file.
  package let kind: Kind
  /// In the order of the file; the whole run first.
  package let modules: [Module]

  package init(kind: Kind, modules: [Module]) {
    self.kind = kind
    self.modules = modules
  }
}

/// A file that is no measurement, and why.
package struct MeasurementError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, and what to do, in one or two sentences.
  package let description: String

  package init(_ description: String) { self.description = description }
}
