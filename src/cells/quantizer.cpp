#include "cells/quantizer.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include <faiss/IndexFlat.h>
#include <faiss/index_io.h>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/distance/direct.hpp"
#include "kith/io/files.hpp"

#include "cells/centroid_search.hpp"

namespace kith::cells {
namespace {

constexpr int kGroupIterations = 10;
constexpr int kCellIterations = 8;
constexpr Count kGroupSampleItems = 128;  // a group: training the first level needs few
constexpr int kGroupsSearched = 12;
constexpr Count kPointsPerBlock = 256;

/// Rows of centroids in the order of a walk that always goes on to the nearest one left, from the
/// first.
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

/// A part of the sample: rows with their vectors, in the order of rows whatever rank they came
/// from.
struct Sample {
  std::vector<GlobalId> rows;
  std::vector<float> vectors;
};

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

/// Collective. Centroids of the first level from a hash sample of the sample.
std::vector<float> train_groups(const comm::Communicator& comm, std::span<const GlobalId> rows,
                                std::span<const float> vectors, Count dim, Count num_groups,
                                std::uint64_t seed) {
  const Count total = comm::sum_over_ranks(comm, count_of(rows));
  const double share =
      static_cast<double>(num_groups * kGroupSampleItems) / static_cast<double>(total);
  Sample mine;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (share >= 1 || random_uniform(seed, Purpose::clustering, rows[i].value()) < share) {
      mine.rows.push_back(rows[i]);
      const auto first = vectors.begin() + static_cast<Count>(i) * dim;
      mine.vectors.insert(mine.vectors.end(), first, first + dim);
    }
  }
  const Sample all = sort_sample(comm::gather_to_all<GlobalId>(comm, mine.rows).items,
                                 comm::gather_to_all<float>(comm, mine.vectors).items, dim);
  const Count feasible = std::clamp<Count>(num_groups, 1, count_of(all.rows));
  return order_by_walk(train_centroids(all.vectors, dim, feasible, kGroupIterations, seed), dim);
}

/// Cells of each group: its share of the sample, at least one, at most its sample items.
std::vector<Count> share_cells(std::span<const Count> sample_items, Count num_cells) {
  const Count total = std::accumulate(sample_items.begin(), sample_items.end(), Count{0});
  std::vector<Count> cells;
  for (const Count items : sample_items) {
    const double share =
        static_cast<double>(items) / static_cast<double>(std::max<Count>(total, 1));
    const auto wanted = static_cast<Count>(std::llround(share * static_cast<double>(num_cells)));
    cells.push_back(std::min(std::max<Count>(wanted, 1), std::max<Count>(items, 1)));
  }
  return cells;
}

/// Collective. Sample items to the rank that trains their group: group g to rank g % ranks.
struct GroupedSample {
  std::vector<std::int32_t> groups;
  std::vector<GlobalId> rows;
  std::vector<float> vectors;
};

GroupedSample deal_sample(const comm::Communicator& comm, std::span<const GlobalId> rows,
                          std::span<const float> vectors, Count dim,
                          std::span<const distance::Neighbor> nearest_group) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto owner = [&](std::size_t i) { return nearest_group[i].index % comm.size(); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return owner(a) < owner(b); });
  GroupedSample packed;
  std::vector<Count> counts(to_size(comm.size()), 0);
  std::vector<Count> value_counts(counts.size(), 0);
  for (const std::size_t i : order) {
    packed.groups.push_back(nearest_group[i].index);
    packed.rows.push_back(rows[i]);
    const auto first = vectors.begin() + static_cast<Count>(i) * dim;
    packed.vectors.insert(packed.vectors.end(), first, first + dim);
    ++counts[to_size(owner(i))];
    value_counts[to_size(owner(i))] += dim;
  }
  return {comm::exchange<std::int32_t>(comm, packed.groups, counts).items,
          comm::exchange<GlobalId>(comm, packed.rows, counts).items,
          comm::exchange<float>(comm, packed.vectors, value_counts).items};
}

/// Centroids of one group from the sample items of the group; the group's own centroid if it has
/// none.
std::vector<float> train_cells(const GroupedSample& sample, std::int32_t group, Count dim,
                               Count num_cells, std::span<const float> group_centroid,
                               std::uint64_t seed) {
  Sample of_group;
  for (std::size_t i = 0; i < sample.groups.size(); ++i) {
    if (sample.groups[i] == group) {
      of_group.rows.push_back(sample.rows[i]);
      const auto first = sample.vectors.begin() + static_cast<Count>(i) * dim;
      of_group.vectors.insert(of_group.vectors.end(), first, first + dim);
    }
  }
  if (of_group.rows.empty()) {
    return {group_centroid.begin(), group_centroid.end()};
  }
  const Sample sorted = sort_sample(of_group.rows, of_group.vectors, dim);
  return order_by_walk(
      train_centroids(sorted.vectors, dim, num_cells, kCellIterations, seed + to_size(group) + 1),
      dim);
}

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

Quantizer train_quantizer(const comm::Communicator& comm, std::span<const GlobalId> sample_rows,
                          std::span<const float> sample, Count dim, Count num_cells,
                          std::uint64_t seed) {
  Quantizer quantizer;
  quantizer.dim = dim;
  const auto num_groups = static_cast<Count>(std::ceil(std::sqrt(static_cast<double>(num_cells))));
  quantizer.group_centroids = train_groups(comm, sample_rows, sample, dim, num_groups, seed);
  distance::Panels groups;
  groups.pack(quantizer.group_centroids, dim);
  const auto nearest_group = search_centroids(groups, sample, 1);
  std::vector<Count> sample_items(to_size(groups.num_items()), 0);
  for (const distance::Neighbor& group : nearest_group) {
    ++sample_items[to_size(group.index)];
  }
  comm::sum_over_ranks(comm, sample_items);
  const std::vector<Count> cells = share_cells(sample_items, num_cells);
  quantizer.group_first_cell.assign(cells.size() + 1, 0);
  std::inclusive_scan(cells.begin(), cells.end(), quantizer.group_first_cell.begin() + 1);
  quantizer.cell_centroids.resize(to_size(quantizer.num_cells() * dim));
  const GroupedSample dealt = deal_sample(comm, sample_rows, sample, dim, nearest_group);
  for (std::int32_t group = 0; group < static_cast<std::int32_t>(cells.size()); ++group) {
    if (group % comm.size() == comm.rank().value()) {
      const auto centroid =
          std::span{quantizer.group_centroids}.subspan(to_size(group * dim), to_size(dim));
      const auto trained = train_cells(dealt, group, dim, cells[to_size(group)], centroid, seed);
      std::copy(
          trained.begin(), trained.end(),
          quantizer.cell_centroids.begin() + quantizer.group_first_cell[to_size(group)] * dim);
    }
  }
  for (std::size_t group = 0; group < cells.size(); ++group) {
    const auto first = to_size(quantizer.group_first_cell[group] * dim);
    comm::detail::broadcast_bytes(
        comm,
        std::as_writable_bytes(
            std::span{quantizer.cell_centroids}.subspan(first, to_size(cells[group] * dim))),
        Rank{static_cast<int>(group) % comm.size()});
  }
  return quantizer;
}

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

void Quantizer::save(const comm::Communicator& comm, const std::string& path) const {
  comm::on_root(comm, [&] {
    faiss::IndexFlatL2 index{dim};
    index.add(num_cells(), cell_centroids.data());
    const std::string temporary = path + ".part";
    try {
      faiss::write_index(&index, temporary.c_str());
    } catch (const std::exception&) {
      std::filesystem::remove(temporary);
      fail("{}: cannot be written", path);
    }
    io::publish_file(temporary, path);
  });
}

}  // namespace kith::cells
