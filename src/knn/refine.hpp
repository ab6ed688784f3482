// NN-descent among the vectors that a wave has at hand.
#pragma once

#include <cstdint>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/core/progress.hpp"

#include "entry.hpp"
#include "scan.hpp"
#include "wave.hpp"

namespace kith::knn {

/// Lists of the last round, and which entries came in it (1) or were there before (0).
struct RoundLists {
  EntryLists lists;
  std::vector<std::uint8_t> is_new;
};

/// Collective. Compares each node of the wave's homes with its neighbors' and reverse neighbors'
/// neighbors, reading `before` and writing the wave's rows of `after`. Returns distances computed.
[[nodiscard]] Count refine_wave(const cells::Shard& shard, const Neighborhoods& neighborhoods,
                                const Wave& wave, const RoundLists& before, RoundLists& after,
                                Progress& progress, const Meanwhile& meanwhile);

}  // namespace kith::knn
