/// How two voters' votes fall together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/qa/agreement.hpp"
#include "kith/qa/vote_patterns.hpp"

namespace kith::qa {

/// Items by (vote of the first, vote of the second); the last row and column are abstentions.
struct PairTable {
  int first = 0;
  int second = 0;
  std::vector<std::vector<Count>> counts;  // K + 1 x K + 1
};

[[nodiscard]] PairTable pair_table(const PatternCounts& patterns, int first, int second);

/// Kappa with costs of each disagreement, 0 on the diagonal, for classes that have an order or are
/// unlike in other ways (J. Cohen, Psychological Bulletin 70, 1968), with the large-sample interval
/// (J. Fleiss, J. Cohen, B. Everitt, 1969). costs: K x K; all 1 off the diagonal = Cohen's kappa.
[[nodiscard]] Estimate weighted_kappa(const PairTable& table,
                                      const std::vector<std::vector<double>>& costs);

}  // namespace kith::qa
