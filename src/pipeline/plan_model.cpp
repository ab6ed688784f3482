// Memory, disk, wire and time of each stage, from the sizes of what it keeps.
#include <algorithm>
#include <cmath>

#include "kith/core/memory.hpp"
#include "kith/pipeline/plan.hpp"

namespace kith::pipeline {
namespace {

constexpr double kFloat = 4;
constexpr double kItemsPerCell = 600;
constexpr double kEdgesPerNeighbor = 1.6;  // of the union of both directions, over k
constexpr double kSizeBias = 1.3;          // a probed cell is larger than the mean cell
constexpr double kGhostShare = 1.0;        // nodes of other ranks in reach, over own ones
constexpr double kSamplePerCell = 64;
constexpr double kTrainingRounds = 8;
constexpr double kReaderCache = 1 << 30;
constexpr double kSortNanoseconds = 60;        // of one edge of the graph, on one core
constexpr double kStatisticsNanoseconds = 40;  // of one score, on one core

/// The input in doubles, a rank's share of it, and what several stages need.
struct Sizes {
  explicit Sizes(const PlanInput& in)
      : items{static_cast<double>(in.items)},
        ranks{static_cast<double>(in.ranks)},
        nodes{items / ranks},
        dim{static_cast<double>(in.dim)},
        k{static_cast<double>(in.k)},
        cells{in.num_cells > 0 ? static_cast<double>(in.num_cells)
                               : std::max(1.0, items / kItemsPerCell)},
        edges{nodes * k * kEdgesPerNeighbor},
        columns{std::ceil(static_cast<double>(in.columns) / 16) * 16},
        ghosts{nodes * std::min(ranks - 1, kGhostShare)},
        cores{ranks * static_cast<double>(in.threads)} {}

  double items;
  double ranks;
  double nodes;
  double dim;
  double k;
  double cells;
  double edges;  // of a rank
  double columns;
  double ghosts;
  double cores;
};

/// What a wave or a pass may take of `wanted`, beside what is there already.
double limited(double wanted, double there, const PlanInput& in) {
  if (in.memory_per_rank == 0) {
    return wanted;
  }
  const double limit = static_cast<double>(in.memory_per_rank);
  return std::min(wanted, std::max(limit - there, limit / 16));
}

double cache_bytes(const PlanInput& in, const Sizes& of) {
  const double all = of.nodes * of.dim * static_cast<double>(in.element_bytes);
  const double limit =
      in.memory_per_rank > 0 ? static_cast<double>(in.memory_per_rank) / 4 : kReaderCache;
  return all <= limit ? all : 0;
}

StagePlan plan_check(const PlanInput& in, const Sizes& of, const Rates& rates) {
  constexpr double kHashBytes = 24;  // hash and row, sent, received and sorted
  const double bytes = of.items * of.dim * static_cast<double>(in.element_bytes);
  return {"check", static_cast<Count>(cache_bytes(in, of) + 3 * of.nodes * kHashBytes), 1 << 12,
          static_cast<Count>(of.items * kHashBytes), bytes / (rates.read_bytes * of.ranks)};
}

StagePlan plan_cells(const PlanInput& in, const Sizes& of, const Rates& rates) {
  const double row = of.dim * (in.element_bytes == 2 ? 2 : kFloat);  // f16 stays f16
  const double probes = static_cast<double>(in.probes) * kFloat + sizeof(Count);
  const double sample = std::min(of.items, of.cells * kSamplePerCell);
  const double groups = std::sqrt(of.cells);
  const double memory = cache_bytes(in, of) + 2 * of.nodes * probes + of.nodes * row +
                        2 * sample * row / of.ranks + of.cells * row;
  const double assign_flops = 2 * of.items * of.dim * (groups + 9 * groups);
  const double train_flops = 4 * sample * of.dim * groups * kTrainingRounds;
  StagePlan plan{"cells", static_cast<Count>(memory), 0, 0, 0};
  plan.disk_bytes = static_cast<Count>(of.items * probes + of.cells * row);
  plan.wire_bytes = static_cast<Count>(of.items * (row + probes) * (of.ranks - 1) / of.ranks);
  plan.seconds = (assign_flops + train_flops) / (rates.scan_flops * of.ranks) +
                 static_cast<double>(plan.wire_bytes) / (rates.exchange_bytes * of.ranks);
  return plan;
}

StagePlan plan_knn(const PlanInput& in, const Sizes& of, const Rates& rates) {
  const double row = of.dim * (in.element_bytes == 2 ? 2 : kFloat);  // f16 stays f16
  constexpr double kEntry = 17;                                      // with its mark of being new
  const double there = of.nodes * (row + static_cast<double>(in.probes) * kFloat + sizeof(Count)) +
                       2 * of.nodes * of.k * kEntry;
  const double scan = of.nodes * row + of.ghosts * 2 * row;
  const double refine = of.ghosts * (row + of.k * 2 * kEntry) + of.nodes * of.k * (16 + kFloat);
  const double cell = of.items / of.cells * kSizeBias;
  const double scan_flops = 2 * of.items * static_cast<double>(in.searched_cells) * cell * of.dim;
  const double candidates = of.k * of.k + 16 * of.k;
  const double refine_flops =
      3 * of.items * candidates * of.dim * static_cast<double>(in.refine_rounds) / 2;
  StagePlan plan{"knn", static_cast<Count>(there + limited(std::max(scan, refine), there, in)), 0,
                 0, 0};
  plan.disk_bytes = static_cast<Count>(of.items * of.k * (in.items > (Count{1} << 32) ? 12 : 8));
  plan.wire_bytes = static_cast<Count>(
      of.ranks * of.ghosts * (row + static_cast<double>(in.refine_rounds) * (row + of.k * kEntry)));
  plan.seconds = scan_flops / (rates.scan_flops * of.ranks) +
                 refine_flops / (rates.direct_flops * of.ranks) +
                 static_cast<double>(plan.wire_bytes) / (rates.exchange_bytes * of.ranks);
  return plan;
}

StagePlan plan_graph(const Sizes& of) {
  constexpr double kEdgeInFlight = 24;
  const double memory = of.nodes * of.k * 12 + of.edges * (2 * kEdgeInFlight + 8) + of.nodes * 16;
  return {"graph", static_cast<Count>(memory), 1 << 12,
          static_cast<Count>(of.items * of.k * kEdgeInFlight * (of.ranks - 1) / of.ranks),
          of.edges * of.ranks * kSortNanoseconds * 1e-9 / of.cores};
}

StagePlan plan_propagate(const PlanInput& in, const Sizes& of, const Rates& rates) {
  const double graph = of.edges * 8 + of.nodes * (16 + of.k * 12);
  const double scores = of.nodes * static_cast<double>(in.members * in.classes) * kFloat;
  const double state = (of.nodes + of.ghosts) * of.columns * 2 * kFloat;
  const double passes = state / std::max(1.0, limited(state, graph, in));
  const double sweeps = static_cast<double>(in.sweeps);
  const double read = of.edges * of.columns * kFloat + of.nodes * of.columns * 2 * kFloat;
  StagePlan plan{"propagate", static_cast<Count>(graph + scores + limited(state, graph, in)), 0, 0,
                 0};
  plan.disk_bytes = static_cast<Count>(scores * of.ranks + of.items * sizeof(Count));
  plan.wire_bytes = static_cast<Count>(of.ranks * of.ghosts * of.columns * kFloat * sweeps);
  plan.seconds = sweeps * (read / rates.memory_bytes + std::ceil(passes) * rates.allreduce_s) +
                 static_cast<double>(plan.wire_bytes) / (rates.exchange_bytes * of.ranks);
  return plan;
}

StagePlan plan_statistics(const char* name, const PlanInput& in, const Sizes& of) {
  const double scores = static_cast<double>(in.members * in.classes);
  const double columns = static_cast<double>(in.members) * kFloat + 48;  // of labels.h5
  const double graph = of.edges * 8 + of.nodes * (16 + of.k * 12);
  return {name, static_cast<Count>(graph + of.nodes * (scores * kFloat + 3 * columns)),
          name == std::string{"ensemble"} ? static_cast<Count>(of.items * columns) : Count{1} << 20,
          static_cast<Count>(of.items * columns * (of.ranks - 1) / of.ranks),
          of.items * scores * kStatisticsNanoseconds * 1e-9 / of.cores};
}

}  // namespace

Count base_memory() {
  static const Count kAtStart = resident_bytes();
  return kAtStart;
}

std::vector<StagePlan> plan_stages(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
  std::vector<StagePlan> stages{plan_check(in, of, rates),     plan_cells(in, of, rates),
                                plan_knn(in, of, rates),       plan_graph(of),
                                plan_propagate(in, of, rates), plan_statistics("ensemble", in, of),
                                plan_statistics("qa", in, of)};
  for (StagePlan& stage : stages) {
    stage.memory_bytes += base_memory();
  }
  return stages;
}

int smallest_nodes(const PlanInput& input, const Rates& rates) {
  constexpr int kMostNodes = 100000;
  const auto fits = [&](int nodes) {
    PlanInput tried = input;
    tried.ranks = nodes * input.ranks_per_node;
    const auto stages = plan_stages(tried, rates);
    return std::all_of(stages.begin(), stages.end(), [&](const StagePlan& stage) {
      return stage.memory_bytes * input.ranks_per_node <= input.node_memory;
    });
  };
  int nodes = 1;
  while (!fits(nodes)) {
    nodes *= 2;
    if (nodes > kMostNodes) {
      return 0;
    }
  }
  int low = nodes / 2;  // does not fit, or is 0
  while (nodes - low > 1) {
    const int middle = (low + nodes) / 2;
    (fits(middle) ? nodes : low) = middle;
  }
  return nodes;
}

}  // namespace kith::pipeline
