/// One chart: what is drawn, on which axes, and under which title.
package struct Chart: Sendable, Equatable {
  /// How the values are drawn.
  package enum Kind: Sendable, Equatable {
    case line, scatter, heatMap
  }

  /// What an axis (or the colour of a heat map) means.
  package struct Axis: Sendable, Equatable {
    /// What stands beside the axis.
    package var label: String
    /// The unit of the values; bytes are labelled in powers of 1024, all else in powers of 1000.
    package var unit: String
    /// Whether the axis is logarithmic; without an answer the chart decides.
    package var isLogarithmic: Bool?
    /// Words in place of numbers; the values are indices into these.
    package var categories: [String]
    /// Whether even steps begin at zero, so that a small change is not drawn as a large one.
    package var startsAtZero = false

    package init(
      label: String = "", unit: String = "", isLogarithmic: Bool? = nil, categories: [String] = []
    ) {
      self.label = label
      self.unit = unit
      self.isLogarithmic = isLogarithmic
      self.categories = categories
    }
  }

  /// A value, with the words shown where a pointer rests on it.
  package struct Point: Sendable, Equatable {
    /// The value along the x axis.
    package var x: Double
    /// The value along the y axis.
    package var y: Double
    /// What is shown where a pointer rests on it.
    package var label: String

    package init(x: Double, y: Double, label: String = "") {
      self.x = x
      self.y = y
      self.label = label
    }
  }

  /// Points of one name, one colour and one shape.
  package struct Series: Sendable, Equatable {
    /// The name in the legend.
    package var name: String
    /// The points, in the order in which a line joins them.
    package var points: [Point]
    /// Whether a line joins the points, where that is not what the chart does.
    package var isJoined: Bool?

    package init(name: String, points: [Point], isJoined: Bool? = nil) {
      self.name = name
      self.points = points
      self.isJoined = isJoined
    }
  }

  /// An annotated point; on a heat map column `x` and row `y`.
  package struct Mark: Sendable, Equatable {
    /// The value along the x axis, or the column.
    package var x: Double
    /// The value along the y axis, or the row.
    package var y: Double
    /// The words beside the point.
    package var label: String

    package init(x: Double, y: Double, label: String) {
      self.x = x
      self.y = y
      self.label = label
    }
  }

  /// The heading.
  package var title: String
  /// A line below the heading.
  package var subtitle: String
  /// How the values are drawn.
  package var kind: Kind
  /// The horizontal axis.
  package var x: Axis
  /// The vertical axis.
  package var y: Axis
  /// The series of a line chart or a scatter plot.
  package var series: [Series]
  /// The annotated points.
  package var marks: [Mark]
  /// The values of a heat map by row, from above, and column; without a value there is no point.
  package var cells: [[Double?]]
  /// What the colour of a cell means.
  package var colorAxis: Axis

  package init(
    title: String = "", subtitle: String = "", kind: Kind = .line, x: Axis = Axis(),
    y: Axis = Axis(), series: [Series] = [], marks: [Mark] = [], cells: [[Double?]] = [],
    colorAxis: Axis = Axis()
  ) {
    self.title = title
    self.subtitle = subtitle
    self.kind = kind
    self.x = x
    self.y = y
    self.series = series
    self.marks = marks
    self.cells = cells
    self.colorAxis = colorAxis
  }

  /// Whether a line joins the points of a series.
  func joins(_ series: Series) -> Bool { series.isJoined ?? (kind == .line) }

  /// The chart as a drawing that stands by itself.
  package var svg: String {
    let width = 720.0
    var canvas = Canvas()
    let panel = Panel(
      chart: self, width: width, styles: Array(series.indices), legend: Legend(self))
    let height = panel.draw(on: &canvas)
    return canvas.document(
      width: width, height: height, title: title.isEmpty ? "Chart" : title,
      description: summary)
  }
}
