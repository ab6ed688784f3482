// Building cells goes on after any block.
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "kith/comm/stop.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/stop.hpp"
#include "kith/io/snapshots.hpp"

#include "cells/made_cells.hpp"

namespace kith::cells {
namespace {

using kith::test::world;
using test::few_cells;
using test::gather;
using test::kDim;
using test::Made;
using test::make_dense_at_zero;

/// Asks for a stop at the eleventh offer: the sample alone is eight.
class StopsOften : public comm::Checkpoint {
 public:
  explicit StopsOften(io::Snapshots& snapshots) : whole_{&snapshots} {}
  bool resume(const std::function<void(const comm::StateReader&)>& load) override {
    return whole_->resume(load);
  }
  void offer(const std::function<void(comm::StateWriter&)>& save) override {
    if (++offers_ == 11) {
      ask_to_stop();
    }
    whole_->offer(save);
  }

 private:
  io::Snapshots* whole_;
  int offers_ = 0;
};

/// Collective over `comm`. One start, up to its eleventh offer; its result if it comes to the end.
std::optional<BuiltShard> build_a_little(const comm::Communicator& comm, const Made& made,
                                         CellConfig config) {
  constexpr double kNever_s = 1e9;  // only a stop saves
  io::Snapshots snapshots{comm, made.path(""), "cells", "this corpus", kNever_s};
  StopsOften checkpoint{snapshots};
  config.checkpoint = &checkpoint;
  config.block_bytes = 500 * kDim * static_cast<Count>(sizeof(float));
  std::optional<BuiltShard> built;
  try {
    built = made.build(comm, config);
  } catch (const comm::Stopped&) {
  }
  forget_stop();
  return built;
}

TEST(Cells, GoOnAfterAnyBlockOnAnyNumberOfRanks) {
  const Made made = make_dense_at_zero();
  const auto self = comm::Communicator::duplicate(MPI_COMM_SELF);
  const BuiltShard expected = made.build(self, few_cells(20));
  int starts = 0;
  std::optional<BuiltShard> built;
  for (bool ended = false; !ended; ended = comm::any_rank(world(), built.has_value())) {
    ASSERT_LT(starts, 100);
    if (starts % 2 == 1) {
      built = build_a_little(world(), made, few_cells(20));
    } else if (world().is_root()) {
      built = build_a_little(self, made, few_cells(20));
    }
    ++starts;
    comm::barrier(world());
  }

  EXPECT_GT(starts, 3);
  const bool is_shared = starts % 2 == 0;
  if (is_shared) {
    EXPECT_EQ(gather(world(), built->shard), gather(self, expected.shard));
  } else if (built) {
    EXPECT_EQ(gather(self, built->shard), gather(self, expected.shard));
  }
  if (built) {
    EXPECT_EQ(built->cell_work, expected.cell_work);
    EXPECT_EQ(built->stats.sample_items, expected.stats.sample_items);
    EXPECT_EQ(built->stats.split_cells, expected.stats.split_cells);
  }
}

}  // namespace
}  // namespace kith::cells
