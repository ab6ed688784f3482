// Memory, disk, wire and time of each stage, from the sizes of what it keeps.
#include "pipeline/plan_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "kith/core/memory.hpp"
#include "kith/pipeline/plan.hpp"

#include "pipeline/plan_constants.hpp"
#include "pipeline/stage.hpp"

namespace kith::pipeline {
namespace {

using namespace plan_constants;
using propagate::Solver;

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
        stored_row{dim * static_cast<double>(in.element_bytes)},
        row{dim * (in.element_bytes <= 2 && !in.is_cosine ? kHalf : kFloat)},
        edges{nodes * k * kEdgesPerNeighbor},
        cell_ghosts{nodes * in_reach(kCellReach * std::pow(in.searched_cells / 4.0, kProbeGrowth))},
        graph_ghosts{in.graph_ghosts ? static_cast<double>(*in.graph_ghosts)
                                     : nodes * in_reach(kGraphReach)},
        tasks_a_member{in.folds < 2 ? 1.0 : in.folds + 1.0},
        row_labels{labels_of(in)},
        is_sparse{row_labels < in.classes},
        scores{static_cast<double>(in.members.size()) * row_bytes(kFloat)},
        seeds{static_cast<double>(in.classes) * kSeedsPerClass} {}

  static int labels_of(const PlanInput& in) {
    ensemble::EnsembleConfig config;
    config.top_labels = in.top_labels;
    return ensemble::labels_kept(config, in.classes);
  }

  /// Of the scores of one item by one member.
  [[nodiscard]] double row_bytes(double value) const {
    return is_sparse ? row_labels * (value + kFloat) + value : row_labels * value;
  }

  /// What a rank holds of the seeds: what members say of them held out, and later on as
  /// probabilities, raw and calibrated.
  [[nodiscard]] double held_out() const { return seeds * scores; }
  [[nodiscard]] double judged(double members) const {
    return seeds * (2 * members + 2) * row_bytes(kDouble);
  }

  /// Nodes of other ranks that a rank looks at, over its own.
  [[nodiscard]] double in_reach(double reach) const {
    const double others = ranks - 1;
    const double unbounded = reach * std::pow(cells / ranks, -kSurface);
    return others > 0 ? 1 / std::hypot(1 / others, 1 / unbounded) : 0.0;
  }

  double items;
  double ranks;
  double nodes;  // of a rank
  double dim;
  double k;
  double cells;
  double stored_row;    // bytes in the corpus
  double row;           // bytes in memory
  double edges;         // of a rank, both directions
  double cell_ghosts;   // in cells that a rank searches
  double graph_ghosts;  // behind its edges
  double tasks_a_member;
  int row_labels;  // that a row keeps
  bool is_sparse;  // not all classes
  double scores;   // bytes a node of all members
  double seeds;    // their number is not known: a usual one
};

/// What a wave or a pass may take of `wanted`, beside what is there already.
double limited(double wanted, double there, const PlanInput& in, double share) {
  if (in.memory_per_rank == 0) {
    return wanted;
  }
  const double limit = static_cast<double>(in.memory_per_rank);
  return std::min(wanted, std::max(limit - there, limit / 16) * share);
}

double cache_bytes(const PlanInput& in, const Sizes& of) {
  const double all = of.nodes * of.stored_row;
  const double limit =
      in.memory_per_rank > 0 ? static_cast<double>(in.memory_per_rank) / 4 : kReaderCache;
  return all <= limit ? all : 0;
}

/// Bytes of rows, probes and items of a rank's nodes.
double shard_bytes(const Sizes& of, double probes) {
  return of.nodes * (kRowNumber + probes * kCellNumber + kItemOfNode);
}

double list_bytes(const Sizes& of) {
  return of.nodes * of.k * kNeighbor;
}

/// What is in memory from the graph on.
double graph_bytes(const Sizes& of) {
  return shard_bytes(of, 0) + list_bytes(of) + of.edges * kEdge + of.nodes * kGraphRow +
         of.graph_ghosts * kGhost;
}

/// What it takes to send `bytes` out of what all ranks hold, over all of them.
double exchanged(double bytes, const Sizes& of) {
  return bytes * (of.ranks - 1) / of.ranks;
}

double wire_seconds(const StagePlan& plan, const Sizes& of, const Rates& rates) {
  return static_cast<double>(plan.wire_bytes) / (rates.exchange_bytes * of.ranks);
}

StagePlan plan_check(const PlanInput& in, const Sizes& of, const Rates& rates) {
  const double look = kReadBlock + of.nodes * kContentHash;
  const double meet = of.nodes * kMeeting;
  StagePlan plan{"check", static_cast<Count>(cache_bytes(in, of) + std::max(look, meet)), 1 << 12,
                 static_cast<Count>(exchanged(of.items * kHashAndRow, of)), 0};
  plan.seconds =
      (of.items * of.stored_row / rates.read_bytes + of.items * of.dim * kLookAtValue_s) /
          of.ranks +
      of.nodes * kLookAtItem_s + wire_seconds(plan, of, rates);
  return plan;
}

StagePlan plan_cells(const PlanInput& in, const Sizes& of, const Rates& rates) {
  const double assignment = 2 * kRowNumber;  // row and home cell, padded
  const double sample =
      std::min(of.items, of.cells * static_cast<double>(in.sample_per_cell)) * of.dim * kFloat;
  const double centroids = of.cells * of.dim * kFloat;
  const double train = kSampleCopies * sample / of.ranks + centroids;
  const double homes = of.nodes * kCellNumber;
  const double assign = homes + 2 * centroids + kReadBlock;
  const double move = homes + kMovedCopies * of.nodes * assignment;
  const double fetch =
      homes + of.nodes * (of.row + assignment + kRequest) + kFetchBlocks * kFetchBlock + centroids;
  StagePlan plan{"cells",
                 static_cast<Count>(cache_bytes(in, of) + std::max({train, assign, move, fetch})),
                 0, 0, 0};
  const double groups = std::sqrt(of.cells);
  const double train_flops = 4 * sample / kFloat * groups * kTrainingRounds;
  const double assign_flops = 2 * of.items * of.dim * groups * (1 + kGroupsSearched);
  plan.disk_bytes = static_cast<Count>(of.items * kRowNumber + centroids);
  plan.wire_bytes = static_cast<Count>(exchanged(of.items * (of.row + assignment), of));
  plan.seconds = (assign_flops + train_flops) / (rates.scan_flops * kAssignShare * of.ranks) +
                 of.nodes * kMoveItem_s + of.nodes * of.stored_row / rates.read_bytes +
                 wire_seconds(plan, of, rates);
  return plan;
}

double knn_memory(const PlanInput& in, const Sizes& of) {
  const double lists = of.nodes * of.k * kEntry;
  const double all = of.nodes + of.cell_ghosts;
  const double shard = of.nodes * of.row + shard_bytes(of, in.searched_cells);
  const double panels = all * of.dim * kFloat * kPanelPadding;
  const double scan =
      shard + lists + limited(panels + of.cell_ghosts * of.row, shard + lists, in, kWaveShare);
  const double rounds = 2 * lists + 2 * of.nodes * of.k;
  const double ends = of.nodes * (of.k * kReverseEdge + 2 * kRowNumber) +
                      all * (of.k + 1) * kEdgeEnd + of.cell_ghosts * (of.row + of.k * kEntry);
  const double refine = shard + rounds + limited(ends, shard + rounds, in, 1);
  const double finish = shard + lists + list_bytes(of);
  return std::max({scan, in.refine_rounds > 0 ? refine : 0.0, finish});
}

StagePlan plan_knn(const PlanInput& in, const Sizes& of, const Rates& rates) {
  StagePlan plan{"knn", static_cast<Count>(knn_memory(in, of)), 0, 0, 0};
  const double rounds = in.refine_rounds;
  const double cell = of.items / of.cells * kSizeBias;
  const double around = std::min(of.cells, kCellsAround);
  const double scan_flops = 2 * of.items * (in.searched_cells * cell + around) * of.dim;
  const double exact_flops = 2 * of.items * kExactSamples * of.dim;  // pilot and recall
  const double looks = of.items * of.k * (of.k + kReverseLists) * rounds;
  const double refine_flops = 3 * of.items * kRefineDistances * of.dim * (rounds > 0 ? 1 : 0);
  plan.disk_bytes = static_cast<Count>(of.items * of.k * (in.items > (Count{1} << 32) ? 12 : 8));
  plan.wire_bytes = static_cast<Count>(of.ranks * of.cell_ghosts *
                                       (of.row + rounds * (of.row + of.k * (kEntry + 1))));
  plan.seconds = (scan_flops + exact_flops) / (rates.scan_flops * of.ranks) +
                 refine_flops / (rates.direct_flops * of.ranks) +
                 looks * kLook_s / (of.ranks * in.threads) + wire_seconds(plan, of, rates);
  return plan;
}

StagePlan plan_graph(const Sizes& of, const Rates& rates) {
  const double before = shard_bytes(of, 0) + list_bytes(of);
  const double directed = of.nodes * of.k;
  const double meet = directed * kEdgeMeeting;
  const double lay_out = directed * 2 * kEdgeInFlight + of.edges * kEdge + of.nodes * kGraphRow;
  StagePlan plan{"graph", static_cast<Count>(before + std::max(meet, lay_out)), 1 << 12,
                 static_cast<Count>(of.ranks * of.graph_ghosts * of.k * kEdgeInFlight), 0};
  plan.seconds = directed * kSortEdge_s + wire_seconds(plan, of, rates);
  return plan;
}

/// Columns of tasks that are dealt to panels in order, as the engines deal them.
class Panels {
 public:
  void add(double width) {
    if (used_ > 0 && used_ + width > kPanelColumns) {
      closed_ += padded();
      used_ = 0;
    }
    used_ += width;
  }
  [[nodiscard]] double columns() const { return closed_ + padded(); }

 private:
  [[nodiscard]] double padded() const { return std::ceil(used_ / kColumnBlock) * kColumnBlock; }

  double closed_ = 0;
  double used_ = 0;
};

/// One engine's tasks.
struct Pass {
  Panels panels;
  Panels accelerated;  // panels of their own
  double columns = 0;
  double tasks = 0;
  double column_sweeps = 0;  // columns x how often they are swept
  double sweeps = 0;         // of the longest
};

enum Kind : std::size_t { sweeps, solver, paths };

Kind kind_of(const ensemble::MemberConfig& member) {
  return member.solver.method->facts().walk == propagate::Walk::shortest_paths ? paths
         : member.solver.solver == Solver::conjugate_gradient                  ? solver
                                                                               : sweeps;
}

double columns_of(const ensemble::MemberConfig& member, int num_classes, const Sizes& of) {
  if (of.is_sparse && kind_of(member) != paths) {
    return of.row_labels;
  }
  return static_cast<double>(member.solver.method->num_columns(member.solver, num_classes));
}

double expected_sweeps(const ensemble::MemberConfig& member) {
  return member.solver.method->expected_sweeps(member.solver);
}

std::array<Pass, 3> passes_of(const PlanInput& in, const Sizes& of) {
  std::array<Pass, 3> passes;
  for (const ensemble::MemberConfig& member : in.members) {
    Pass& pass = passes[kind_of(member)];
    const double of_task = columns_of(member, in.classes, of);
    const double columns = of.tasks_a_member * of_task;
    pass.columns += columns;
    Panels& panels = member.solver.solver == Solver::chebyshev ? pass.accelerated : pass.panels;
    for (int task = 0; task < static_cast<int>(of.tasks_a_member); ++task) {
      panels.add(of_task);
    }
    pass.tasks += of.tasks_a_member;
    pass.column_sweeps += columns * expected_sweeps(member);
    pass.sweeps = std::max(pass.sweeps, expected_sweeps(member));
  }
  return passes;
}

/// Bytes of label state of an engine, its messages included.
double state_bytes(const Pass& pass, Kind kind, const Sizes& of) {
  const double columns =
      kind == paths ? pass.columns : pass.panels.columns() + pass.accelerated.columns();
  constexpr std::array kOwned{2 * kFloat, 4 * kDouble, 2 * kDouble};
  constexpr std::array kOfGhost{2 * kFloat, 1 * kDouble, 2 * kDouble};
  const double value = kind == sweeps ? kFloat : kDouble;
  const double sent = kind == paths ? columns : std::min(columns, kPanelColumns);  // at a time
  return columns * (of.nodes * kOwned.at(kind) + of.graph_ghosts * kOfGhost.at(kind)) +
         2 * value * sent * of.graph_ghosts +
         pass.tasks * of.nodes * (kTaskNode + (kind == solver ? kDiagonal : 0));
}

/// Bytes of label state of the largest task: sparse ones are done one after another.
double sparse_bytes(const PlanInput& in, const Sizes& of) {
  const double row = (2 * of.row_labels + 2) * kFloat;  // labels, values, rest, walk
  double most = 0;
  for (const ensemble::MemberConfig& member : in.members) {
    const double bytes =
        kind_of(member) == paths ? columns_of(member, in.classes, of) * kDouble : row;
    most = std::max(most, of.nodes * 2 * bytes + of.graph_ghosts * 4 * bytes);
  }
  return most + of.nodes * kTaskNode;
}

StagePlan plan_propagate(const PlanInput& in, const Sizes& of, const Rates& rates) {
  const double before = graph_bytes(of);
  const std::array<Pass, 3> passes = passes_of(in, of);
  StagePlan plan{"propagate", 0, 0, 0, 0};
  const double results = of.nodes * of.scores + of.held_out();
  double most = 0;
  double wire = 0;
  for (const Kind kind : {sweeps, solver, paths}) {
    const Pass& pass = passes.at(kind);
    most = std::max(most, of.is_sparse
                              ? sparse_bytes(in, of)
                              : limited(state_bytes(pass, kind, of), before + results, in, 1));
    const double value = kind != sweeps ? kDouble : of.is_sparse ? 2 * kFloat : kFloat;
    wire += of.ranks * of.graph_ghosts * pass.column_sweeps * value;
    const double entry_s = kind == solver  ? 1 / rates.solver_entries
                           : kind == paths ? kPathEntry_s / in.threads
                                           : 1 / rates.entries;
    plan.seconds += of.nodes * pass.column_sweeps * entry_s + pass.sweeps * rates.allreduce_s;
  }
  plan.memory_bytes = static_cast<Count>(before + results + most);
  plan.disk_bytes = static_cast<Count>(of.items * (of.scores + kRowNumber));
  plan.wire_bytes = static_cast<Count>(wire);
  plan.seconds += wire_seconds(plan, of, rates);
  return plan;
}

double column_bytes(const PlanInput& in) {  // of labels.h5
  return 2 * static_cast<double>(in.members.size()) * kFloat + kLabelColumns;
}

StagePlan plan_ensemble(const PlanInput& in, const Sizes& of, const Rates& rates) {
  const auto members = static_cast<double>(in.members.size());
  const double memory =
      graph_bytes(of) + of.held_out() + of.judged(members) +
      of.nodes * (of.scores + of.row_bytes(kFloat) + kConsensus + members * kConsensusVote);
  StagePlan plan{"ensemble", static_cast<Count>(memory),
                 static_cast<Count>(of.items * column_bytes(in)),
                 static_cast<Count>(exchanged(of.items * column_bytes(in), of)), 0};
  plan.seconds = of.nodes * members * of.row_labels *
                     (of.is_sparse ? kJudgeLabel_s : kJudgeScore_s) / in.threads +
                 of.nodes * column_bytes(in) * kMoveByte_s + wire_seconds(plan, of, rates);
  return plan;
}

StagePlan plan_qa(const PlanInput& in, const Sizes& of, const Rates& rates) {
  const auto members = static_cast<double>(in.members.size());
  const double memory =
      graph_bytes(of) + of.held_out() + of.judged(members) + in.classes * kReportClass +
      of.nodes * (of.scores + of.row_bytes(kFloat) + kStatistics + members * kStatisticsVote);
  StagePlan plan{"qa", static_cast<Count>(memory), Count{1} << 20,
                 static_cast<Count>(exchanged(of.items * (members * kFloat + 32), of)), 0};
  plan.seconds =
      kStatistics_s + of.nodes * (1 + members) * kCountVote_s + wire_seconds(plan, of, rates);
  return plan;
}

}  // namespace

Count base_memory() {
  static const Count kAtStart = resident_bytes();
  return kAtStart;
}

Count label_columns(const PlanInput& in) {
  double columns = 0;
  for (const Pass& pass : passes_of(in, Sizes{in})) {
    columns += pass.columns;
  }
  return static_cast<Count>(columns);
}

Count most_graph_ghosts(const PlanInput& input) {
  const Sizes of{input};
  return static_cast<Count>(std::min(of.items - of.nodes, of.edges));
}

namespace {

/// With what every stage has besides: the program and its libraries, and the time of its files.
StagePlan with_common(StagePlan plan, const Sizes& of, const Rates& rates) {
  plan.seconds += static_cast<double>(plan.disk_bytes) / (rates.read_bytes * of.ranks);
  plan.memory_bytes += base_memory() + static_cast<Count>(kLibraries);
  return plan;
}

}  // namespace

StagePlan plan_check(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
  return with_common(plan_check(in, of, rates), of, rates);
}

StagePlan plan_cells(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
  return with_common(plan_cells(in, of, rates), of, rates);
}

StagePlan plan_knn(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
  return with_common(plan_knn(in, of, rates), of, rates);
}

StagePlan plan_graph(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
  return with_common(plan_graph(of, rates), of, rates);
}

StagePlan plan_propagate(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
  return with_common(plan_propagate(in, of, rates), of, rates);
}

StagePlan plan_ensemble(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
  return with_common(plan_ensemble(in, of, rates), of, rates);
}

StagePlan plan_qa(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
  return with_common(plan_qa(in, of, rates), of, rates);
}

std::vector<StagePlan> plan_stages(const PlanInput& in, const Rates& rates) {
  std::vector<StagePlan> plans;
  for (const Stage* stage : stages()) {
    plans.push_back(stage->plan(in, rates));
  }
  return plans;
}

int smallest_nodes(const PlanInput& input, const Rates& rates) {
  constexpr int kMostNodes = 100000;
  const auto fits = [&](int nodes) {
    PlanInput tried = input;
    tried.ranks = nodes * input.ranks_per_node;
    const auto plans = plan_stages(tried, rates);
    return std::all_of(plans.begin(), plans.end(), [&](const StagePlan& stage) {
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
