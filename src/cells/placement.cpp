#include "cells/placement.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "kith/comm/collectives.hpp"

#include "cells/centroid_search.hpp"

namespace kith::cells {
namespace {

constexpr int kPlannedProbes = 8;

}  // namespace

std::vector<Count> count_cells(const comm::Communicator& comm, std::span<const std::int32_t> homes,
                               Count num_cells) {
  std::vector<Count> sizes(to_size(num_cells), 0);
  for (const std::int32_t home : homes) {
    if (home >= 0) {
      ++sizes[to_size(home)];
    }
  }
  comm::sum_over_ranks(comm, sizes);
  return sizes;
}

LayoutPlan plan_layout(const comm::Communicator& comm, const Quantizer& quantizer,
                       std::vector<Count> cell_sizes) {
  LayoutPlan plan{std::move(cell_sizes), {}};
  plan.cell_work.assign(plan.cell_sizes.size(), 0);
  const Count num_cells = count_of(plan.cell_sizes);
  const Count begin = num_cells * comm.rank().value() / comm.size();
  const Count end = num_cells * (comm.rank().value() + 1) / comm.size();
  const auto num_near = static_cast<int>(std::min<Count>(kPlannedProbes, num_cells));
  distance::Panels centroids;
  centroids.pack(quantizer.cell_centroids, quantizer.dim);
  const auto mine = std::span{quantizer.cell_centroids}.subspan(
      to_size(begin * quantizer.dim), to_size((end - begin) * quantizer.dim));
  const auto near = search_centroids(centroids, mine, num_near);
  for (Count i = 0; i < count_of(near); ++i) {
    const auto cell = to_size(begin + i / num_near);
    plan.cell_work[cell] +=
        plan.cell_sizes[cell] * plan.cell_sizes[to_size(near[to_size(i)].index)];
  }
  comm::sum_over_ranks(comm, plan.cell_work);
  return plan;
}

void move_rows(const comm::Communicator& comm, std::span<const std::int32_t> homes,
               GlobalId first_row, Shard& shard) {
  struct RowInCell {
    CellId home;
    GlobalId row;
  };
  std::vector<RowInCell> packed;
  std::vector<Rank> owners;
  packed.reserve(homes.size());
  owners.reserve(homes.size());
  for (std::size_t i = 0; i < homes.size(); ++i) {
    if (homes[i] >= 0) {
      packed.push_back({CellId{homes[i]}, GlobalId{first_row.value() + static_cast<Count>(i)}});
      owners.push_back(shard.layout.owner(packed.back().home));
    }
  }
  auto moved = comm::exchange_to<RowInCell>(comm, packed, owners).items;
  std::sort(moved.begin(), moved.end(), [](const RowInCell& a, const RowInCell& b) {
    return std::pair{a.home, a.row} < std::pair{b.home, b.row};
  });
  shard.rows.reserve(moved.size());
  for (const RowInCell& one : moved) {
    shard.rows.push_back(one.row);
  }
}

double predicted_imbalance(const LayoutPlan& plan, const CellLayout& layout) {
  Count total = 0;
  Count most = 0;
  for (int rank = 0; rank < layout.num_ranks(); ++rank) {
    const IdRange<CellId> cells = layout.cells_of(Rank{rank});
    const Count work = std::accumulate(plan.cell_work.begin() + cells.begin.value(),
                                       plan.cell_work.begin() + cells.end.value(), Count{0});
    total += work;
    most = std::max(most, work);
  }
  return total > 0 ? static_cast<double>(most) * layout.num_ranks() / static_cast<double>(total)
                   : 1;
}

}  // namespace kith::cells
