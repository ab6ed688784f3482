/// How much search a recall asks for, tried on a sample of nodes before the whole is built.
#pragma once

#include <cstdint>

#include "kith/cells/cells.hpp"

namespace kith::knn {

/// What is wanted. Knobs that are set win over the target.
struct EffortConfig {
  double recall = 0.98;     // of the true k nearest neighbors, in (0, 1]
  int probes = 0;           // cells searched for each node; 0 = chosen
  int refine_rounds = -1;   // 0..10; -1 = chosen
  Count num_samples = 250;  // nodes tried
  std::uint64_t seed = 1;
  Count memory_bytes = 0;  // as in KnnConfig
};

/// Throws Error with one sentence.
void validate(const EffortConfig& config);

/// What was chosen, and what the pilot saw; the same on every rank, for any number of ranks.
struct Effort {
  int probes = 0;
  int refine_rounds = 0;
  double scan_recall = 0;    // of the sample, before refining
  double recall = 0;         // expected in the end; 0 if both knobs were set and nothing was tried
  double error = 0;          // its standard error over sampled nodes
  bool reaches_goal = true;  // false: the most that may be tried is expected to fall short
  Count num_samples = 0;
};

/// Collective. Chooses the cheapest probes and refine rounds whose expected recall reaches the
/// target with 95 % confidence.
///
/// For a hash sample of nodes the true neighbors are found by exact search. For a number of probes
/// the lists of these nodes and of all nodes in those lists are made as the scan would make them,
/// which says which true neighbors it would miss and which of them the first refine round would
/// find through a common neighbor. A second round is taken to find 20 % of the rest, or as large a
/// share as the first if that is less. Cost: num_samples x nodes x dim, and some 10 x num_samples x
/// probes x cell size x dim, shared by all ranks.
[[nodiscard]] Effort choose_effort(const cells::Shard& shard, int k, const EffortConfig& config);

}  // namespace kith::knn
