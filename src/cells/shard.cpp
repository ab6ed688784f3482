#include <algorithm>
#include <chrono>
#include <numeric>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/progress.hpp"
#include "kith/core/random.hpp"

#include "cells/centroid_search.hpp"
#include "cells/quantizer.hpp"

namespace kith::cells {
namespace {

constexpr Count kItemsPerCell = 600;
constexpr Count kMostOverMean = 4;     // a cell with more than so many times its share is split
constexpr Count kSmallestSplit = 256;  // items: smaller cells are never worth it
constexpr int kMostSplitRounds = 8;
constexpr int kPlannedProbes = 8;
constexpr Count kBlockBytes = Count{8} << 20;  // of vectors read or sent at a time

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Count rows_per_block(Count dim) {
  return std::max<Count>(1, kBlockBytes / (dim * static_cast<Count>(sizeof(float))));
}

/// Calls visit(first row, vectors) for the rank's rows, block by block. Local.
template <class Visit>
void visit_rows(corpus::RowReader& reader, IdRange<GlobalId> rows, Count dim, Visit&& visit) {
  const Count step = rows_per_block(dim);
  std::vector<float> vectors;
  for (Count first = rows.begin.value(); first < rows.end.value(); first += step) {
    const Count last = std::min<Count>(first + step, rows.end.value());
    vectors.resize(to_size((last - first) * dim));
    reader.read({GlobalId{first}, GlobalId{last}}, vectors);
    visit(GlobalId{first}, std::span<const float>{vectors});
  }
}

/// Rows of this rank's block that are nodes: not a duplicate of an earlier row.
std::vector<bool> find_nodes(IdRange<GlobalId> block,
                             std::span<const corpus::DuplicateItem> duplicates) {
  std::vector<bool> is_node(to_size(block.size()), true);
  for (const corpus::DuplicateItem& duplicate : duplicates) {
    is_node[to_size(duplicate.row.value() - block.begin.value())] = false;
  }
  return is_node;
}

Sample take_sample(corpus::RowReader& reader, IdRange<GlobalId> block,
                   const std::vector<bool>& is_node, Count dim, double share, std::uint64_t seed) {
  Sample sample;
  visit_rows(reader, block, dim, [&](GlobalId first, std::span<const float> vectors) {
    for (Count i = 0; i < count_of(vectors) / dim; ++i) {
      const GlobalId row{first.value() + i};
      if (is_node[to_size(row.value() - block.begin.value())] &&
          (share >= 1 || random_uniform(seed, Purpose::training_sample, row.value()) < share)) {
        sample.rows.push_back(row);
        const auto vector = vectors.subspan(to_size(i * dim), to_size(dim));
        sample.vectors.insert(sample.vectors.end(), vector.begin(), vector.end());
      }
    }
  });
  return sample;
}

/// Nodes on their way to their cells.
struct Assignment {
  std::vector<GlobalId> rows;
  std::vector<CellId> homes;
};

Assignment assign_block(corpus::RowReader& reader, IdRange<GlobalId> block,
                        const std::vector<bool>& is_node, const Quantizer& quantizer) {
  const Assigner assigner{quantizer};
  Assignment assignment;
  Progress progress{"cells", block.size(), "items"};
  visit_rows(reader, block, quantizer.dim, [&](GlobalId first, std::span<const float> vectors) {
    const std::vector<CellId> homes = assigner.assign(vectors);
    for (Count i = 0; i < count_of(homes); ++i) {
      if (is_node[to_size(first.value() + i - block.begin.value())]) {
        assignment.rows.emplace_back(first.value() + i);
        assignment.homes.push_back(homes[to_size(i)]);
      }
    }
    progress.advance(count_of(homes));
  });
  return assignment;
}

/// Collective. Sizes of all cells.
std::vector<Count> count_cells(const comm::Communicator& comm, const Assignment& assignment,
                               Count num_cells) {
  std::vector<Count> sizes(to_size(num_cells), 0);
  for (const CellId home : assignment.homes) {
    ++sizes[to_size(home)];
  }
  comm::sum_over_ranks(comm, sizes);
  return sizes;
}

/// Collective. The scan work of each cell: comparisons of its items with the cells nearest to it,
/// which are most of the work however many are searched in the end.
LayoutPlan plan_layout(const comm::Communicator& comm, const Quantizer& quantizer,
                       std::vector<Count> cell_sizes) {
  LayoutPlan plan{std::move(cell_sizes), {}};
  plan.cell_work.assign(plan.cell_sizes.size(), 0);
  const Count num_cells = count_of(plan.cell_sizes);
  const Count begin = num_cells * comm.rank().value() / comm.size();
  const Count end = num_cells * (comm.rank().value() + 1) / comm.size();
  const auto num_near = static_cast<int>(std::min<Count>(kPlannedProbes, num_cells));
  distance::Panels centroids;
  centroids.pack(quantizer.cell_centroids, quantizer.dim);
  const auto mine = std::span{quantizer.cell_centroids}.subspan(
      to_size(begin * quantizer.dim), to_size((end - begin) * quantizer.dim));
  const auto near = search_centroids(centroids, mine, num_near);
  for (Count i = 0; i < count_of(near); ++i) {
    const auto cell = to_size(begin + i / num_near);
    plan.cell_work[cell] +=
        plan.cell_sizes[cell] * plan.cell_sizes[to_size(near[to_size(i)].index)];
  }
  comm::sum_over_ranks(comm, plan.cell_work);
  return plan;
}

/// Collective. Rows to the rank of their home cell, sorted into position order.
void move_assignment(const comm::Communicator& comm, const Assignment& assignment, Shard& shard) {
  struct RowInCell {
    CellId home;
    GlobalId row;
  };
  std::vector<RowInCell> packed;
  std::vector<Rank> owners;
  packed.reserve(assignment.rows.size());
  for (std::size_t i = 0; i < assignment.rows.size(); ++i) {
    packed.push_back({assignment.homes[i], assignment.rows[i]});
    owners.push_back(shard.layout.owner(assignment.homes[i]));
  }
  auto moved = comm::exchange_to<RowInCell>(comm, packed, owners).items;
  std::sort(moved.begin(), moved.end(), [](const RowInCell& a, const RowInCell& b) {
    return std::pair{a.home, a.row} < std::pair{b.home, b.row};
  });
  shard.rows.reserve(moved.size());
  for (const RowInCell& one : moved) {
    shard.rows.push_back(one.row);
  }
}

double predicted_imbalance(const LayoutPlan& plan, const CellLayout& layout) {
  Count total = 0;
  Count most = 0;
  for (int rank = 0; rank < layout.num_ranks(); ++rank) {
    const IdRange<CellId> cells = layout.cells_of(Rank{rank});
    const Count work = std::accumulate(plan.cell_work.begin() + cells.begin.value(),
                                       plan.cell_work.begin() + cells.end.value(), Count{0});
    total += work;
    most = std::max(most, work);
  }
  return total > 0 ? static_cast<double>(most) * layout.num_ranks() / static_cast<double>(total)
                   : 1;
}

Count choose_num_cells(const CellConfig& config, Count num_nodes) {
  const Count wanted =
      config.num_cells > 0 ? config.num_cells : (num_nodes + kItemsPerCell / 2) / kItemsPerCell;
  return std::clamp<Count>(wanted, 1, num_nodes);
}

/// The stage at work.
class Builder {
 public:
  Builder(const comm::Communicator& comm, const corpus::Corpus& corpus, corpus::RowReader& reader,
          std::span<const corpus::DuplicateItem> duplicates, const CellConfig& config)
      : comm_{comm},
        corpus_{corpus},
        reader_{reader},
        config_{config},
        block_{corpus::rows_of(corpus.num_items, comm.rank(), comm.size())},
        is_node_{find_nodes(block_, duplicates)},
        num_nodes_{corpus.num_items - comm::sum_over_ranks(comm, count_of(duplicates))} {}

  BuiltShard build() {
    train();
    assign();
    split_large_cells();
    drop_empty();
    move();
    return std::move(built_);
  }

 private:
  void train() {
    const auto start = std::chrono::steady_clock::now();
    const Count num_cells = choose_num_cells(config_, num_nodes_);
    const double share = static_cast<double>(num_cells * config_.sample_per_cell) /
                         static_cast<double>(std::max<Count>(num_nodes_, 1));
    sample_ = comm::locally(comm_, [&] {
      return take_sample(reader_, block_, is_node_, corpus_.dim, share, config_.seed);
    });
    built_.stats.sample_items = comm::sum_over_ranks(comm_, count_of(sample_.rows));
    quantizer_ = train_quantizer(comm_, sample_, corpus_.dim, num_cells, config_.seed);
    part_items_ = std::max<Count>(1, num_nodes_ / num_cells);
    built_.stats.train_s = comm::max_over_ranks(comm_, seconds_since(start));
  }

  void assign() {
    const auto start = std::chrono::steady_clock::now();
    assignment_ =
        comm::locally(comm_, [&] { return assign_block(reader_, block_, is_node_, quantizer_); });
    cell_sizes_ = count_cells(comm_, assignment_, quantizer_.num_cells());
    built_.stats.assign_s += comm::max_over_ranks(comm_, seconds_since(start));
  }

  /// A cell far above its share costs the square of its size in the scan.
  void split_large_cells() {
    const Count most = std::max(kSmallestSplit, kMostOverMean * part_items_);
    for (int round = 0; round < kMostSplitRounds; ++round) {
      if (*std::max_element(cell_sizes_.begin(), cell_sizes_.end()) <= most) {
        return;
      }
      const auto start = std::chrono::steady_clock::now();
      const Count before = quantizer_.num_cells();
      quantizer_ = balance_cells(comm_, quantizer_, sample_, cell_sizes_, part_items_, most,
                                 config_.seed + to_size(round) + 1);
      built_.stats.train_s += comm::max_over_ranks(comm_, seconds_since(start));
      if (quantizer_.num_cells() == before) {
        return;  // too few sample items to cut anything
      }
      built_.stats.split_cells += quantizer_.num_cells() - before;
      assign();
    }
  }

  void drop_empty() {
    const std::vector<CellId> numbers = drop_empty_cells(quantizer_, cell_sizes_);
    if (quantizer_.num_cells() < count_of(cell_sizes_)) {
      for (CellId& home : assignment_.homes) {
        home = numbers[to_size(home)];
      }
      cell_sizes_.erase(std::remove(cell_sizes_.begin(), cell_sizes_.end(), 0), cell_sizes_.end());
    }
  }

  void move() {
    const auto start = std::chrono::steady_clock::now();
    sample_ = {};
    Shard& shard = built_.shard;
    shard.comm = &comm_;
    shard.dim = corpus_.dim;
    shard.metric = corpus_.metric;
    const LayoutPlan plan = plan_layout(comm_, quantizer_, std::move(cell_sizes_));
    shard.layout = make_layout(plan, comm_.size());
    move_assignment(comm_, assignment_, shard);
    assignment_ = {};
    fetch_vectors(corpus_, reader_, shard);
    built_.stats.num_groups = quantizer_.num_groups();
    shard.centroids = std::move(quantizer_.cell_centroids);
    built_.stats.move_s = comm::max_over_ranks(comm_, seconds_since(start));
    const auto [low, high] = std::minmax_element(plan.cell_sizes.begin(), plan.cell_sizes.end());
    built_.stats.smallest_cell = *low;
    built_.stats.largest_cell = *high;
    built_.stats.imbalance = predicted_imbalance(plan, shard.layout);
    built_.cell_work = plan.cell_work;
  }

  const comm::Communicator& comm_;
  const corpus::Corpus& corpus_;
  corpus::RowReader& reader_;
  const CellConfig& config_;
  IdRange<GlobalId> block_;
  std::vector<bool> is_node_;
  Count num_nodes_;
  Count part_items_ = 1;
  Quantizer quantizer_;
  Sample sample_;
  Assignment assignment_;
  std::vector<Count> cell_sizes_;
  BuiltShard built_;
};

}  // namespace

BuiltShard build_shard(const comm::Communicator& comm, const corpus::Corpus& corpus,
                       corpus::RowReader& reader, std::span<const corpus::DuplicateItem> duplicates,
                       const CellConfig& config) {
  return Builder{comm, corpus, reader, duplicates, config}.build();
}

}  // namespace kith::cells
