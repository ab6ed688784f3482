// Plans of the stages that look at vectors: check, cells, knn, graph.
#include <algorithm>
#include <cmath>

#include "pipeline/plan_model.hpp"
#include "pipeline/plan_sizes.hpp"

namespace kith::pipeline {

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

StagePlan plan_check(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
  const double look = kReadBlock + of.nodes * kContentHash;
  const double meet = of.nodes * kMeeting;
  StagePlan plan{"check", static_cast<Count>(cache_bytes(in, of) + std::max(look, meet)), 1 << 12,
                 static_cast<Count>(exchanged(of.items * kHashAndRow, of)), 0};
  plan.seconds =
      (of.items * of.stored_row / rates.read_bytes + of.items * of.dim * kLookAtValue_s) /
          of.ranks +
      of.nodes * kLookAtItem_s + wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

StagePlan plan_cells(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
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
  return with_common(plan, of, rates);
}

namespace {

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

}  // namespace

StagePlan plan_knn(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
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
  return with_common(plan, of, rates);
}

StagePlan plan_graph(const PlanInput& in, const Rates& rates) {
  const Sizes of{in};
  const double before = shard_bytes(of, 0) + list_bytes(of);
  const double directed = of.nodes * of.k;
  const double meet = directed * kEdgeMeeting;
  const double lay_out = directed * 2 * kEdgeInFlight + of.edges * kEdge + of.nodes * kGraphRow;
  StagePlan plan{"graph", static_cast<Count>(before + std::max(meet, lay_out)), 1 << 12,
                 static_cast<Count>(of.ranks * of.graph_ghosts * of.k * kEdgeInFlight), 0};
  plan.seconds = directed * kSortEdge_s + wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

}  // namespace kith::pipeline
