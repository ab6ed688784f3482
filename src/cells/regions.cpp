#include "cells/regions.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/distance/direct.hpp"

#include "cells/centroid_search.hpp"

namespace kith::cells {
namespace {

constexpr int kIterations = 8;

/// Sample items on the rank that trains their region: region r on rank r % ranks.
struct Dealt {
  std::vector<std::int32_t> regions;
  Sample sample;
};

/// Collective.
Dealt deal_sample(const comm::Communicator& comm, const Sample& sample,
                  std::span<const std::int32_t> regions) {
  const Count dim = sample.rows.empty() ? 0 : count_of(sample.vectors) / count_of(sample.rows);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (regions[i] >= 0) {
      order.push_back(i);
    }
  }
  const auto owner = [&](std::size_t i) { return regions[i] % comm.size(); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return owner(a) < owner(b); });
  Dealt packed;
  std::vector<Count> counts(to_size(comm.size()), 0);
  std::vector<Count> value_counts(counts.size(), 0);
  for (const std::size_t i : order) {
    packed.regions.push_back(regions[i]);
    packed.sample.rows.push_back(sample.rows[i]);
    const auto first = sample.vectors.begin() + static_cast<Count>(i) * dim;
    packed.sample.vectors.insert(packed.sample.vectors.end(), first, first + dim);
    ++counts[to_size(owner(i))];
    value_counts[to_size(owner(i))] += dim;
  }
  return {comm::exchange<std::int32_t>(comm, packed.regions, counts).items,
          {comm::exchange<GlobalId>(comm, packed.sample.rows, counts).items,
           comm::exchange<float>(comm, packed.sample.vectors, value_counts).items}};
}

/// Numbers of the dealt items of each region, in order.
std::vector<std::vector<std::size_t>> group_by_region(const Dealt& dealt, std::size_t num_regions) {
  std::vector<std::vector<std::size_t>> items(num_regions);
  for (std::size_t i = 0; i < dealt.regions.size(); ++i) {
    items[to_size(dealt.regions[i])].push_back(i);
  }
  return items;
}

std::vector<float> train_region(const Dealt& dealt, std::span<const std::size_t> items,
                                Count num_parts, std::span<const float> fallback,
                                std::uint64_t seed) {
  const Count dim = count_of(fallback);
  std::vector<float> centroids;
  if (items.empty()) {
    for (Count part = 0; part < num_parts; ++part) {
      centroids.insert(centroids.end(), fallback.begin(), fallback.end());
    }
    return centroids;
  }
  Sample of_region;
  for (const std::size_t i : items) {
    of_region.rows.push_back(dealt.sample.rows[i]);
    const auto first = dealt.sample.vectors.begin() + static_cast<Count>(i) * dim;
    of_region.vectors.insert(of_region.vectors.end(), first, first + dim);
  }
  const Sample sorted = sort_sample(of_region.rows, of_region.vectors, dim);
  return order_by_walk(train_centroids(sorted.vectors, dim, num_parts, kIterations, seed), dim);
}

}  // namespace

std::vector<float> order_by_walk(std::span<const float> centroids, Count dim) {
  const Count count = count_of(centroids) / dim;
  const auto row = [&](Count index) {
    return centroids.subspan(to_size(index * dim), to_size(dim));
  };
  std::vector<Count> left(to_size(count));
  std::iota(left.begin(), left.end(), 0);
  std::vector<float> ordered;
  ordered.reserve(centroids.size());
  std::size_t next = 0;
  while (!left.empty()) {
    const Count current = left[next];
    left.erase(left.begin() + static_cast<Count>(next));
    ordered.insert(ordered.end(), row(current).begin(), row(current).end());
    float nearest = std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < left.size(); ++i) {
      const float distance = distance::squared_distance(row(current), row(left[i]));
      if (distance < nearest) {
        nearest = distance;
        next = i;
      }
    }
    next = left.empty() ? 0 : std::min(next, left.size() - 1);
  }
  return ordered;
}

Sample sort_sample(std::span<const GlobalId> rows, std::span<const float> vectors, Count dim) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rows[a] < rows[b]; });
  Sample sorted;
  sorted.vectors.reserve(vectors.size());
  for (const std::size_t i : order) {
    sorted.rows.push_back(rows[i]);
    const auto first = vectors.begin() + static_cast<Count>(i) * dim;
    sorted.vectors.insert(sorted.vectors.end(), first, first + dim);
  }
  return sorted;
}

std::vector<float> train_regions(const comm::Communicator& comm, const Sample& sample,
                                 std::span<const std::int32_t> regions,
                                 std::span<const Count> parts, std::span<const float> fallbacks,
                                 std::uint64_t seed) {
  const Count dim = count_of(fallbacks) / count_of(parts);
  const Dealt dealt = deal_sample(comm, sample, regions);
  const auto items = group_by_region(dealt, parts.size());
  std::vector<float> mine;  // of the regions of this rank, one after another
  for (std::size_t region = 0; region < parts.size(); ++region) {
    if (static_cast<int>(region) % comm.size() == comm.rank().value()) {
      const auto trained =
          train_region(dealt, items[region], parts[region],
                       fallbacks.subspan(region * to_size(dim), to_size(dim)), seed + region + 1);
      mine.insert(mine.end(), trained.begin(), trained.end());
    }
  }
  const auto all = comm::gather_to_all<float>(comm, mine);
  std::vector<float> centroids;
  std::vector<Count> next(all.offsets.begin(), all.offsets.end() - 1);
  for (std::size_t region = 0; region < parts.size(); ++region) {
    Count& from = next[region % to_size(comm.size())];
    const auto first = all.items.begin() + from;
    centroids.insert(centroids.end(), first, first + parts[region] * dim);
    from += parts[region] * dim;
  }
  return centroids;
}

}  // namespace kith::cells
