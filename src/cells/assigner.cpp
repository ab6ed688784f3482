#include <algorithm>

#include "kith/core/parallel.hpp"
#include "kith/distance/nearest.hpp"

#include "cells/quantizer.hpp"

namespace kith::cells {
namespace {

/// The nearest cell is in one of the nearest groups; where it is not, the item lands in the cell
/// next to it.
constexpr Count kGroupsSearched = 3;
constexpr Count kPointsPerBlock = 1024;

}  // namespace

Assigner::Assigner(const Quantizer& quantizer) : quantizer_{&quantizer} {
  groups_.pack(quantizer.group_centroids, quantizer.dim);
  for (Count group = 0; group < quantizer.num_groups(); ++group) {
    const Count first = quantizer.group_first_cell[to_size(group)];
    const Count last = quantizer.group_first_cell[to_size(group) + 1];
    cells_.emplace_back().pack(
        std::span{quantizer.cell_centroids}.subspan(to_size(first * quantizer.dim),
                                                    to_size((last - first) * quantizer.dim)),
        quantizer.dim);
  }
}

std::vector<CellId> Assigner::assign(std::span<const float> points) const {
  const Count dim = quantizer_->dim;
  const Count num_points = count_of(points) / dim;
  const auto searched = static_cast<int>(std::min(kGroupsSearched, quantizer_->num_groups()));
  std::vector<CellId> cells(to_size(num_points));
  parallel_for(num_points, kPointsPerBlock, [&](Count begin, Count end) {
    const auto block = points.subspan(to_size(begin * dim), to_size((end - begin) * dim));
    std::vector<distance::Neighbor> near_groups(to_size((end - begin) * searched));
    distance::nearest(groups_, block, searched, near_groups);
    std::vector<std::vector<std::int32_t>> asks(cells_.size());
    for (std::size_t i = 0; i < near_groups.size(); ++i) {
      asks[to_size(near_groups[i].index)].push_back(static_cast<std::int32_t>(i) / searched);
    }
    distance::Scanner scanner{dim, 1};
    scanner.start(block);
    for (std::size_t group = 0; group < asks.size(); ++group) {
      if (!asks[group].empty()) {
        const Count first = quantizer_->group_first_cell[group];
        scanner.scan(cells_[group], static_cast<std::int32_t>(first), asks[group]);
      }
    }
    std::vector<distance::Neighbor> found(to_size(end - begin));
    scanner.finish(found);
    for (std::size_t i = 0; i < found.size(); ++i) {
      cells[to_size(begin) + i] = CellId{found[i].index};
    }
  });
  return cells;
}

}  // namespace kith::cells
