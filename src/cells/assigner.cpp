#include <algorithm>

#include "kith/core/parallel.hpp"
#include "kith/distance/nearest.hpp"

#include "cells/quantizer.hpp"

namespace kith::cells {
namespace {

constexpr int kGroupsSearched = 12;
constexpr Count kPointsPerBlock = 256;

/// As many groups as surely hold `probes` cells, and a few for good measure.
int groups_to_search(const Quantizer& quantizer, int probes) {
  std::vector<Count> sizes;
  for (Count group = 0; group < quantizer.num_groups(); ++group) {
    sizes.push_back(quantizer.group_first_cell[to_size(group) + 1] -
                    quantizer.group_first_cell[to_size(group)]);
  }
  std::sort(sizes.begin(), sizes.end());
  int groups = 0;
  for (Count cells = 0; cells < probes && groups < static_cast<int>(sizes.size()); ++groups) {
    cells += sizes[to_size(groups)];
  }
  return std::min(std::max(groups, kGroupsSearched), static_cast<int>(sizes.size()));
}

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

std::vector<CellId> Assigner::assign(std::span<const float> points, int probes) const {
  const Count dim = quantizer_->dim;
  const Count num_points = count_of(points) / dim;
  const int searched = groups_to_search(*quantizer_, probes);
  std::vector<CellId> cells(to_size(num_points * probes));
  parallel_for(num_points, kPointsPerBlock, [&](Count begin, Count end) {
    const auto block = points.subspan(to_size(begin * dim), to_size((end - begin) * dim));
    std::vector<distance::Neighbor> near_groups(to_size((end - begin) * searched));
    distance::nearest(groups_, block, searched, near_groups);
    std::vector<std::vector<std::int32_t>> asks(cells_.size());
    for (std::size_t i = 0; i < near_groups.size(); ++i) {
      asks[to_size(near_groups[i].index)].push_back(static_cast<std::int32_t>(i) / searched);
    }
    distance::Scanner scanner{dim, probes};
    scanner.start(block);
    for (std::size_t group = 0; group < asks.size(); ++group) {
      if (!asks[group].empty()) {
        const Count first = quantizer_->group_first_cell[group];
        scanner.scan(cells_[group], static_cast<std::int32_t>(first), asks[group]);
      }
    }
    std::vector<distance::Neighbor> found(to_size((end - begin) * probes));
    scanner.finish(found);
    for (std::size_t i = 0; i < found.size(); ++i) {
      cells[to_size(begin * probes) + i] = CellId{found[i].index};
    }
  });
  return cells;
}

}  // namespace kith::cells
