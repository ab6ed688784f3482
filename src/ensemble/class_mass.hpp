/// Calibrated outputs whose classes come in given shares.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {

/// Writes the K logits of an owned node; false if it does not count: no label came, or a seed.
using ReadLogits = std::function<bool(Count, std::span<double>)>;

/// The rows that class mass counts.
struct Unlabeled {
  const graph::Graph* graph;
  ReadLogits read;
};

/// Collective. Weights w of argmax_k w_k F_ik with shares close to the prior
/// (propagate::kGraphLearningVolume). are_logs: the rows are log F, else F.
[[nodiscard]] std::vector<double> volume_weights(const Unlabeled& rows,
                                                 std::span<const double> prior, bool are_logs);

/// Collective. Label bidding (X. Zhu, Z. Ghahramani, CMU-CALD-02-107, 2002, section 2.5): class k
/// has round(prior_k n) labels to sell. Solved through prices: each class in turn sets its price so
/// that just as many nodes prefer it, log F - price, as it has labels; until all counts are right
/// to one in a thousand, at most 30 rounds. Returns exp(-price).
[[nodiscard]] std::vector<double> bidding_weights(const Unlabeled& rows,
                                                  std::span<const double> prior);

}  // namespace kith::ensemble
