#include "stages/reference/shift.hpp"

#include <algorithm>
#include <vector>

#include "kith/core/parallel.hpp"
#include "kith/distance/nearest.hpp"

namespace kith::stages {
namespace {

using distance::Neighbor;

constexpr Count kFewest = 20;
constexpr Count kSample = 2000;
constexpr Count kMostReference = 20000;
constexpr int kPoolNeighbors = 5;
constexpr double kUsualDistances = 0.99;

/// Rows at even steps.
std::vector<float> thin(std::span<const float> rows, Count dim, Count wanted) {
  const Count num_rows = count_of(rows) / dim;
  const Count count = std::min(num_rows, wanted);
  std::vector<float> some;
  for (Count i = 0; i < count; ++i) {
    const auto row = rows.subspan(to_size(num_rows * i / count * dim), to_size(dim));
    some.insert(some.end(), row.begin(), row.end());
  }
  return some;
}

/// The k nearest items of each query, in order.
std::vector<Neighbor> search(std::span<const float> items, std::span<const float> queries,
                             Count dim, int k) {
  constexpr Count kBlock = 128;
  distance::Panels panels;
  panels.pack(items, dim);
  const Count num_queries = count_of(queries) / dim;
  std::vector<Neighbor> found(to_size(num_queries * k));
  parallel_for(num_queries, kBlock, [&](Count begin, Count end) {
    distance::nearest(panels, queries.subspan(to_size(begin * dim), to_size((end - begin) * dim)),
                      k, std::span{found}.subspan(to_size(begin * k), to_size((end - begin) * k)));
  });
  return found;
}

/// Share of the neighbors of a pool's items that are of the item's own half.
double own_neighbors(std::span<const float> here, std::span<const float> reference, Count dim) {
  std::vector<float> pool{here.begin(), here.end()};
  pool.insert(pool.end(), reference.begin(), reference.end());
  const auto half = static_cast<std::int32_t>(count_of(here) / dim);
  const std::vector<Neighbor> found = search(pool, pool, dim, kPoolNeighbors + 1);
  Count own = 0;
  for (std::int32_t item = 0; item < 2 * half; ++item) {
    int seen = 0;
    for (int i = 0; i <= kPoolNeighbors && seen < kPoolNeighbors; ++i) {
      const std::int32_t other = found[to_size(Count{item} * (kPoolNeighbors + 1) + i)].index;
      if (other != item) {  // where several items have its vector it may not be the first
        own += (other < half) == (item < half) ? 1 : 0;
        ++seen;
      }
    }
  }
  return static_cast<double>(own) / (2.0 * half * kPoolNeighbors);
}

/// The distance that so many items of the reference keep to all its others.
float usual_distance(std::span<const float> reference, Count dim) {
  const std::vector<float> some = thin(reference, dim, kSample);
  const std::vector<Neighbor> found = search(reference, some, dim, 2);
  std::vector<float> distances;
  for (std::size_t i = 1; i < found.size(); i += 2) {
    distances.push_back(found[i].distance);
  }
  std::sort(distances.begin(), distances.end());
  return distances[static_cast<std::size_t>(kUsualDistances *
                                            static_cast<double>(distances.size() - 1))];
}

}  // namespace

double VectorShift::separation() const {
  return std::max(0.0, (own_neighbors - own_if_alike) / (1 - own_if_alike));
}

std::optional<VectorShift> measure_shift(std::span<const float> here,
                                         std::span<const float> reference, Count dim) {
  const Count pooled = std::min({count_of(here) / dim, count_of(reference) / dim, kSample});
  if (pooled < kFewest) {
    return std::nullopt;
  }
  VectorShift shift;
  shift.own_neighbors = own_neighbors(thin(here, dim, pooled), thin(reference, dim, pooled), dim);
  shift.own_if_alike = static_cast<double>(pooled - 1) / static_cast<double>(2 * pooled - 1);
  const std::vector<float> queries = thin(here, dim, kSample);
  const std::vector<float> items = thin(reference, dim, kMostReference);
  const std::vector<Neighbor> found = search(items, queries, dim, 1);
  const float usual = usual_distance(items, dim);
  Count novel = 0;
  Count same = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto row = std::span{queries}.subspan(i * to_size(dim), to_size(dim));
    const auto nearest = std::span{items}.subspan(to_size(found[i].index * dim), to_size(dim));
    novel += found[i].distance > usual ? 1 : 0;
    same += std::equal(row.begin(), row.end(), nearest.begin()) ? 1 : 0;
  }
  shift.novel_share = static_cast<double>(novel) / static_cast<double>(found.size());
  shift.same_vector_share = static_cast<double>(same) / static_cast<double>(found.size());
  return shift;
}

}  // namespace kith::stages
