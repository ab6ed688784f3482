#include "cells/centroid_search.hpp"

#include <algorithm>
#include <cmath>
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

/// The lower median, whatever their order.
double median_of(std::span<double> values) {
  const auto middle = values.begin() + (count_of(values) - 1) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// A point among the points that is 0 in each dimension in which they are not far from 0: the
/// median in each dimension of some, rounded to a multiple of a power of two of at least 64 times
/// their median distance from it. Points near it lose no bit when it is taken off.
std::vector<float> find_origin(std::span<const float> points, Count dim) {
  constexpr Count kMostPoints = 256;
  constexpr double kFar = 64;
  const Count num_points = count_of(points) / dim;
  const Count num_used = std::min(num_points, kMostPoints);
  const auto value = [&](Count i, Count axis) {
    return double{points[to_size(i * num_points / num_used * dim + axis)]};
  };
  std::vector<double> squares(to_size(num_used), 0);
  std::vector<double> medians;
  std::vector<double> values(to_size(num_used));
  for (Count axis = 0; axis < dim; ++axis) {
    for (Count i = 0; i < num_used; ++i) {
      values[to_size(i)] = value(i, axis);
    }
    medians.push_back(median_of(values));
    for (Count i = 0; i < num_used; ++i) {
      const double difference = value(i, axis) - medians.back();
      squares[to_size(i)] += difference * difference;
    }
  }
  const double spread = std::sqrt(median_of(squares));
  const double step = spread > 0 ? std::exp2(std::ceil(std::log2(kFar * spread))) : 0;
  std::vector<float> origin;
  for (const double median : medians) {
    origin.push_back(static_cast<float>(step > 0 ? step * std::nearbyint(median / step) : median));
  }
  return origin;
}

/// Adds sign x origin to each of the rows.
void shift_rows(std::span<float> rows, std::span<const float> origin, float sign) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] += sign * origin[i % origin.size()];
  }
}

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
  // FAISS adds up the points of a cluster in single precision: far from zero their differences
  // would be lost.
  const std::vector<float> origin = find_origin(points, dim);
  std::vector<float> shifted(points.begin(), points.end());
  shift_rows(shifted, origin, -1);
  clustering.train(num_points, shifted.data(), index);
  shift_rows(clustering.centroids, origin, 1);
  return std::move(clustering.centroids);
}

}  // namespace kith::cells
