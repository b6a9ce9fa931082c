package import Symbolic

/// How many tokens an expert takes, where that is limited.
///
/// Of *N* tokens that reach the layer, each choosing *K* of *E* experts, those that do nothing
/// included, an expert has `C = max(1, min(N, ⌊c·K·N/E⌋))` places, or the same with `⌈ ⌉`. The tokens
/// are all of a pass, whatever sequence they are of. Where experts choose, *K* is 1: each takes its best
/// *C* tokens.
///
/// - Source: Fedus et al. 2021 (Switch), eq. 3, <https://arxiv.org/abs/2101.03961>; Lepikhin et al.
///   2020 (GShard), §2.2, <https://arxiv.org/abs/2006.16668>; `get_capacity` and
///   `apply_router_token_dropping` of Megatron-LM (`--moe-expert-capacity-factor`,
///   `--moe-pad-expert-input-to-capacity`, `--moe-token-drop-policy`); DeepSeek-AI 2024
///   (DeepSeek-V2), §2.2.4, <https://arxiv.org/abs/2405.04434>.
package struct ExpertSlots: Hashable, Sendable {
  /// What is made of a share that is not whole.
  package enum Rounding: String, CaseIterable, Hashable, Sendable {
    case floor
    case ceil
  }

  /// Which tokens are kept where more chose an expert than it has places.
  package enum Keeping: String, CaseIterable, Hashable, Sendable {
    /// Those that come first in the batch.
    case first
    /// Those for which the expert has the highest weight.
    case best
  }

  /// *c*.
  package var factor: Formula
  /// What is made of a capacity that is not whole.
  package var rounding = Rounding.floor
  /// Whether an expert computes every slot, also those that no token fills.
  package var isPadded = true
  /// Which tokens keep their slot where there are too few.
  package var keeping = Keeping.first
  /// *D*, the devices over which the experts are spread, if not each expert has slots of its own but
  /// those of one device have them together: of a device with *m = E/D* experts
  /// `C = max(1, min(N·min(K, m), ⌊c·K·N·m/E⌋))` for pairs of a token and an expert.
  package var devices: Formula?

  package init(_ factor: Formula) { self.factor = factor }

  /// The experts that have slots together, of all that are routed.
  package func sharing(of experts: Formula) -> Formula { devices.map { experts / $0 } ?? 1 }

  /// How many times there are such places.
  package func groups(of experts: Formula) -> Formula { devices ?? experts }

  /// *C* of `tokens` tokens that choose `choices` of `scored` experts, of which `experts` compute.
  package func count(
    tokens: Formula, choices: Formula, scored: Formula, experts: Formula
  ) -> Formula {
    let own = sharing(of: experts)
    let share = factor * choices * tokens * own / scored
    let most = devices == nil ? tokens : tokens * .minimum(choices, own)
    return .maximum(1, .minimum(most, rounding == .floor ? .floor(share) : .ceiling(share)))
  }
}
