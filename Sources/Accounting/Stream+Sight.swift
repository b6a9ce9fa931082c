import Architecture
import Symbolic

/// All tokens of a pass, whose keys some of them see as queries.
struct Sight: Hashable, Sendable {
  var tokens: Formula
  var past: Formula
  /// Which of them the queries are taken to be, where only the data know.
  var assumption: DepthRouter.Assumption

  /// As many sequences of all tokens.
  func everyone(seenBy stream: Stream) -> Stream {
    var all = stream
    (all.sight, all.places) = (nil, nil)
    (all.tokens, all.past) = (tokens, past)
    return all
  }

  /// The pairs of these queries and the keys that each sees, in one sequence.
  ///
  /// Of all pairs of the sequence it is the share of the queries, if each token is as likely to be one;
  /// at the least those of the first tokens, and at the most those of the last.
  func pairs(of queries: Stream, _ reach: Reach) -> Formula {
    let all = everyone(seenBy: queries)
    guard queries.pairing == .kept else { return queries.tokens / tokens * all.pairs(reach) }
    func first(_ count: Formula) -> Formula {
      var stream = all
      stream.tokens = count
      return stream.pairs(reach)
    }
    if let places = queries.places {
      return places.map { first(Formula($0 + 1)) - first(Formula($0)) }.sum()
    }
    switch assumption {
    case .none: return first(queries.tokens)
    case .expected: return queries.tokens / tokens * first(tokens)
    case .all: return first(tokens) - first(tokens - queries.tokens)
    }
  }
}

extension Stream {
  /// These tokens as queries that see the keys of all tokens of the pass.
  func seeing(_ whole: Stream, assuming assumption: DepthRouter.Assumption) -> Stream {
    guard tokens != whole.tokens || sequences != whole.sequences || past != whole.past else {
      return self
    }
    var copy = self
    copy.sight = Sight(tokens: whole.tokens, past: whole.past, assumption: assumption)
    return copy
  }
}
