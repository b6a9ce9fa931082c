package import Accounting
package import Symbolic

/// A sweep: a subject, the axes it varies over, what is asked of every point, and what is held.
package struct Sweep: Sendable {
  /// One thing that is asked of every point.
  package struct Column: Hashable, Sendable {
    /// The heading of the column.
    package let heading: String
    /// What is computed at every point.
    package let query: Query

    package init(_ heading: String, _ query: Query) {
      self.heading = heading
      self.query = query
    }
  }

  /// A figure that stays what it was, because a size gives way.
  package struct Hold: Hashable, Sendable {
    /// The figure that is held.
    package let figure: FigureName
    /// The size that gives way.
    package let key: String
    /// What the figure is to be.
    package var target: Target
    /// On which side of that it has to be.
    package var relation = Goal.Relation.near
    /// The size is a multiple of it.
    package var step: Int128 = 1
    /// The least and the greatest value that the size may have.
    package var limits: ClosedRange<Int128>?

    /// What the figure is to be.
    package enum Target: Hashable, Sendable {
      case value(Rational)
      /// A multiple of the figure of the unchanged model.
      case timesBaseline(Rational)
    }

    package init(_ figure: FigureName, by key: String, _ target: Target) {
      self.figure = figure
      self.key = key
      self.target = target
    }
  }

  /// The model and the pass that vary.
  package var subject: SweepSubject
  /// What figures are compared with, where that is not the subject itself.
  package var reference: SweepSubject?
  /// The points.
  package var grid: Grid
  /// What is computed at every point.
  package var columns: [Column]
  /// The condition under which a point is kept.
  package var filter: Query?
  /// The figure that is held, if one is.
  package var hold: Hold?

  package init(_ subject: SweepSubject, _ grid: Grid, columns: [Column]) {
    self.subject = subject
    self.grid = grid
    self.columns = columns
  }
}

/// A point of a sweep that was kept, with the answers to the columns.
package struct SweepRow: Hashable, Sendable {
  /// Its place in the grid.
  package let point: Int128
  /// The answers, and behind them the size that was solved for.
  private let held: RowValues

  /// The size that was solved for, if one was.
  package var solved: Rational? { held.last ?? nil }
  /// The answers to the columns.
  package var values: RowValues { held.withoutLast }

  package init(point: Int128, solved: Rational?, values: [Rational?]) {
    self.point = point
    held = RowValues(values + [solved])
  }
}
