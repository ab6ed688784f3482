// ensemble: the consensus of all members, in corpus order, one dataset a column: labels.h5.
#include <algorithm>
#include <cmath>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/select.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/ensemble/disagreement.hpp"
#include "kith/io/output_file.hpp"
#include "kith/layout/item_ids.hpp"
#include "kith/run/stage.hpp"
#include "kith/run/workspace.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/ensemble/ensemble_output.hpp"
#include "stages/ensemble/external_voters.hpp"
#include "stages/ensemble/row_labels.hpp"
#include "stages/graph/graph_output.hpp"
#include "stages/heads/heads.hpp"
#include "stages/knn/knn_files.hpp"
#include "stages/knn/neighbor_distance.hpp"
#include "stages/list.hpp"
#include "stages/plan_sizes.hpp"
#include "stages/propagate/propagate_output.hpp"
#include "stages/reference/reference.hpp"

namespace kith::stages {
namespace {

/// Writes columns of owned nodes as columns of rows.
class ColumnWriter {
 public:
  ColumnWriter(io::OutputFile& file, const layout::RowExchange& exchange, Count num_rows)
      : file_{&file}, exchange_{&exchange}, num_rows_{num_rows} {}

  template <class T>
  void write(const std::string& name, std::span<const T> values, Count width = 1) {
    const std::vector<T> rows = exchange_->to_rows<T>(values, width);
    write_block<T>(name, rows, width);
  }
  template <class T>
  void write_block(const std::string& name, std::span<const T> rows, Count width = 1) {
    const std::vector<Count> shape =
        width == 1 ? std::vector<Count>{num_rows_} : std::vector<Count>{num_rows_, width};
    file_->write_rows<T>(name, rows, exchange_->block().begin.value(), shape);
  }

 private:
  io::OutputFile* file_;
  const layout::RowExchange* exchange_;
  Count num_rows_;
};

/// Collective. How far the voters are apart on each item; NaN where a measure is undefined.
void write_disagreement(const run::Workspace& workspace, ColumnWriter& columns) {
  const ensemble::Disagreement measures = ensemble::measure_disagreement(
      workspace.outputs.get<graph::Graph>(), workspace.outputs.get<Members>(),
      workspace.outputs.get<FoldedSeeds>(), workspace.outputs.get<ensemble::Consensus>(),
      workspace.outputs.get<ensemble::Consensus>().held_out);
  columns.write<float>("/variation_ratio", measures.variation_ratio);
  columns.write<float>("/pair_agreement", measures.pair_agreement);
  columns.write<float>("/consensus_entropy", measures.consensus_entropy);
  columns.write<float>("/kl_max", measures.kl_max);
  columns.write<float>("/surprise", measures.surprise, count_of(workspace.outputs.get<Members>()));
  columns.write<float>("/neighbor_agreement", measures.neighbor_agreement);
  columns.write<float>("/flip_rate", measures.flip_rate);
  columns.write<float>("/quality", measures.quality);
  columns.write<float>("/quality_entropy", measures.quality_entropy);
}

void write_labels(const run::Workspace& workspace) {
  const ensemble::Consensus& consensus = workspace.outputs.get<ensemble::Consensus>();
  const Count num_rows = workspace.corpus.num_items;
  const layout::RowExchange exchange{workspace.comm, workspace.outputs.get<Items>(), num_rows};
  auto file = io::OutputFile::create(workspace.comm, workspace.path("labels.h5"));
  ColumnWriter columns{file, exchange, num_rows};
  const RowLabels rows = label_rows(workspace, exchange);
  columns.write_block<std::int32_t>("/label", rows.label);
  columns.write_block<float>("/probability", rows.probability);
  columns.write_block<std::uint8_t>("/status", rows.status);
  columns.write_block<std::int32_t>("/best", rows.best);
  columns.write<float>("/margin", consensus.margin);
  columns.write<float>("/vote_entropy", consensus.vote_entropy);
  columns.write<float>("/bald", consensus.bald);
  write_disagreement(workspace, columns);
  columns.write<float>("/neighbor_distance",
                       mean_neighbor_distances(workspace.outputs.get<NeighborLists>()));
  columns.write_block<Count>("/duplicate_of", rows.duplicate_of);
  columns.write<std::int32_t>("/votes", consensus.votes,
                              count_of(workspace.outputs.get<Members>()));
  layout::write_ids(file, workspace.comm, workspace.corpus, workspace.config.corpus);
  file.write_strings("/class_names", workspace.corpus.class_names);
  std::vector<std::string> names;
  for (const ensemble::Member& member : workspace.outputs.get<Members>()) {
    names.push_back(member.config.name);
  }
  file.write_strings("/member_names", names);
  names.clear();
  for (int status = 0; status < ensemble::kNumStatuses; ++status) {
    names.emplace_back(to_string(static_cast<ensemble::Status>(status)));
  }
  file.write_strings("/status_names", names);
  file.commit();
}

/// Without seeds nothing says how sure members should be. Heads that learned from a reference are
/// as sure as its held-out items ask for, and so is what smooths them.
void take_as_calibrated(const config::Config& config, Members& members) {
  for (ensemble::Member& member : members) {
    const bool is_head = member.source == ensemble::Source::vectors;
    const ensemble::MemberConfig* head =
        is_head ? &member.config : find_head(config, member.config.voter);
    if (head != nullptr && head->graph.empty()) {
      member.output.neutral_temperature = 1;
    }
  }
}

}  // namespace

void need_consensus(run::Workspace& workspace) {
  if (workspace.outputs.has<ensemble::Consensus>()) {
    return;
  }
  need_members(workspace);
  append_external_voters(workspace);
  const std::optional<ReferenceShares> shares = shares_by_reference(workspace);
  if (shares && shares->is_calibrated) {
    take_as_calibrated(workspace.config, workspace.outputs.get<Members>());
  }
  ensemble::calibrate(workspace.outputs.get<Members>(), workspace.outputs.get<FoldedSeeds>(),
                      workspace.config.ensemble.calibration);
  comm::stop_if_asked(workspace.comm);
  need_lists(workspace);
  const std::vector<float> distances =
      mean_neighbor_distances(workspace.outputs.get<NeighborLists>());
  ensemble::ConsensusInputs inputs;
  inputs.seeds = workspace.outputs.get<FoldedSeeds>();
  inputs.neighbor_distance = distances;
  inputs.typical_distance = median_over_ranks(workspace.comm, distances);
  inputs.num_classes = workspace.num_classes();
  inputs.top_labels = ensemble::labels_kept(workspace.config.ensemble, inputs.num_classes);
  if (shares) {
    inputs.learned_shares = shares->learned;
    inputs.shares = &shares->corpus;
  }
  comm::stop_if_asked(workspace.comm);
  workspace.outputs.put<ensemble::Consensus>(ensemble::form_consensus(
      workspace.outputs.get<graph::Graph>(), workspace.outputs.get<Members>(), inputs,
      workspace.config.ensemble));
}

namespace {

/// Collective. Votes and probabilities are read once, so that what is wrong with them is said
/// before anything is computed.
void check_voters(const run::Workspace& workspace) {
  const IdRange<GlobalId> block =
      corpus::rows_of(workspace.corpus.num_items, workspace.comm.rank(), workspace.comm.size());
  comm::locally(workspace.comm, [&] {
    if (!workspace.corpus.vote_names.empty()) {
      (void)corpus::read_votes(workspace.corpus, workspace.config.corpus, block);
    }
    for (std::size_t voter = 0; voter < workspace.corpus.prob_names.size(); ++voter) {
      (void)corpus::read_probs(workspace.corpus, workspace.config.corpus, static_cast<int>(voter),
                               block);
    }
  });
}

void log_estimate(const ensemble::Consensus& consensus, bool is_tested) {
  const auto& accuracy = consensus.accuracy;
  if (!accuracy.value) {
    log::info("stage=ensemble accuracy=unknown shares_known={}",
              consensus.shares.is_known ? "yes" : "no");
    return;
  }
  log::info(
      "stage=ensemble seed_design={}{} shares_from={} shares_known={} accuracy={:.4f} low={:.4f} "
      "high={:.4f}",
      qa::to_string(consensus.shares.design), is_tested ? " (tested)" : "",
      qa::to_string(consensus.shares.origin), consensus.shares.is_known ? "yes" : "no",
      *accuracy.value, accuracy.interval.low, accuracy.interval.high);
}

/// Collective.
void do_ensemble(run::Workspace& workspace) {
  need_consensus(workspace);
  log_estimate(workspace.outputs.get<ensemble::Consensus>(),
               workspace.config.ensemble.seed_design == qa::SeedDesign::unknown &&
                   workspace.config.ensemble.prior == "estimated");
  comm::stop_if_asked(workspace.comm);
  write_labels(workspace);
}

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

double column_bytes(const run::PlanInput& in) {  // of labels.h5
  return 2 * static_cast<double>(in.members.size()) * kFloat + kLabelColumns;
}

run::StagePlan plan_ensemble(const run::PlanInput& in, const run::Rates& rates) {
  const Sizes of{in};
  const auto members = static_cast<double>(in.members.size());
  const double memory =
      graph_bytes(of) + of.held_out() + of.judged(members) + of.share_sample() +
      of.nodes * (of.scores + of.row_bytes(kFloat) + kConsensus + members * kConsensusVote);
  run::StagePlan plan{"ensemble", static_cast<Count>(memory),
                      static_cast<Count>(of.items * column_bytes(in)),
                      static_cast<Count>(exchanged(of.items * column_bytes(in), of)), 0};
  plan.seconds = of.nodes * members * of.row_labels *
                     (of.is_sparse ? kJudgeLabel_s : kJudgeScore_s) / in.threads +
                 of.nodes * column_bytes(in) * kMoveByte_s + wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

class EnsembleStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{
        .name = "ensemble",
        .stages = {"cells", "knn", "graph", "label_model", "reference", "heads", "propagate"},
        .inputs = {"seeds", "classes", "votes", "probs", "ids"},
        .files = {"labels.h5"},
        .facts = {},
        .is_for_people = true};
    return kDescription;
  }
  void check(run::Workspace& workspace) const override { check_voters(workspace); }
  void run(run::Workspace& workspace) const override { do_ensemble(workspace); }
  [[nodiscard]] run::StagePlan plan(const run::PlanInput& input,
                                    const run::Rates& rates) const override {
    return plan_ensemble(input, rates);
  }
};

}  // namespace

const run::Stage& ensemble_stage() {
  static const EnsembleStage kStage;
  return kStage;
}

}  // namespace kith::stages
