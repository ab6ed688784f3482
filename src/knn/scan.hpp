// The scan: nodes of home cells against all nodes of their probe cells.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/core/progress.hpp"

#include "entry.hpp"
#include "wave.hpp"

namespace kith::knn {

/// Some nodes of one home cell: a unit of work for one thread.
struct HomeBlock {
  CellId home;
  std::int32_t first_row = 0;  // owned rows
  std::int32_t num_rows = 0;
};

/// The wave's homes cut into blocks of at most `most_rows`.
[[nodiscard]] std::vector<HomeBlock> cut_homes(const cells::Shard& shard, IdRange<CellId> homes,
                                               Count most_rows);

/// Called now and then on the first thread: other work makes progress.
using Meanwhile = std::function<void()>;

/// Multiplications and additions that scanning these homes takes.
[[nodiscard]] double scan_flops(const cells::Shard& shard, IdRange<CellId> homes);

/// Fills the lists of some of the wave's homes. Returns the multiplications and additions done. Not
/// collective; uses all threads. Lists stay short where probe cells hold fewer than k other nodes.
[[nodiscard]] Count scan_wave(const cells::Shard& shard, const Neighborhoods& neighborhoods,
                              const Wave& wave, IdRange<CellId> homes, EntryLists& lists,
                              Progress& progress, const Meanwhile& meanwhile);

}  // namespace kith::knn
