#include "kith/cells/probes.hpp"

#include <algorithm>

#include "kith/core/parallel.hpp"

#include "cells/centroid_search.hpp"

namespace kith::cells {
namespace {

/// Cells around a cell that are looked at: a node near the edge of its cell has other near cells
/// than its centroid has, and in many dimensions most nodes are near an edge.
constexpr Count kFewestAround = 256;
constexpr Count kAroundPerProbe = 3;

}  // namespace

ProbeFinder::ProbeFinder(const Shard& shard, int most_probes)
    : shard_{&shard},
      first_owned_{shard.layout.cells_of(shard.comm->rank()).begin},
      num_around_{std::min(shard.layout.num_cells(),
                           std::max(kFewestAround, kAroundPerProbe * most_probes))} {
  const IdRange<CellId> owned = shard.layout.cells_of(shard.comm->rank());
  distance::Panels centroids;
  centroids.pack(shard.centroids, shard.dim);
  const auto own_centroids = std::span{shard.centroids}.subspan(
      to_size(Count{owned.begin.value()} * shard.dim), to_size(owned.size() * shard.dim));
  around_.reserve(to_size(owned.size() * num_around_));
  for (const distance::Neighbor& cell :
       search_centroids(centroids, own_centroids, static_cast<int>(num_around_))) {
    around_.emplace_back(cell.index);
  }
}

std::vector<CellId> ProbeFinder::find(CellId home, Count first_row, Count num_rows,
                                      int num_probes) const {
  const auto cells = std::span{around_}.subspan(
      to_size((home.value() - first_owned_.value()) * num_around_), to_size(num_around_));
  const Count dim = shard_->dim;
  std::vector<float> centroids;
  centroids.reserve(to_size(num_around_ * dim));
  for (const CellId cell : cells) {
    const auto first = shard_->centroids.begin() + Count{cell.value()} * dim;
    centroids.insert(centroids.end(), first, first + dim);
  }
  distance::Panels panels;
  panels.pack(centroids, dim);
  std::vector<float> scratch;
  std::vector<distance::Neighbor> found(to_size(num_rows * num_probes));
  distance::nearest(panels, shard_->vectors.floats(first_row, num_rows, scratch), num_probes,
                    found);
  std::vector<CellId> probes(found.size());
  for (std::size_t first = 0; first < found.size(); first += to_size(num_probes)) {
    probes[first] = home;
    std::size_t next = first + 1;
    for (std::size_t i = first; i < first + to_size(num_probes); ++i) {
      const CellId cell = found[i].index < 0 ? CellId{} : cells[to_size(found[i].index)];
      if (cell != home && next < first + to_size(num_probes)) {
        probes[next++] = cell;
      }
    }
  }
  return probes;
}

void find_probes(Shard& shard, int num_probes) {
  shard.num_probes = static_cast<int>(std::min<Count>(num_probes, shard.layout.num_cells()));
  const ProbeFinder finder{shard, shard.num_probes};
  const IdRange<CellId> owned = shard.layout.cells_of(shard.comm->rank());
  const Count first = shard.layout.nodes_of(shard.comm->rank()).begin.value();
  shard.probes.resize(shard.rows.size() * to_size(shard.num_probes));
  parallel_for(owned.size(), 1, [&](Count begin, Count end) {
    for (Count i = begin; i < end; ++i) {
      const CellId home{owned.begin.value() + static_cast<std::int32_t>(i)};
      const IdRange<Position> nodes = shard.layout.nodes_of(home);
      const Count first_row = nodes.begin.value() - first;
      const auto probes = finder.find(home, first_row, nodes.size(), shard.num_probes);
      std::copy(probes.begin(), probes.end(), shard.probes.begin() + first_row * shard.num_probes);
    }
  });
}

}  // namespace kith::cells
