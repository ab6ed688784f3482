// What the stage has so far, as its checkpoint holds it.
#pragma once

#include <cstdint>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/comm/checkpoint.hpp"

#include "refine.hpp"

namespace kith::knn {

/// The scan, or a round of refine, with the cells that are through.
struct SearchState {
  bool refines = false;
  int round = 0;                      // of refine, from 0
  Count widened_nodes = 0;            // known when refine begins
  RoundLists now;                     // during the scan only its lists, as far as cells are done
  RoundLists next;                    // of this round, as far as cells are done
  std::vector<std::uint8_t> is_done;  // of each cell of this rank
};

/// Collective.
void save(const cells::Shard& shard, const SearchState& state, comm::StateWriter& writer);

/// Collective. For any number of ranks. k: entries a list.
[[nodiscard]] SearchState load(const cells::Shard& shard, int k, const comm::StateReader& reader);

/// Collective. Cuts cells that are done off both ends of each wave and drops waves of which nothing
/// is left. Every rank gets as many waves.
[[nodiscard]] std::vector<IdRange<CellId>> trim_waves(const cells::Shard& shard,
                                                      const std::vector<IdRange<CellId>>& waves,
                                                      const std::vector<std::uint8_t>& is_done);

}  // namespace kith::knn
