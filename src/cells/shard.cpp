#include <algorithm>
#include <chrono>
#include <numeric>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/progress.hpp"
#include "kith/core/random.hpp"

#include "cells/quantizer.hpp"

namespace kith::cells {
namespace {

constexpr Count kItemsPerCell = 600;
constexpr Count kMostOverMean = 4;     // a cell with more than so many times its share is split
constexpr Count kSmallestSplit = 256;  // items: smaller cells are never worth it
constexpr int kMostSplitRounds = 8;
constexpr std::size_t kPlannedProbes = 8;
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

/// A node on its way to its cell: its row, followed by its probes in an array of its own.
struct Assignment {
  std::vector<GlobalId> rows;
  std::vector<CellId> probes;  // rows x num_probes
};

Assignment assign_block(corpus::RowReader& reader, IdRange<GlobalId> block,
                        const std::vector<bool>& is_node, const Quantizer& quantizer, int probes) {
  const Assigner assigner{quantizer};
  Assignment assignment;
  Progress progress{"cells", block.size(), "items"};
  visit_rows(reader, block, quantizer.dim, [&](GlobalId first, std::span<const float> vectors) {
    const std::vector<CellId> cells = assigner.assign(vectors, probes);
    const Count count = count_of(vectors) / quantizer.dim;
    for (Count i = 0; i < count; ++i) {
      if (is_node[to_size(first.value() + i - block.begin.value())]) {
        assignment.rows.emplace_back(first.value() + i);
        const auto of_row = cells.begin() + i * probes;
        assignment.probes.insert(assignment.probes.end(), of_row, of_row + probes);
      }
    }
    progress.advance(count);
  });
  return assignment;
}

/// Collective. Sizes of all cells.
std::vector<Count> count_cells(const comm::Communicator& comm, const Assignment& assignment,
                               Count num_cells, int probes) {
  std::vector<Count> sizes(to_size(num_cells), 0);
  for (std::size_t i = 0; i < assignment.rows.size(); ++i) {
    ++sizes[to_size(assignment.probes[i * to_size(probes)])];
  }
  comm::sum_over_ranks(comm, sizes);
  return sizes;
}

/// Collective. The scan work of each cell: comparisons of its items with the cells they probe
/// first, which are most of the work however many are searched in the end.
LayoutPlan plan_layout(const comm::Communicator& comm, const Assignment& assignment,
                       std::vector<Count> cell_sizes, int probes) {
  LayoutPlan plan{std::move(cell_sizes), {}};
  plan.cell_work.assign(plan.cell_sizes.size(), 0);
  for (std::size_t i = 0; i < assignment.probes.size(); ++i) {
    const auto place = i % to_size(probes);
    if (place < kPlannedProbes && !assignment.probes[i].is_none()) {
      plan.cell_work[to_size(assignment.probes[i - place])] +=
          plan.cell_sizes[to_size(assignment.probes[i])];
    }
  }
  comm::sum_over_ranks(comm, plan.cell_work);
  return plan;
}

/// Numbers cells anew; probes of cells that are gone move to the end of their row as none.
void renumber(std::span<const CellId> numbers, int probes, Assignment& assignment) {
  for (std::size_t first = 0; first < assignment.probes.size(); first += to_size(probes)) {
    const auto row = std::span{assignment.probes}.subspan(first, to_size(probes));
    for (CellId& cell : row) {
      cell = numbers[to_size(cell)];
    }
    std::stable_partition(row.begin(), row.end(), [](CellId cell) { return !cell.is_none(); });
  }
}

/// Collective. Rows and probes to the rank of their home cell, sorted into position order.
void move_assignment(const comm::Communicator& comm, const Assignment& assignment, Shard& shard) {
  const auto width = to_size(shard.num_probes);
  std::vector<std::size_t> order(assignment.rows.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return assignment.probes[a * width] < assignment.probes[b * width];
  });
  Assignment packed;
  std::vector<Count> counts(to_size(comm.size()), 0);
  for (const std::size_t i : order) {  // cells ascend, and so do their ranks
    packed.rows.push_back(assignment.rows[i]);
    const auto first = assignment.probes.begin() + static_cast<Count>(i * width);
    packed.probes.insert(packed.probes.end(), first, first + shard.num_probes);
    ++counts[to_size(shard.layout.owner(*first))];
  }
  std::vector<Count> probe_counts = counts;
  for (Count& count : probe_counts) {
    count *= shard.num_probes;
  }
  const auto rows = comm::exchange<GlobalId>(comm, packed.rows, counts).items;
  const auto probes = comm::exchange<CellId>(comm, packed.probes, probe_counts).items;
  order.resize(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair{probes[a * width], rows[a]} < std::pair{probes[b * width], rows[b]};
  });
  for (const std::size_t i : order) {
    shard.rows.push_back(rows[i]);
    const auto first = probes.begin() + static_cast<Count>(i * width);
    shard.probes.insert(shard.probes.end(), first, first + shard.num_probes);
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
    built_.quantizer = train_quantizer(comm_, sample_, corpus_.dim, num_cells, config_.seed);
    part_items_ = std::max<Count>(1, num_nodes_ / num_cells);
    built_.stats.train_s = comm::max_over_ranks(comm_, seconds_since(start));
  }

  void assign() {
    const auto start = std::chrono::steady_clock::now();
    num_probes_ = static_cast<int>(std::min<Count>(config_.probes, built_.quantizer.num_cells()));
    assignment_ = comm::locally(comm_, [&] {
      return assign_block(reader_, block_, is_node_, built_.quantizer, num_probes_);
    });
    cell_sizes_ = count_cells(comm_, assignment_, built_.quantizer.num_cells(), num_probes_);
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
      const Count before = built_.quantizer.num_cells();
      built_.quantizer = balance_cells(comm_, built_.quantizer, sample_, cell_sizes_, part_items_,
                                       most, config_.seed + to_size(round) + 1);
      built_.stats.train_s += comm::max_over_ranks(comm_, seconds_since(start));
      if (built_.quantizer.num_cells() == before) {
        return;  // too few sample items to cut anything
      }
      built_.stats.split_cells += built_.quantizer.num_cells() - before;
      assign();
    }
  }

  void drop_empty() {
    const std::vector<CellId> numbers = drop_empty_cells(built_.quantizer, cell_sizes_);
    if (built_.quantizer.num_cells() < count_of(cell_sizes_)) {
      renumber(numbers, num_probes_, assignment_);
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
    shard.num_probes = num_probes_;
    const LayoutPlan plan = plan_layout(comm_, assignment_, std::move(cell_sizes_), num_probes_);
    shard.layout = make_layout(plan, comm_.size());
    move_assignment(comm_, assignment_, shard);
    assignment_ = {};
    fetch_vectors(corpus_, reader_, shard);
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
  int num_probes_ = 1;
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

void keep_probes(Shard& shard, int num_probes) {
  if (num_probes >= shard.num_probes) {
    return;
  }
  std::vector<CellId> kept;
  kept.reserve(shard.rows.size() * to_size(num_probes));
  for (std::size_t first = 0; first < shard.probes.size(); first += to_size(shard.num_probes)) {
    const auto row = shard.probes.begin() + static_cast<Count>(first);
    kept.insert(kept.end(), row, row + num_probes);
  }
  shard.probes = std::move(kept);
  shard.num_probes = num_probes;
}

}  // namespace kith::cells
