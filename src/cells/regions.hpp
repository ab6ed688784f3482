/// k-means inside many regions at once, each from the sample items that lie in it.
#pragma once

#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"

namespace kith::cells {

/// Sample items: rows of the corpus with their vectors (count x dim).
struct Sample {
  std::vector<GlobalId> rows;
  std::vector<float> vectors;
};

/// In the order of rows, whatever rank they came from.
[[nodiscard]] Sample sort_sample(std::span<const GlobalId> rows, std::span<const float> vectors,
                                 Count dim);

/// Rows of centroids in the order of a walk that always goes on to the nearest one left, from the
/// first: near in number is near in space.
[[nodiscard]] std::vector<float> order_by_walk(std::span<const float> centroids, Count dim);

/// Collective. Cuts each region into parts[region] parts by k-means and returns their centroids,
/// region by region; the same on every rank, for any number of ranks. Regions are dealt to ranks.
/// regions: of each of this rank's sample items, -1 = in none. A region without sample items gets
/// its fallback centroid (regions x dim) once for each part; parts must not exceed the number of
/// its sample items otherwise.
[[nodiscard]] std::vector<float> train_regions(const comm::Communicator& comm, const Sample& sample,
                                               std::span<const std::int32_t> regions,
                                               std::span<const Count> parts,
                                               std::span<const float> fallbacks,
                                               std::uint64_t seed);

}  // namespace kith::cells
