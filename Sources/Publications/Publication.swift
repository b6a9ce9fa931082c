package import Symbolic

/// A printed figure beside the computation that should give it.
package struct Reproduction: Sendable {
  /// How the printed figure is known.
  package enum Level: String, Sendable {
    /// Read in the paper, the repository or the card itself.
    case primary
    /// Read in a transcription or a mirror.
    case secondary
  }

  /// The model, or the run.
  package let subject: String
  /// What was measured or counted.
  package let quantity: String
  /// The figure as it stands in print.
  package let printed: String
  /// The computation that should give it.
  package let figure: Figure
  /// How the printed figure is known.
  package let level: Level
  /// The number of leading digits that the print means, if fewer than it shows.
  package let significantDigits: Int?
  /// What makes the two meet, or what there is to know of the figure.
  package let note: String
  /// Why the two do not meet, where that is known.
  package let difference: String?

  package init(
    _ subject: String, _ quantity: String, _ printed: String, _ figure: Figure,
    level: Level = .primary, digits: Int? = nil, note: String = "", differs: String? = nil
  ) {
    self.subject = subject
    self.quantity = quantity
    self.printed = printed
    self.figure = figure
    self.level = level
    significantDigits = digits
    self.note = note
    difference = differs
  }

  /// What comparing the two says.
  package enum Verdict: Hashable, Sendable {
    case matches(PrintedFigure.Agreement)
    /// It differs, and the reason is written down.
    case listed
    /// It differs where it should match, or matches where it is listed as a difference.
    case surprise
  }

  /// The computed value, and whether it is the printed one.
  ///
  /// - Throws: What computing the figure throws, or `Figure.Problem.noNumber` for a printed text
  ///   that is no number.
  package func compare() throws -> (computed: Rational, verdict: Verdict) {
    let computed = try figure.value()
    guard let printed = PrintedFigure(printed, significantDigits: significantDigits) else {
      throw Figure.Problem.noNumber(printed)
    }
    let agreement = printed.agreement(with: computed)
    switch (agreement, difference) {
    case (.none, .some): return (computed, .listed)
    case (.none, nil), (_, .some): return (computed, .surprise)
    default: return (computed, .matches(agreement))
    }
  }
}

/// The printed figures of one publication, or of one table of it.
package struct Publication: Sendable {
  /// The word that names it on the command line.
  package let name: String
  /// What the table is about.
  package let title: String
  /// Authors, year and address.
  package let source: String
  private let list: @Sendable () -> [Reproduction]

  /// The figures, read from the presets where they stand there: the name of a table costs nothing.
  package var figures: [Reproduction] { list() }

  package init(
    _ name: String, title: String, source: String,
    _ figures: @autoclosure @escaping @Sendable () -> [Reproduction]
  ) {
    self.name = name
    self.title = title
    self.source = source
    list = figures
  }

  /// Every publication, in the order in which they are listed.
  package static let all: [Publication] = [
    founding, kaplan, chinchilla, palm, llama, deepseekLLM, deepseekMoE, latentAttention,
    mixtureOfDepths, routedDepth, mixtureOfRecursions, zeroComputation, zeroComputationSizes,
    expertScaling, expertGranularity, flameSizes, flameRuns, longcat, openMixture, kimi,
    sparseModels, switchTransformer, gemma, storedSizes, cacheSizes, utilization, training,
    presets,
  ]
}
