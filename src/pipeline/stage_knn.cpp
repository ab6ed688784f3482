// knn: every node's nearest neighbors, in graph order, in files of a fixed number of cells each, so
// that neither files nor bytes depend on ranks.
#include <cmath>
#include <filesystem>
#include <limits>

#include "kith/cells/probes.hpp"
#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/log.hpp"
#include "kith/io/files.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"
#include "kith/knn/faiss_trial.hpp"
#include "kith/knn/recall.hpp"
#include "kith/knn/roofline.hpp"

#include "pipeline/plan_model.hpp"
#include "pipeline/stage.hpp"
#include "pipeline/stages.hpp"
#include "pipeline/stored_rows.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {
namespace {

constexpr std::int32_t kCellsPerFile = 4096;
/// Cells whose items a FAISS index is asked about, if the user does not say.
constexpr int kBaselineProbes = 16;

/// One file of the graph: its name and the nodes in it.
struct Piece {
  std::string name;
  IdRange<Position> nodes;
};

std::string piece_name(std::size_t number) {
  return fmt::format("graph/knn-{:05}.h5", number);
}

std::vector<Piece> pieces(const cells::CellLayout& layout) {
  std::vector<Piece> all;
  const auto num_cells = static_cast<std::int32_t>(layout.num_cells());
  for (std::int32_t first = 0; first < num_cells; first += kCellsPerFile) {
    const std::int32_t last = std::min(first + kCellsPerFile, num_cells);
    all.push_back({piece_name(all.size()),
                   {layout.nodes_of(CellId{first}).begin, layout.nodes_of(CellId{last - 1}).end}});
  }
  return all;
}

/// The part of a piece that this rank owns.
IdRange<Position> owned_part(const Piece& piece, IdRange<Position> owned) {
  const Position begin = std::clamp(owned.begin, piece.nodes.begin, piece.nodes.end);
  return {begin, std::clamp(owned.end, begin, std::max(begin, piece.nodes.end))};
}

/// Positions as the smallest unsigned type that holds every one of the corpus.
template <class Stored>
void write_neighbors(io::OutputFile& file, std::span<const Position> neighbors, Count first_row,
                     const std::vector<Count>& shape) {
  std::vector<Stored> stored;
  stored.reserve(neighbors.size());
  for (const Position neighbor : neighbors) {
    stored.push_back(static_cast<Stored>(neighbor.value()));
  }
  file.write_rows<Stored>("/neighbors", stored, first_row, shape);
}

void write_piece(const Workspace& workspace, const Piece& piece) {
  const NeighborLists& lists = *workspace.lists;
  const IdRange<Position> owned = workspace.shard->layout.nodes_of(workspace.comm.rank());
  const IdRange<Position> part = owned_part(piece, owned);
  const auto first = to_size((part.begin.value() - owned.begin.value()) * lists.k);
  const auto count = to_size(part.size() * lists.k);
  const Count first_row = part.begin.value() - piece.nodes.begin.value();
  const std::vector<Count> shape{piece.nodes.size(), lists.k};
  auto file = io::OutputFile::create(workspace.comm, workspace.path(piece.name));
  const auto neighbors = std::span{lists.neighbors}.subspan(first, count);
  if (workspace.shard->layout.num_nodes() <= std::numeric_limits<std::uint32_t>::max()) {
    write_neighbors<std::uint32_t>(file, neighbors, first_row, shape);
  } else {
    write_neighbors<std::uint64_t>(file, neighbors, first_row, shape);
  }
  file.write_rows<float>("/distances", std::span{lists.distances}.subspan(first, count), first_row,
                         shape);
  file.set_attribute("/", "first_position", piece.nodes.begin.value());
  file.commit();
}

void read_piece(const Workspace& workspace, const Piece& piece, NeighborLists& lists) {
  const IdRange<Position> part =
      owned_part(piece, workspace.shard->layout.nodes_of(workspace.comm.rank()));
  if (part.size() == 0) {
    return;
  }
  const io::InputFile file{workspace.path(piece.name)};
  for (const char* dataset : {"/neighbors", "/distances"}) {
    require_shape(file, dataset, {piece.nodes.size(), lists.k});
  }
  const Count num_nodes = workspace.shard->layout.num_nodes();
  const Count first_row = part.begin.value() - piece.nodes.begin.value();
  std::vector<Count> neighbors(to_size(part.size() * lists.k));
  file.read_rows<Count>("/neighbors", first_row, neighbors);
  require_values<Count>(file, "/neighbors", neighbors, first_row, lists.k, "a node of the graph",
                        [&](Count neighbor) { return neighbor >= 0 && neighbor < num_nodes; });
  for (const Count neighbor : neighbors) {
    lists.neighbors.emplace_back(neighbor);
  }
  const std::size_t before = lists.distances.size();
  lists.distances.resize(before + neighbors.size());
  const auto distances = std::span{lists.distances}.subspan(before);
  file.read_rows<float>("/distances", first_row, distances);
  require_values<float>(file, "/distances", distances, first_row, lists.k, "a distance",
                        [](float distance) { return distance >= 0 && std::isfinite(distance); });
}

io::Json recall_facts(const Workspace& workspace) {
  const knn::RecallEstimate recall =
      knn::measure_recall(*workspace.shard, *workspace.lists, workspace.config.recall_sample,
                          workspace.config.run.seed);
  log::info("stage=knn recall={:.4f} recall_low={:.4f} recall_high={:.4f} sampled={}",
            recall.recall, recall.low, recall.high, recall.num_items);
  return {{"recall", recall.recall}, {"low", recall.low},     {"high", recall.high},
          {"hits", recall.hits},     {"pairs", recall.pairs}, {"sampled_nodes", recall.num_items}};
}

/// Collective. Probes and refine rounds, by the user or by a pilot; the shard gets its probes.
knn::Effort choose_effort(Workspace& workspace) {
  knn::EffortConfig config = workspace.config.effort;
  config.seed = workspace.config.run.seed;
  config.memory_bytes = workspace.memory_bytes;
  const knn::Effort effort = knn::choose_effort(*workspace.shard, workspace.config.knn.k, config);
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
  comm::locally(workspace.comm, [&] { cells::find_probes(*workspace.shard, effort.probes); });
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

/// Collective. An earlier run with more cells may have left more pieces.
void remove_further_pieces(const Workspace& workspace) {
  comm::on_root(workspace.comm, [&] {
    const std::size_t written = pieces(workspace.shard->layout).size();
    for (std::size_t piece = written; std::filesystem::remove(workspace.path(piece_name(piece)));) {
      ++piece;
    }
  });
}

}  // namespace

void need_lists(Workspace& workspace) {
  if (workspace.lists) {
    return;
  }
  need_shard(workspace);
  workspace.lists = comm::locally(workspace.comm, [&] {
    NeighborLists lists;
    lists.k = workspace.config.knn.k;
    for (const Piece& piece : pieces(workspace.shard->layout)) {
      read_piece(workspace, piece, lists);
    }
    return lists;
  });
}

namespace {

/// Collective. knn.k against what the stage check has counted. Throws CollectiveError.
void check_neighbors(const Workspace& workspace) {
  const Count distinct = read_facts(workspace, "check").at("distinct_vectors").get<Count>();
  if (workspace.config.knn.k >= distinct) {
    throw comm::CollectiveError{
        fmt::format("knn.k = {}, must be below the number of distinct vectors of the corpus, {}",
                    workspace.config.knn.k, distinct)};
  }
}

/// Collective. Tries the FAISS index of the graph.
void try_faiss_index(const Workspace& workspace) {
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
void do_knn(Workspace& workspace) {
  need_vectors(workspace);
  const comm::Communicator& comm = workspace.comm;
  comm::on_root(comm, [&] {
    const std::string directory = workspace.path("graph");
    std::filesystem::create_directories(directory);
    const Count row_bytes = workspace.config.knn.k * Count{sizeof(std::uint64_t) + sizeof(float)};
    io::require_free_space(directory, workspace.shard->layout.num_nodes() * row_bytes,
                           "the kNN graph");
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
    comm::locally(
        comm, [&] { cells::find_probes(*workspace.shard, probes > 0 ? probes : kBaselineProbes); });
  }
  workspace.shard->centroids = {};
  const double sgemm_flops = knn::measure_sgemm(comm, workspace.shard->dim);
  io::Snapshots snapshots = open_snapshots(workspace, "knn");
  config.checkpoint = &snapshots;
  if (workspace.config.run.snapshot_minutes == 0) {
    config.unit_flops = 1;  // each cell is a unit
  }
  knn::KnnResult result = knn::build_neighbors(*workspace.shard, config);
  workspace.lists.emplace(std::move(result.lists));
  log_rates(result.stats, sgemm_flops);
  for (const Piece& piece : pieces(workspace.shard->layout)) {
    write_piece(workspace, piece);
  }
  remove_further_pieces(workspace);
  facts["widened_nodes"] = result.stats.widened_nodes;
  if (workspace.config.recall_sample > 0) {
    facts["recall"] = recall_facts(workspace);
  }
  write_facts(workspace, "knn", facts);
  snapshots.clear();
  workspace.shard->vectors = {};
  workspace.shard->probes = {};
}

class KnnStage : public Stage {
 public:
  [[nodiscard]] const StageDescription& description() const override {
    static const StageDescription kDescription{.name = "knn",
                                               .stages = {"cells"},
                                               .inputs = {"embeddings"},
                                               .files = {"graph/knn-*.h5", "graph/knn.json"},
                                               .facts = "graph/knn.json"};
    return kDescription;
  }
  void check(Workspace& workspace) const override { try_faiss_index(workspace); }
  void check_counts(Workspace& workspace) const override { check_neighbors(workspace); }
  void run(Workspace& workspace) const override { do_knn(workspace); }
  [[nodiscard]] StagePlan plan(const PlanInput& input, const Rates& rates) const override {
    return plan_knn(input, rates);
  }
};

}  // namespace

const Stage& knn_stage() {
  static const KnnStage kStage;
  return kStage;
}

}  // namespace kith::pipeline
