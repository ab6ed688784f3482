#include "cells/quantizer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"

#include "cells/centroid_search.hpp"

namespace kith::cells {
namespace {

constexpr int kGroupIterations = 10;
constexpr Count kGroupSampleItems = 128;  // a group: training the first level needs few

/// Collective. Centroids of the first level from a hash sample of the sample.
std::vector<float> train_groups(const comm::Communicator& comm, const Sample& sample, Count dim,
                                Count num_groups, std::uint64_t seed) {
  const Count total = comm::sum_over_ranks(comm, count_of(sample.rows));
  const double share =
      static_cast<double>(num_groups * kGroupSampleItems) / static_cast<double>(total);
  Sample mine;
  for (std::size_t i = 0; i < sample.rows.size(); ++i) {
    if (share >= 1 || random_uniform(seed, Purpose::clustering, sample.rows[i].value()) < share) {
      mine.rows.push_back(sample.rows[i]);
      const auto first = sample.vectors.begin() + static_cast<Count>(i) * dim;
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

/// Collective. How many sample items of all ranks each region has.
std::vector<Count> count_regions(const comm::Communicator& comm,
                                 std::span<const std::int32_t> regions, std::size_t num_regions) {
  std::vector<Count> counts(num_regions, 0);
  for (const std::int32_t region : regions) {
    if (region >= 0) {
      ++counts[to_size(region)];
    }
  }
  comm::sum_over_ranks(comm, counts);
  return counts;
}

/// Collective. How many parts each cell becomes: 1 = it stays, more = it is cut.
std::vector<Count> plan_parts(const comm::Communicator& comm, std::span<const CellId> cell_of_item,
                              std::span<const Count> cell_sizes, Count part_items,
                              Count most_items) {
  std::vector<std::int32_t> regions;
  for (const CellId cell : cell_of_item) {
    regions.push_back(cell.value());
  }
  std::vector<Count> parts = count_regions(comm, regions, cell_sizes.size());
  for (std::size_t cell = 0; cell < parts.size(); ++cell) {
    const Count wanted = (cell_sizes[cell] + part_items - 1) / part_items;
    const bool is_cut = cell_sizes[cell] > most_items;
    parts[cell] = is_cut ? std::clamp<Count>(parts[cell], 1, wanted) : 1;
  }
  return parts;
}

/// The cells of `quantizer`, each replaced by parts[cell] centroids (0 drops it, 1 keeps it, more
/// take the next ones of `trained`). Groups without a cell go too.
Quantizer replace_cells(const Quantizer& quantizer, std::span<const Count> parts,
                        std::span<const float> trained) {
  Quantizer changed;
  changed.dim = quantizer.dim;
  changed.group_first_cell.push_back(0);
  const Count dim = quantizer.dim;
  auto next = trained.begin();
  for (Count group = 0; group < quantizer.num_groups(); ++group) {
    Count cells = 0;
    for (Count cell = quantizer.group_first_cell[to_size(group)];
         cell < quantizer.group_first_cell[to_size(group) + 1]; ++cell) {
      const Count num_parts = parts[to_size(cell)];
      const auto kept = std::span{quantizer.cell_centroids}.subspan(
          to_size(cell * dim), to_size(num_parts > 0 ? dim : 0));
      if (num_parts > 1) {
        changed.cell_centroids.insert(changed.cell_centroids.end(), next, next + num_parts * dim);
        next += num_parts * dim;
      } else {
        changed.cell_centroids.insert(changed.cell_centroids.end(), kept.begin(), kept.end());
      }
      cells += num_parts;
    }
    if (cells > 0) {
      const auto centroid =
          std::span{quantizer.group_centroids}.subspan(to_size(group * dim), to_size(dim));
      changed.group_centroids.insert(changed.group_centroids.end(), centroid.begin(),
                                     centroid.end());
      changed.group_first_cell.push_back(changed.group_first_cell.back() + cells);
    }
  }
  return changed;
}

}  // namespace

Quantizer train_quantizer(const comm::Communicator& comm, const Sample& sample, Count dim,
                          Count num_cells, std::uint64_t seed) {
  Quantizer quantizer;
  quantizer.dim = dim;
  const auto num_groups = static_cast<Count>(std::ceil(std::sqrt(static_cast<double>(num_cells))));
  quantizer.group_centroids = train_groups(comm, sample, dim, num_groups, seed);
  distance::Panels groups;
  groups.pack(quantizer.group_centroids, dim);
  std::vector<std::int32_t> group_of_item;
  for (const distance::Neighbor& group : search_centroids(groups, sample.vectors, 1)) {
    group_of_item.push_back(group.index);
  }
  const std::vector<Count> cells =
      share_cells(count_regions(comm, group_of_item, to_size(groups.num_items())), num_cells);
  quantizer.group_first_cell.assign(cells.size() + 1, 0);
  std::inclusive_scan(cells.begin(), cells.end(), quantizer.group_first_cell.begin() + 1);
  quantizer.cell_centroids =
      train_regions(comm, sample, group_of_item, cells, quantizer.group_centroids, seed);
  return quantizer;
}

Quantizer balance_cells(const comm::Communicator& comm, const Quantizer& quantizer,
                        const Sample& sample, std::span<const Count> cell_sizes, Count part_items,
                        Count most_items, std::uint64_t seed) {
  const std::vector<CellId> cell_of_item = Assigner{quantizer}.assign(sample.vectors);
  const std::vector<Count> parts =
      plan_parts(comm, cell_of_item, cell_sizes, part_items, most_items);
  std::vector<std::int32_t> region_of_cell(parts.size(), -1);
  std::vector<Count> region_parts;
  std::vector<float> centroids;
  for (std::size_t cell = 0; cell < parts.size(); ++cell) {
    if (parts[cell] > 1) {
      region_of_cell[cell] = static_cast<std::int32_t>(region_parts.size());
      region_parts.push_back(parts[cell]);
      const auto first =
          quantizer.cell_centroids.begin() + static_cast<Count>(cell) * quantizer.dim;
      centroids.insert(centroids.end(), first, first + quantizer.dim);
    }
  }
  std::vector<std::int32_t> region_of_item;
  for (const CellId cell : cell_of_item) {
    region_of_item.push_back(region_of_cell[to_size(cell)]);
  }
  const std::vector<float> trained =
      region_parts.empty()
          ? std::vector<float>{}
          : train_regions(comm, sample, region_of_item, region_parts, centroids, seed);
  return replace_cells(quantizer, parts, trained);
}

std::vector<CellId> drop_empty_cells(Quantizer& quantizer, std::span<const Count> cell_sizes) {
  std::vector<Count> parts;
  std::vector<CellId> numbers;
  std::int32_t next = 0;
  for (const Count items : cell_sizes) {
    parts.push_back(items > 0 ? 1 : 0);
    numbers.push_back(items > 0 ? CellId{next++} : CellId{});
  }
  quantizer = replace_cells(quantizer, parts, {});
  return numbers;
}

}  // namespace kith::cells
