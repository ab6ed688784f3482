#include "cells/centroid_search.hpp"

#include <algorithm>
#include <limits>

#include <faiss/Clustering.h>
#include <faiss/Index.h>

#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"

namespace kith::cells {
namespace {

using FaissId = decltype(faiss::Index::ntotal);

constexpr Count kQueriesPerChunk = 256;

/// A flat index whose search is ours: FAISS's own depends on BLAS threads, and Debian's is generic
/// code.
class CentroidIndex : public faiss::Index {
 public:
  explicit CentroidIndex(Count dim) : faiss::Index{dim} {}

  void add(FaissId count, const float* vectors) override {
    centroids_.pack({vectors, to_size(count * d)}, d);
    ntotal = count;
  }
  void reset() override { ntotal = 0; }
  void search(FaissId count, const float* points, FaissId k, float* distances, FaissId* labels,
              const faiss::SearchParameters*) const override {
    const auto found =
        search_centroids(centroids_, {points, to_size(count * d)}, static_cast<int>(k));
    for (std::size_t i = 0; i < found.size(); ++i) {
      distances[i] = found[i].distance;
      labels[i] = found[i].index;
    }
  }

 private:
  distance::Panels centroids_;
};

}  // namespace

std::vector<distance::Neighbor> search_centroids(const distance::Panels& centroids,
                                                 std::span<const float> points, int k) {
  const Count dim = centroids.dim();
  const Count num_points = count_of(points) / dim;
  std::vector<distance::Neighbor> found(to_size(num_points * k));
  parallel_for(num_points, kQueriesPerChunk, [&](Count begin, Count end) {
    distance::nearest(centroids, points.subspan(to_size(begin * dim), to_size((end - begin) * dim)),
                      k, std::span{found}.subspan(to_size(begin * k), to_size((end - begin) * k)));
  });
  return found;
}

std::vector<float> train_centroids(std::span<const float> points, Count dim, Count num_centroids,
                                   int iterations, std::uint64_t seed) {
  const Count num_points = count_of(points) / dim;
  faiss::ClusteringParameters parameters;
  parameters.niter = iterations;
  parameters.seed = static_cast<int>(seed % 1000003U);
  parameters.min_points_per_centroid = 1;
  parameters.max_points_per_centroid =
      std::numeric_limits<int>::max() / narrow<int>(num_centroids, "centroids");
  faiss::Clustering clustering{narrow<int>(dim, "dimensions"),
                               narrow<int>(num_centroids, "centroids"), parameters};
  CentroidIndex index{dim};
  clustering.train(num_points, points.data(), index);
  return std::move(clustering.centroids);
}

}  // namespace kith::cells
