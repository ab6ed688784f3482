#include "exact.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/parallel.hpp"
#include "kith/distance/panels.hpp"

#include "nearest_nodes.hpp"

namespace kith::knn {
namespace {

/// Queries of all ranks that travel together: at most, and at least, for packing must pay.
constexpr Count kMostQueries = 8192;
constexpr Count kFewestQueries = 64;
/// Queries that one thread takes at a time.
constexpr Count kBlockQueries = 96;

/// Panels that are packed at a time.
constexpr Count kPackedBytes = Count{16} << 20;

/// Some of this rank's cells, packed one by one: what is packed together must not depend on ranks.
class PackedCells {
 public:
  /// panels: of these cells; those that are asked for and not there yet are packed.
  PackedCells(const cells::Shard& shard, IdRange<CellId> cells, const Queries& queries,
              std::span<distance::Panels> panels)
      : shard_{shard},
        first_position_{shard.layout.nodes_of(shard.comm->rank()).begin},
        cells_{cells},
        panels_{panels} {
    const std::vector<bool> is_asked = asked_cells(queries);
    std::vector<std::vector<float>> scratch(to_size(num_threads()));
    parallel_for(cells_.size(), 1, [&](Count begin, Count) {
      const Count num_rows = nodes_of(begin).size();
      if (num_rows > 0 && is_asked[to_size(begin)] && panels_[to_size(begin)].num_items() == 0) {
        panels_[to_size(begin)].pack(
            shard.vectors.floats(first_row(begin), num_rows, scratch[to_size(thread_index())]),
            shard.dim, nearness_of(shard.metric));
      }
    });
  }

  /// Takes nodes of these cells into the lists of queries as far as they are nearer, but never the
  /// query's own position; lists: queries x k of owned nodes.
  void search(const Queries& queries, std::span<Entry> lists, NearestNodes& nearest) const {
    const auto numbers = queries_by_cell(queries);
    std::vector<SearchedCell> searched;
    for (Count cell = 0; cell < cells_.size(); ++cell) {
      if (nodes_of(cell).size() > 0 && !numbers[to_size(cell)].empty()) {
        searched.push_back({&panels_[to_size(cell)], static_cast<std::int32_t>(first_row(cell)),
                            numbers[to_size(cell)]});
      }
    }
    const NodeTable nodes{[&](std::int32_t row) { return Position{first_position_.value() + row}; },
                          [&](std::int32_t row) { return shard_.vectors.row(row); }};
    nearest.search({queries.vectors, queries.positions}, searched, nodes, lists);
  }

 private:
  [[nodiscard]] std::vector<bool> asked_cells(const Queries& queries) const {
    std::vector<bool> is_asked(to_size(cells_.size()), queries.cells.empty());
    for (const CellId cell : queries.cells) {
      if (!cell.is_none() && cells_.contains(cell)) {
        is_asked[to_size(cell.value() - cells_.begin.value())] = true;
      }
    }
    return is_asked;
  }

  /// Numbers of the queries that ask for each of the cells, ascending.
  [[nodiscard]] std::vector<std::vector<std::int32_t>> queries_by_cell(
      const Queries& queries) const {
    std::vector<std::vector<std::int32_t>> numbers(to_size(cells_.size()));
    if (queries.cells.empty()) {
      std::vector<std::int32_t> all(queries.positions.size());
      std::iota(all.begin(), all.end(), 0);
      std::fill(numbers.begin(), numbers.end(), all);
      return numbers;
    }
    for (std::size_t i = 0; i < queries.cells.size(); ++i) {
      const CellId cell = queries.cells[i];
      if (!cell.is_none() && cells_.contains(cell)) {
        numbers[to_size(cell.value() - cells_.begin.value())].push_back(
            static_cast<std::int32_t>(i / to_size(queries.cells_per_query)));
      }
    }
    return numbers;
  }

  /// Of the index-th cell.
  [[nodiscard]] IdRange<Position> nodes_of(Count index) const {
    return shard_.layout.nodes_of(CellId{cells_.begin.value() + static_cast<std::int32_t>(index)});
  }
  [[nodiscard]] Count first_row(Count index) const {
    return nodes_of(index).begin.value() - first_position_.value();
  }

  const cells::Shard& shard_;
  Position first_position_;
  IdRange<CellId> cells_;
  std::span<distance::Panels> panels_;
};

/// This rank's cells in runs whose panels take about kPackedBytes.
std::vector<IdRange<CellId>> runs_of_cells(const cells::Shard& shard) {
  const IdRange<CellId> mine = shard.layout.cells_of(shard.comm->rank());
  std::vector<IdRange<CellId>> runs;
  Count bytes = kPackedBytes;
  for (CellId cell = mine.begin; cell < mine.end; ++cell) {
    if (bytes >= kPackedBytes) {
      runs.push_back({cell, cell});
      bytes = 0;
    }
    bytes += shard.layout.nodes_of(cell).size() * shard.dim * static_cast<Count>(sizeof(float));
    ++runs.back().end;
  }
  return runs;
}

Count packed_bytes(std::span<const distance::Panels> panels) {
  Count bytes = 0;
  for (const distance::Panels& cell : panels) {
    bytes += cell.num_panels() * distance::kPanelWidth * cell.dim() * Count{sizeof(float)};
  }
  return bytes;
}

/// Queries of one round, all ranks'.
struct Round {
  comm::Received<Position> positions;
  comm::Received<float> vectors;
};

Round share_queries(const cells::Shard& shard, std::span<const std::int32_t> rows) {
  const Position first = shard.layout.nodes_of(shard.comm->rank()).begin;
  std::vector<Position> positions;
  std::vector<float> vectors;
  std::vector<float> scratch;
  for (const std::int32_t row : rows) {
    positions.emplace_back(first.value() + row);
    const auto vector = shard.vectors.floats(row, 1, scratch);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
  }
  return {comm::gather_to_all<Position>(*shard.comm, positions),
          comm::gather_to_all<float>(*shard.comm, vectors)};
}

/// Queries [begin, end) of some.
Queries part_of(const Queries& queries, Count dim, Count begin, Count end) {
  const auto cut = [&](auto items, Count width) {
    return items.subspan(to_size(begin * width), to_size((end - begin) * width));
  };
  return {cut(queries.positions, 1), cut(queries.vectors, dim),
          queries.cells.empty() ? queries.cells : cut(queries.cells, queries.cells_per_query),
          queries.cells_per_query};
}

}  // namespace

OwnedSearch::OwnedSearch(const cells::Shard& shard, Count kept_bytes)
    : shard_{&shard},
      bytes_left_{kept_bytes},
      panels_(to_size(shard.layout.cells_of(shard.comm->rank()).size())) {
}

std::vector<Entry> OwnedSearch::search(const Queries& queries, int k) {
  const cells::Shard& shard = *shard_;
  const Count num_queries = count_of(queries.positions);
  const CellId first = shard.layout.cells_of(shard.comm->rank()).begin;
  std::vector<Entry> entries(to_size(num_queries * k));
  std::vector<NearestNodes> nearest;
  for (int thread = 0; thread < num_threads(); ++thread) {
    nearest.emplace_back(shard, k);
  }
  for (const IdRange<CellId> run : runs_of_cells(shard)) {
    const auto panels =
        std::span{panels_}.subspan(to_size(run.begin.value() - first.value()), to_size(run.size()));
    const Count bytes_before = packed_bytes(panels);
    const PackedCells cells{shard, run, queries, panels};
    parallel_for(num_queries, kBlockQueries, [&](Count begin, Count end) {
      cells.search(part_of(queries, shard.dim, begin, end),
                   std::span{entries}.subspan(to_size(begin * k), to_size((end - begin) * k)),
                   nearest[to_size(thread_index())]);
    });
    const Count bytes_added = packed_bytes(panels) - bytes_before;
    if (bytes_added <= bytes_left_) {
      bytes_left_ -= bytes_added;
    } else {
      bytes_left_ += bytes_before;
      std::fill(panels.begin(), panels.end(), distance::Panels{});
    }
  }
  return entries;
}

Count rows_per_round(const cells::Shard& shard, double flops) {
  const comm::Communicator& comm = *shard.comm;
  const Count nodes = comm::max_over_ranks(comm, count_of(shard.rows));
  const double of_query = 2 * static_cast<double>(std::max<Count>(nodes, 1) * shard.dim);
  const double queries = std::clamp<double>(flops / of_query, kFewestQueries, kMostQueries);
  const Count mine = std::max<Count>(1, static_cast<Count>(queries) / comm.size());
  return comm::min_over_ranks(comm, mine);
}

EntryLists search_exactly(const cells::Shard& shard, std::span<const std::int32_t> rows, int k) {
  OwnedSearch owned{shard};
  return search_exactly(owned, shard, rows, k);
}

EntryLists search_exactly(OwnedSearch& owned, const cells::Shard& shard,
                          std::span<const std::int32_t> rows, int k) {
  const comm::Communicator& comm = *shard.comm;
  const Count num_rows = count_of(rows);
  const Count per_round = std::max<Count>(1, kMostQueries / comm.size());
  const Count num_rounds = (comm::max_over_ranks(comm, num_rows) + per_round - 1) / per_round;
  EntryLists lists{k, std::vector<Entry>(to_size(num_rows * k))};
  for (Count step = 0; step < num_rounds; ++step) {
    if (step > 0) {
      comm::stop_if_asked(comm);
    }
    const Count begin = std::min(num_rows, step * per_round);
    const Count size = std::min(num_rows - begin, per_round);
    const Round round = share_queries(shard, rows.subspan(to_size(begin), to_size(size)));
    const auto found = comm::locally(comm, [&] {
      return owned.search({round.positions.items, round.vectors.items, {}, 0}, k);
    });
    std::vector<Count> counts;
    counts.reserve(to_size(comm.size()));
    for (int to = 0; to < comm.size(); ++to) {
      counts.push_back(count_of(round.positions.from(Rank{to})) * k);
    }
    merge_lists(comm::exchange<Entry>(comm, found, counts), comm.size(), k,
                std::span{lists.entries}.subspan(to_size(begin * k), to_size(size * k)));
  }
  return lists;
}

}  // namespace kith::knn
