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
constexpr Count kBlockBytes = Count{32} << 20;  // of vectors read or sent at a time

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

/// The sample items of this rank.
struct SampleItems {
  std::vector<GlobalId> rows;
  std::vector<float> vectors;
};

SampleItems take_sample(corpus::RowReader& reader, IdRange<GlobalId> block,
                        const std::vector<bool>& is_node, Count dim, double share,
                        std::uint64_t seed) {
  SampleItems sample;
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

/// Collective. Sizes of all cells, and the scan work of each: comparisons of its items with the
/// cells they probe.
LayoutPlan plan_layout(const comm::Communicator& comm, const Assignment& assignment,
                       Count num_cells, int probes) {
  LayoutPlan plan;
  plan.cell_sizes.assign(to_size(num_cells), 0);
  plan.cell_work.assign(to_size(num_cells), 0);
  for (std::size_t i = 0; i < assignment.rows.size(); ++i) {
    ++plan.cell_sizes[to_size(assignment.probes[i * to_size(probes)])];
  }
  comm::sum_over_ranks(comm, plan.cell_sizes);
  for (std::size_t i = 0; i < assignment.probes.size(); ++i) {
    const CellId home = assignment.probes[i - i % to_size(probes)];
    plan.cell_work[to_size(home)] += plan.cell_sizes[to_size(assignment.probes[i])];
  }
  comm::sum_over_ranks(comm, plan.cell_work);
  return plan;
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

}  // namespace

BuiltShard build_shard(const comm::Communicator& comm, const corpus::Corpus& corpus,
                       corpus::RowReader& reader, std::span<const corpus::DuplicateItem> duplicates,
                       const CellConfig& config) {
  const IdRange<GlobalId> block = corpus::rows_of(corpus.num_items, comm.rank(), comm.size());
  const std::vector<bool> is_node = find_nodes(block, duplicates);
  const Count num_nodes = corpus.num_items - comm::sum_over_ranks(comm, count_of(duplicates));
  const Count num_cells = choose_num_cells(config, num_nodes);
  BuiltShard built;
  auto start = std::chrono::steady_clock::now();
  const double share = static_cast<double>(num_cells * config.sample_per_cell) /
                       static_cast<double>(std::max<Count>(num_nodes, 1));
  const SampleItems sample = comm::locally(
      comm, [&] { return take_sample(reader, block, is_node, corpus.dim, share, config.seed); });
  built.stats.sample_items = comm::sum_over_ranks(comm, count_of(sample.rows));
  built.quantizer =
      train_quantizer(comm, sample.rows, sample.vectors, corpus.dim, num_cells, config.seed);
  built.stats.train_s = comm::max_over_ranks(comm, seconds_since(start));
  start = std::chrono::steady_clock::now();
  Shard& shard = built.shard;
  shard.comm = &comm;
  shard.dim = corpus.dim;
  shard.metric = corpus.metric;
  shard.num_probes = static_cast<int>(std::min<Count>(config.probes, built.quantizer.num_cells()));
  const Assignment assignment = comm::locally(comm, [&] {
    return assign_block(reader, block, is_node, built.quantizer, shard.num_probes);
  });
  built.stats.assign_s = comm::max_over_ranks(comm, seconds_since(start));
  start = std::chrono::steady_clock::now();
  const LayoutPlan plan =
      plan_layout(comm, assignment, built.quantizer.num_cells(), shard.num_probes);
  shard.layout = make_layout(plan, comm.size());
  move_assignment(comm, assignment, shard);
  fetch_vectors(corpus, reader, shard);
  built.stats.move_s = comm::max_over_ranks(comm, seconds_since(start));
  const auto [low, high] = std::minmax_element(plan.cell_sizes.begin(), plan.cell_sizes.end());
  built.stats.smallest_cell = *low;
  built.stats.largest_cell = *high;
  built.stats.imbalance = predicted_imbalance(plan, shard.layout);
  built.cell_work = plan.cell_work;
  return built;
}

}  // namespace kith::cells
