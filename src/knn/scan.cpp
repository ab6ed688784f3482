#include "scan.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "kith/core/parallel.hpp"

#include "nearest_nodes.hpp"
#include "shared_progress.hpp"

namespace kith::knn {
namespace {

/// The queries of a block that probe one cell.
struct CellQueries {
  std::int32_t slot = -1;
  std::vector<std::int32_t> numbers;  // in the block, ascending
};

/// Memory of one thread, kept from block to block.
struct Scratch {
  NearestNodes search;
  std::vector<std::int32_t> place;  // of a slot among the block's cells
  std::vector<CellQueries> cells;
  std::vector<SearchedCell> searched;
  std::vector<Position> positions;
  std::vector<float> query_floats;
};

class Scan {
 public:
  Scan(const cells::Shard& shard, const Wave& wave, const Neighborhoods& neighborhoods,
       EntryLists& lists)
      : shard_{shard},
        wave_{wave},
        neighborhoods_{neighborhoods},
        lists_{lists},
        nodes_{[&](std::int32_t node) { return wave.position(node); },
               [&](std::int32_t node) { return wave.row(node); }} {}

  /// Returns its multiplications and additions.
  Count run(const HomeBlock& block, Scratch& scratch) const {
    group_queries(block, scratch);
    scratch.searched.clear();
    Count pairs = 0;
    for (const CellQueries& cell : scratch.cells) {
      if (!cell.numbers.empty() && wave_.num_nodes(cell.slot) > 0) {
        scratch.searched.push_back(
            {&wave_.panels(cell.slot), wave_.first_node(cell.slot), cell.numbers});
        pairs += count_of(cell.numbers) * wave_.num_nodes(cell.slot);
      }
    }
    scratch.positions.clear();
    for (std::int32_t i = 0; i < block.num_rows; ++i) {
      scratch.positions.push_back(wave_.position(wave_.first_owned() + block.first_row + i));
    }
    const auto lists = std::span{lists_.entries}.subspan(to_size(Count{block.first_row} * lists_.k),
                                                         to_size(Count{block.num_rows} * lists_.k));
    std::fill(lists.begin(), lists.end(), Entry{});
    const auto queries =
        shard_.vectors.floats(block.first_row, block.num_rows, scratch.query_floats);
    scratch.search.search({queries, scratch.positions}, scratch.searched, nodes_, lists);
    return 2 * pairs * shard_.dim;
  }

 private:
  /// Which queries probe which cell; the home cell first, then by falling number of queries: near
  /// cells early make thresholds tight early.
  void group_queries(const HomeBlock& block, Scratch& scratch) const {
    const auto cells = neighborhoods_.of(block.home);
    scratch.cells.resize(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      scratch.cells[i].slot = wave_.slot_of(cells[i]);
      scratch.cells[i].numbers.clear();
      scratch.place[to_size(scratch.cells[i].slot)] = static_cast<std::int32_t>(i);
    }
    for (std::int32_t i = 0; i < block.num_rows; ++i) {
      const Count first = Count{block.first_row + i} * shard_.num_probes;
      for (int probe = 0; probe < shard_.num_probes; ++probe) {
        const CellId cell = shard_.probes[to_size(first + probe)];
        if (!cell.is_none()) {
          const std::int32_t place = scratch.place[to_size(wave_.slot_of(cell))];
          scratch.cells[to_size(place)].numbers.push_back(i);
        }
      }
    }
    std::sort(scratch.cells.begin(), scratch.cells.end(),
              [](const CellQueries& left, const CellQueries& right) {
                return left.numbers.size() != right.numbers.size()
                           ? left.numbers.size() > right.numbers.size()
                           : left.slot < right.slot;
              });
  }

  const cells::Shard& shard_;
  const Wave& wave_;
  const Neighborhoods& neighborhoods_;
  EntryLists& lists_;
  NodeTable nodes_;
};

}  // namespace

std::vector<HomeBlock> cut_homes(const cells::Shard& shard, IdRange<CellId> homes,
                                 Count most_rows) {
  const Position first = shard.layout.nodes_of(shard.comm->rank()).begin;
  std::vector<HomeBlock> blocks;
  for (CellId home = homes.begin; home < homes.end; ++home) {
    const IdRange<Position> nodes = shard.layout.nodes_of(home);
    const Count num_blocks = (nodes.size() + most_rows - 1) / most_rows;
    for (Count i = 0; i < num_blocks; ++i) {
      const Count begin = nodes.size() * i / num_blocks;
      const Count end = nodes.size() * (i + 1) / num_blocks;
      blocks.push_back({home,
                        static_cast<std::int32_t>(nodes.begin.value() - first.value() + begin),
                        static_cast<std::int32_t>(end - begin)});
    }
  }
  return blocks;
}

double scan_flops(const cells::Shard& shard, IdRange<CellId> homes) {
  const Count first = shard.layout.nodes_of(shard.comm->rank()).begin.value();
  double pairs = 0;
  for (CellId home = homes.begin; home < homes.end; ++home) {
    const IdRange<Position> nodes = shard.layout.nodes_of(home);
    const auto begin = to_size((nodes.begin.value() - first) * shard.num_probes);
    const auto end = to_size((nodes.end.value() - first) * shard.num_probes);
    for (std::size_t i = begin; i < end; ++i) {
      if (!shard.probes[i].is_none()) {
        pairs += static_cast<double>(shard.layout.nodes_of(shard.probes[i]).size());
      }
    }
  }
  return 2 * pairs * static_cast<double>(shard.dim);
}

Count scan_wave(const cells::Shard& shard, const Neighborhoods& neighborhoods, const Wave& wave,
                IdRange<CellId> homes, EntryLists& lists, Progress& progress,
                const Meanwhile& meanwhile) {
  constexpr Count kMostRows = 1024;
  const std::vector<HomeBlock> blocks = cut_homes(shard, homes, kMostRows);
  const Scan scan{shard, wave, neighborhoods, lists};
  std::vector<Scratch> scratch;
  scratch.reserve(to_size(num_threads()));
  for (int thread = 0; thread < num_threads(); ++thread) {
    scratch.push_back({NearestNodes{shard, lists.k},
                       std::vector<std::int32_t>(wave.cells().size()),
                       {},
                       {},
                       {},
                       {}});
  }
  std::atomic<Count> num_flops{0};
  SharedProgress shared{progress};
  parallel_for(count_of(blocks), 1, [&](Count begin, Count) {
    const HomeBlock& block = blocks[to_size(begin)];
    num_flops += scan.run(block, scratch[to_size(thread_index())]);
    shared.advance(block.num_rows);
    if (thread_index() == 0) {
      meanwhile();
    }
  });
  return num_flops;
}

}  // namespace kith::knn
