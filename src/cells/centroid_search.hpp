/// Nearest centroids, on all threads.
#pragma once

#include <span>
#include <vector>

#include "kith/distance/nearest.hpp"
#include "kith/distance/panels.hpp"

namespace kith::cells {

/// k-means of `points` (n x dim, n >= num_centroids) by faiss::Clustering with our own kernel for
/// the assignment: the same centroids for any number of threads. Returns num_centroids x dim.
[[nodiscard]] std::vector<float> train_centroids(std::span<const float> points, Count dim,
                                                 Count num_centroids, int iterations,
                                                 std::uint64_t seed);

/// The k nearest of `centroids` for each point, sorted by (distance, index). parallel_for inside.
[[nodiscard]] std::vector<distance::Neighbor> search_centroids(const distance::Panels& centroids,
                                                               std::span<const float> points,
                                                               int k);

}  // namespace kith::cells
