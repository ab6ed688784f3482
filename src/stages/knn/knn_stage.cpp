// knn: every node's nearest neighbors, in graph order, in files of a fixed number of cells each, so
// that neither files nor bytes depend on ranks.
#include <cmath>
#include <filesystem>

#include "kith/cells/probes.hpp"
#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/log.hpp"
#include "kith/io/files.hpp"
#include "kith/knn/faiss_trial.hpp"
#include "kith/knn/recall.hpp"
#include "kith/knn/roofline.hpp"
#include "kith/run/stage.hpp"
#include "kith/run/workspace.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/knn/knn_files.hpp"
#include "stages/list.hpp"
#include "stages/plan_sizes.hpp"

namespace kith::stages {
namespace {

/// Cells whose items a FAISS index is asked about, if the user does not say.
constexpr int kBaselineProbes = 16;

io::Json recall_facts(const run::Workspace& workspace) {
  const knn::RecallEstimate recall = knn::measure_recall(
      workspace.outputs.get<cells::Shard>(), workspace.outputs.get<NeighborLists>(),
      workspace.config.recall_sample, workspace.config.run.seed);
  log::info("stage=knn recall={:.4f} recall_low={:.4f} recall_high={:.4f} sampled={}",
            recall.recall, recall.low, recall.high, recall.num_items);
  return {{"recall", recall.recall}, {"low", recall.low},     {"high", recall.high},
          {"hits", recall.hits},     {"pairs", recall.pairs}, {"sampled_nodes", recall.num_items}};
}

/// Collective. Probes and refine rounds, by the user or by a pilot; the shard gets its probes.
knn::Effort choose_effort(run::Workspace& workspace) {
  cells::Shard& shard = workspace.outputs.get<cells::Shard>();
  knn::EffortConfig config = workspace.config.effort;
  config.seed = workspace.config.run.seed;
  config.memory_bytes = workspace.memory_bytes;
  const knn::Effort effort = knn::choose_effort(shard, workspace.config.knn.k, config);
  if (effort.num_samples > 0) {
    log::info(
        "stage=knn target_recall={:.4f} expected_recall={:.4f} error={:.4f} probes={} "
        "refine_rounds={} scan_recall={:.4f} pilot_nodes={}",
        config.recall, effort.recall, effort.error, effort.probes, effort.refine_rounds,
        effort.scan_recall, effort.num_samples);
  }
  if (!effort.reaches_goal) {
    log::info(
        "stage=knn warning: the pilot expects a recall of {:.4f}, below knn.recall = {}; "
        "knn.probes "
        "or knn.refine_rounds can be set higher",
        effort.recall, config.recall);
  }
  comm::locally(workspace.comm, [&] { cells::find_probes(shard, effort.probes); });
  return effort;
}

/// What the stage did, and how far from what the cores can do.
void log_rates(const knn::KnnStats& stats, double sgemm_flops) {
  const auto rate = [](double count, double seconds) {
    return seconds > 0 ? count / seconds : 0.0;
  };
  const double scan_flops = rate(stats.scan_flops, stats.scan_s);
  log::info(
      "stage=knn waves={} ghost_mib={} scan_s={:.2f} scan_gflops={:.1f} sgemm_gflops={:.1f} "
      "scan_share_of_sgemm={:.2f} refine_s={:.2f} refine_mdistances_s={:.2f} refine_distances={} "
      "widened_nodes={} imbalance={:.3f}",
      stats.num_waves, stats.ghost_bytes >> 20, stats.scan_s, scan_flops * 1e-9, sgemm_flops * 1e-9,
      scan_flops / sgemm_flops, stats.refine_s,
      rate(static_cast<double>(stats.refine_distances), stats.refine_s) * 1e-6,
      stats.refine_distances, stats.widened_nodes, stats.imbalance);
}

/// Collective. knn.k against what the stage check has counted. Throws CollectiveError.
void check_neighbors(const run::Workspace& workspace) {
  const Count distinct = read_fact<Count>(workspace, "check", "distinct_vectors");
  if (workspace.config.knn.k >= distinct) {
    throw comm::CollectiveError{
        fmt::format("knn.k = {}, must be below the number of distinct vectors of the corpus, {}",
                    workspace.config.knn.k, distinct)};
  }
}

/// Collective. Tries the FAISS index of the graph.
void try_faiss_index(const run::Workspace& workspace) {
  const knn::KnnConfig& config = workspace.config.knn;
  const std::string factory = knn::faiss_factory(config);
  if (factory.empty()) {
    return;
  }
  comm::on_root(workspace.comm, [&] {
    const corpus::Corpus& corpus = workspace.corpus;
    knn::try_faiss(
        {factory, corpus.dim, corpus.metric, corpus.num_items / workspace.comm.size(), config.k});
  });
}

/// Collective.
void do_knn(run::Workspace& workspace) {
  need_vectors(workspace);
  cells::Shard& shard = workspace.outputs.get<cells::Shard>();
  const comm::Communicator& comm = workspace.comm;
  comm::on_root(comm, [&] {
    const std::string directory = workspace.path("graph");
    std::filesystem::create_directories(directory);
    const Count row_bytes = workspace.config.knn.k * Count{sizeof(std::uint64_t) + sizeof(float)};
    io::require_free_space(directory, shard.layout.num_nodes() * row_bytes, "the kNN graph");
  });
  knn::KnnConfig config = workspace.config.knn;
  config.memory_bytes = workspace.memory_bytes;
  io::Json facts;
  facts["k"] = config.k;
  facts["method"] = config.method;
  if (config.method == "cells") {
    const knn::Effort effort = choose_effort(workspace);
    config.refine_rounds = effort.refine_rounds;
    facts["probes"] = effort.probes;
    facts["refine_rounds"] = effort.refine_rounds;
    facts["target_recall"] = workspace.config.effort.recall;
    facts["expected_recall"] = effort.recall;
  } else if (config.method != "exact") {
    const int probes = workspace.config.effort.probes;
    comm::locally(comm, [&] { cells::find_probes(shard, probes > 0 ? probes : kBaselineProbes); });
  }
  shard.centroids = {};
  const double sgemm_flops = knn::measure_sgemm(comm, shard.dim);
  io::Snapshots snapshots = open_snapshots(workspace, "knn");
  config.checkpoint = &snapshots;
  if (workspace.config.run.snapshot_minutes == 0) {
    config.unit_flops = 1;  // each cell is a unit
  }
  knn::KnnResult result = knn::build_neighbors(shard, config);
  workspace.outputs.put(std::move(result.lists));
  log_rates(result.stats, sgemm_flops);
  write_lists(workspace);
  facts["widened_nodes"] = result.stats.widened_nodes;
  if (workspace.config.recall_sample > 0) {
    facts["recall"] = recall_facts(workspace);
  }
  write_facts(workspace, "knn", facts);
  snapshots.clear();
  shard.vectors = {};
  shard.probes = {};
}

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

double knn_memory(const run::PlanInput& in, const Sizes& of) {
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

run::StagePlan plan_knn(const run::PlanInput& in, const run::Rates& rates) {
  const Sizes of{in};
  run::StagePlan plan{"knn", static_cast<Count>(knn_memory(in, of)), 0, 0, 0};
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

class KnnStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{.name = "knn",
                                                    .stages = {"cells"},
                                                    .inputs = {"embeddings"},
                                                    .files = {"graph/knn-*.h5", "graph/knn.json"},
                                                    .facts = "graph/knn.json"};
    return kDescription;
  }
  void check(run::Workspace& workspace) const override { try_faiss_index(workspace); }
  void check_counts(run::Workspace& workspace) const override { check_neighbors(workspace); }
  void run(run::Workspace& workspace) const override { do_knn(workspace); }
  [[nodiscard]] run::StagePlan plan(const run::PlanInput& input,
                                    const run::Rates& rates) const override {
    return plan_knn(input, rates);
  }
};

}  // namespace

const run::Stage& knn_stage() {
  static const KnnStage kStage;
  return kStage;
}

}  // namespace kith::stages
