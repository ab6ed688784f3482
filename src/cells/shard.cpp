#include <algorithm>
#include <chrono>
#include <numeric>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/log.hpp"
#include "kith/core/progress.hpp"
#include "kith/core/random.hpp"

#include "cells/build_state.hpp"
#include "cells/placement.hpp"
#include "cells/quantizer.hpp"

namespace kith::cells {
namespace {

constexpr Count kItemsPerCell = 600;
constexpr Count kMostOverMean = 4;     // a cell with more than so many times its share is split
constexpr Count kSmallestSplit = 256;  // items: smaller cells are never worth it
constexpr int kMostSplitRounds = 8;
constexpr Count kFewestSampled = 64;  // items: a hash sample of fewer may come out empty

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Homes of this rank's rows when none is found yet.
std::vector<std::int32_t> no_homes(IdRange<GlobalId> block,
                                   std::span<const corpus::DuplicateItem> duplicates) {
  std::vector<std::int32_t> homes(to_size(block.size()), kNoHomeYet);
  for (const corpus::DuplicateItem& duplicate : duplicates) {
    homes[to_size(duplicate.row.value() - block.begin.value())] = kDuplicate;
  }
  return homes;
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
        duplicates_{duplicates},
        num_nodes_{corpus.num_items - comm::sum_over_ranks(comm, count_of(duplicates))},
        num_cells_{choose_num_cells(config, num_nodes_)} {}

  BuiltShard build() {
    resume();
    if (here_.step == Step::none) {
      train();
    }
    if (here_.step != Step::settled) {
      assign();
      split_large_cells();
      drop_empty();
    }
    move();
    return std::move(built_);
  }

 private:
  /// Collective.
  void resume() {
    const bool found = config_.checkpoint != nullptr &&
                       config_.checkpoint->resume([&](const comm::StateReader& reader) {
                         here_ = load(comm_, corpus_.num_items, corpus_.dim, reader);
                       });
    if (!found) {
      here_.homes = no_homes(block_, duplicates_);
      return;
    }
    const Count left = std::count(here_.homes.begin(), here_.homes.end(), kNoHomeYet);
    log::info("stage=cells state=resumed splits={} items_left={}", here_.splits,
              comm::sum_over_ranks(comm_, left));
    if (here_.step != Step::trained) {
      cell_sizes_ = count_cells(comm_, here_.homes, here_.quantizer.num_cells());
    }
  }

  /// Collective, between units of work.
  void offer() {
    if (here_.step == Step::none || config_.checkpoint == nullptr) {
      comm::stop_if_asked(comm_);
      return;
    }
    config_.checkpoint->offer(
        [&](comm::StateWriter& writer) { save(comm_, here_, corpus_.num_items, writer); });
  }

  /// Collective. Calls visit(first row, vectors) for this rank's rows, block by block, as far as
  /// wants(rows) says. Neither may communicate.
  template <class Wants, class Visit>
  void visit_rows(Wants&& wants, Visit&& visit) {
    const Count row_bytes = corpus_.dim * static_cast<Count>(sizeof(float));
    const Count step = std::max<Count>(1, config_.block_bytes / row_bytes);
    const Count num_blocks = comm::max_over_ranks(comm_, (block_.size() + step - 1) / step);
    std::vector<float> vectors;
    for (Count block = 0; block < num_blocks; ++block) {
      const Count first = std::min(block_.begin.value() + block * step, block_.end.value());
      const Count last = std::min(first + step, block_.end.value());
      const IdRange<GlobalId> rows{GlobalId{first}, GlobalId{last}};
      comm::locally(comm_, [&] {
        if (wants(rows)) {
          vectors.resize(to_size((last - first) * corpus_.dim));
          reader_.read(rows, vectors);
          visit(rows.begin, std::span<const float>{vectors});
        }
      });
      offer();
    }
  }

  /// Collective. A hash sample of the nodes.
  void take_sample() {
    if (std::exchange(has_sample_, true)) {
      return;
    }
    const Count wanted = std::max(kFewestSampled, num_cells_ * config_.sample_per_cell);
    const double share =
        static_cast<double>(wanted) / static_cast<double>(std::max<Count>(num_nodes_, 1));
    const auto visit = [&](GlobalId first, std::span<const float> vectors) {
      for (Count i = 0; i < count_of(vectors) / corpus_.dim; ++i) {
        const GlobalId row{first.value() + i};
        if (home_of(row) != kDuplicate &&
            (share >= 1 ||
             random_uniform(config_.seed, Purpose::training_sample, row.value()) < share)) {
          sample_.rows.push_back(row);
          const auto vector = vectors.subspan(to_size(i * corpus_.dim), to_size(corpus_.dim));
          sample_.vectors.insert(sample_.vectors.end(), vector.begin(), vector.end());
        }
      }
    };
    visit_rows([](IdRange<GlobalId>) { return true; }, visit);
  }

  void train() {
    const auto start = std::chrono::steady_clock::now();
    take_sample();
    here_.sample_items = comm::sum_over_ranks(comm_, count_of(sample_.rows));
    here_.quantizer = train_quantizer(comm_, sample_, corpus_.dim, num_cells_, config_.seed);
    here_.step = Step::trained;
    built_.stats.train_s = comm::max_over_ranks(comm_, seconds_since(start));
    offer();
  }

  /// Collective. Homes of the rows that have none yet.
  void assign() {
    if (here_.step == Step::assigned) {
      return;
    }
    const auto start = std::chrono::steady_clock::now();
    const Assigner assigner{here_.quantizer};
    Progress progress{"cells", block_.size(), "items"};
    const auto wants = [&](IdRange<GlobalId> rows) {
      const auto homes = std::span{here_.homes}.subspan(
          to_size(rows.begin.value() - block_.begin.value()), to_size(rows.size()));
      return std::find(homes.begin(), homes.end(), kNoHomeYet) != homes.end();
    };
    const auto visit = [&](GlobalId first, std::span<const float> vectors) {
      const std::vector<CellId> found = assigner.assign(vectors);
      for (Count i = 0; i < count_of(found); ++i) {
        std::int32_t& home = home_of(GlobalId{first.value() + i});
        home = home == kDuplicate ? kDuplicate : found[to_size(i)].value();
      }
      progress.advance(count_of(found));
    };
    visit_rows(wants, visit);
    here_.step = Step::assigned;
    cell_sizes_ = count_cells(comm_, here_.homes, here_.quantizer.num_cells());
    built_.stats.assign_s += comm::max_over_ranks(comm_, seconds_since(start));
    offer();
  }

  /// A cell far above its share costs the square of its size in the scan.
  void split_large_cells() {
    const Count part_items = std::max<Count>(1, num_nodes_ / num_cells_);
    const Count most = std::max(kSmallestSplit, kMostOverMean * part_items);
    const auto largest = [&] { return *std::max_element(cell_sizes_.begin(), cell_sizes_.end()); };
    while (here_.splits < kMostSplitRounds && largest() > most) {
      const auto start = std::chrono::steady_clock::now();
      take_sample();
      const Count before = here_.quantizer.num_cells();
      Quantizer cut = balance_cells(comm_, here_.quantizer, sample_, cell_sizes_, part_items, most,
                                    config_.seed + to_size(here_.splits) + 1);
      built_.stats.train_s += comm::max_over_ranks(comm_, seconds_since(start));
      if (cut.num_cells() == before) {
        return;  // too few sample items to cut anything
      }
      here_.quantizer = std::move(cut);
      here_.split_cells += here_.quantizer.num_cells() - before;
      here_.homes = no_homes(block_, duplicates_);
      here_.step = Step::trained;
      ++here_.splits;
      assign();
    }
  }

  void drop_empty() {
    const std::vector<CellId> numbers = drop_empty_cells(here_.quantizer, cell_sizes_);
    for (std::int32_t& home : here_.homes) {
      home = home >= 0 ? numbers[to_size(home)].value() : home;
    }
    cell_sizes_.erase(std::remove(cell_sizes_.begin(), cell_sizes_.end(), 0), cell_sizes_.end());
    here_.step = Step::settled;
  }

  void move() {
    const auto start = std::chrono::steady_clock::now();
    sample_ = {};
    Shard& shard = built_.shard;
    shard.comm = &comm_;
    shard.dim = corpus_.dim;
    shard.metric = corpus_.metric;
    Quantizer& quantizer = here_.quantizer;
    const LayoutPlan plan = plan_layout(comm_, quantizer, std::move(cell_sizes_));
    shard.layout = make_layout(plan, comm_.size());
    move_rows(comm_, here_.homes, block_.begin, shard);
    try {
      fetch_vectors(corpus_, reader_, shard);
    } catch (const comm::Stopped&) {
      offer();  // saves where everything goes
      throw;
    }
    CellStats& stats = built_.stats;
    stats.num_groups = quantizer.num_groups();
    stats.sample_items = here_.sample_items;
    stats.split_cells = here_.split_cells;
    shard.centroids = std::move(quantizer.cell_centroids);
    stats.move_s = comm::max_over_ranks(comm_, seconds_since(start));
    const auto [low, high] = std::minmax_element(plan.cell_sizes.begin(), plan.cell_sizes.end());
    stats.smallest_cell = *low;
    stats.largest_cell = *high;
    stats.imbalance = predicted_imbalance(plan, shard.layout);
    built_.cell_work = plan.cell_work;
  }

  [[nodiscard]] std::int32_t& home_of(GlobalId row) {
    return here_.homes[to_size(row.value() - block_.begin.value())];
  }

  const comm::Communicator& comm_;
  const corpus::Corpus& corpus_;
  corpus::RowReader& reader_;
  const CellConfig& config_;
  IdRange<GlobalId> block_;
  std::span<const corpus::DuplicateItem> duplicates_;
  Count num_nodes_;
  Count num_cells_;
  BuildState here_;
  bool has_sample_ = false;
  Sample sample_;
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
