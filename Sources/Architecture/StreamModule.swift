package import Symbolic

/// What stands beside attention and feed-forward layers: scales, shares of a table, and what keeps
/// several copies of the stream.
package enum StreamModule: Hashable, Sendable {
  /// A learned factor of each number.
  case scale(LearnedScale)
  case layerTable(LayerTable)
  case layerInput(LayerInput)
  case alternatingUpdate(AlternatingUpdate)
  case learnedResidual(LearnedResidual)
  case copies(StreamCopies)
  /// Copies of the stream, side by side.
  case repetition(Formula)
  /// What reads and writes several streams around a block, or only reads them.
  case connection(StreamConnection)
  /// A state that a pass begins with.
  case start(Weight)
  /// Logarithms of what rotary angles are multiplied by, one for each pair.
  case angleFactors(Weight)
  /// Scores of buckets of distances, for all layers.
  case positionTable(PositionBuckets)
  /// A convolution of what a branch returns.
  case convolution(SkipConvolution)
  /// What reads the streams of earlier layers.
  case depth(DepthReader)
  /// A map with a function behind it.
  case mapped(MappedFunction)
  /// What a table of n-grams adds to several streams.
  case ngrams(NgramInjection)

  /// The tensors of the module.
  package var weights: [Weight] {
    switch self {
    case .scale(let module): module.weights
    case .layerTable(let module): module.weights
    case .layerInput(let module): module.weights
    case .alternatingUpdate(let module): module.weights
    case .learnedResidual(let module): module.weights
    case .copies(let module): module.weights
    case .repetition: []
    case .connection(let module): module.weights
    case .start(let weight), .angleFactors(let weight): [weight]
    case .positionTable(let buckets): [buckets.table]
    case .convolution(let module): module.weights(.mixer)
    case .depth(let module): module.queries
    case .ngrams(let module): module.weights
    case .mapped(let module): module.weights
    }
  }

  /// A short word for the layers that have it, as a subscript of *L*.
  package var label: String {
    switch self {
    case .scale: "scale"
    case .layerTable, .layerInput: "table"
    case .alternatingUpdate: "altup"
    case .learnedResidual: "laurel"
    case .copies, .repetition: "copies"
    case .connection: "hc"
    case .start: "start"
    case .angleFactors: "angles"
    case .positionTable: "positions"
    case .convolution: "conv"
    case .depth: "depth"
    case .ngrams: "ngrams"
    case .mapped: "map"
    }
  }

  /// What such a layer has, in words.
  package var meaning: String {
    switch self {
    case .scale: "a learned scale"
    case .layerTable: "a table of all layers"
    case .layerInput: "a share of a table"
    case .alternatingUpdate: "updates of several streams"
    case .learnedResidual: "a learned residual"
    case .copies, .repetition: "copies of the stream"
    case .connection: "a connection to several streams"
    case .start: "a first state"
    case .angleFactors: "factors of rotary angles"
    case .positionTable: "scores of distances"
    case .convolution: "a convolution"
    case .depth: "attention to earlier streams"
    case .ngrams: "a table of n-grams"
    case .mapped: "a map with a function behind it"
    }
  }

  /// Changes the norms inside.
  mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    switch self {
    case .layerTable(var table):
      change(&table.norm)
      self = .layerTable(table)
    case .learnedResidual(var residual):
      change(&residual.norm)
      self = .learnedResidual(residual)
    case .alternatingUpdate(var updates):
      updates.changeNorms(change)
      self = .alternatingUpdate(updates)
    case .ngrams(var injection):
      injection.changeNorms(change)
      self = .ngrams(injection)
    case .connection(var connection):
      connection.changeNorms(change)
      self = .connection(connection)
    case .scale, .layerInput, .copies, .start, .angleFactors, .positionTable, .repetition,
      .convolution, .depth, .mapped:
      break
    }
  }
}

extension AlternatingUpdate {
  mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    change(&routerNorm)
    change(&inputNorm)
  }
}
