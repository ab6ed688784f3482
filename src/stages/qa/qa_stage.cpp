// qa: corpus-level statistics of the run. qa.h5 holds tables, report.json every number, report.html
// shows it.
#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "kith/comm/agree.hpp"
#include "kith/comm/stop.hpp"
#include "kith/io/files.hpp"
#include "kith/io/output_file.hpp"
#include "kith/layout/node_maps.hpp"
#include "kith/qa/accuracy.hpp"
#include "kith/report/html.hpp"
#include "kith/review/previews.hpp"
#include "kith/run/stage.hpp"
#include "kith/statistics/grouping.hpp"
#include "kith/statistics/statistics.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/ensemble/ensemble_output.hpp"
#include "stages/ensemble/row_labels.hpp"
#include "stages/graph/other_graph.hpp"
#include "stages/knn/knn_files.hpp"
#include "stages/list.hpp"
#include "stages/plan_sizes.hpp"
#include "stages/propagate/propagate_output.hpp"
#include "stages/qa/describe_run.hpp"
#include "stages/qa/run_audit.hpp"

namespace kith::stages {
namespace {

/// Collective. The columns of a finished run.
statistics::ItemColumns collect_columns(const run::Workspace& workspace,
                                        const layout::RowExchange& exchange) {
  const ensemble::Consensus& consensus = workspace.outputs.get<ensemble::Consensus>();
  statistics::ItemColumns items;
  items.block = exchange.block();
  items.votes =
      exchange.to_rows<std::int32_t>(consensus.votes, count_of(workspace.outputs.get<Members>()));
  RowLabels stated = label_rows(workspace, exchange);
  items.label = std::move(stated.label);
  items.best = std::move(stated.best);
  items.status = std::move(stated.status);
  items.probability = std::move(stated.probability);
  items.vote_entropy = exchange.to_rows<float>(consensus.vote_entropy);
  items.bald = exchange.to_rows<float>(consensus.bald);
  items.margin = exchange.to_rows<float>(consensus.margin);
  items.gold = comm::locally(workspace.comm, [&] {
    return corpus::read_gold(workspace.corpus, workspace.config.corpus, items.block);
  });
  for (std::size_t i = 0; i < items.gold.size(); ++i) {
    if (items.is(i, ensemble::Status::seed)) {
      items.gold[i] = Label{};  // measured with what was never learned from
    }
  }
  return items;
}

/// Collective. The corpus rows of the held-out seeds. Folded seeds are sorted by node and label.
std::vector<Count> held_out_rows(const run::Workspace& workspace) {
  const auto placed = layout::seeds_on_nodes(workspace.outputs.get<cells::Shard>(),
                                             workspace.outputs.get<Items>(), workspace.seeds);
  std::vector<std::size_t> order(placed.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(placed[a].node, placed[a].label, a) <
           std::tie(placed[b].node, placed[b].label, b);
  });
  const FoldedSeeds& folded = workspace.outputs.get<FoldedSeeds>();
  std::vector<Count> rows;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (folded[i].fold >= 0) {
      rows.push_back(workspace.seeds[order[i]].row.value());
    }
  }
  return rows;
}

}  // namespace

namespace {

/// Collective.
void do_qa(run::Workspace& workspace) {
  need_consensus(workspace);
  need_lists(workspace);
  const comm::Communicator& comm = workspace.comm;
  const config::Config& config = workspace.config;
  const layout::RowExchange exchange{comm, workspace.outputs.get<Items>(),
                                     workspace.corpus.num_items};
  const statistics::RunResults run{comm,
                                   workspace.corpus,
                                   config.corpus,
                                   config.qa,
                                   config.run.seed,
                                   workspace.seeds,
                                   workspace.outputs.get<Members>(),
                                   workspace.outputs.get<ensemble::Consensus>(),
                                   workspace.outputs.get<ensemble::Consensus>().held_out,
                                   held_out_rows(workspace),
                                   workspace.outputs.get<cells::Shard>().layout,
                                   workspace.outputs.get<NeighborLists>(),
                                   exchange,
                                   collect_columns(workspace, exchange),
                                   read_audit(comm, config, workspace.corpus)};
  const statistics::Computed computed = compute(run, statistics::make_statistics());
  comm::stop_if_asked(comm);
  auto file = io::OutputFile::create(comm, workspace.path("qa.h5"));
  write_tables(run, computed, file);
  file.commit();
  io::Json report = describe_run(workspace);
  add_keys(run, computed, report);
  write_facts(workspace, "qa", report);
  comm::on_root(comm, [&] {
    io::write_file_atomically(workspace.path("report.html"),
                              report::render_html(io::json_text(report, -1)));
  });
}

/// Collective. Throws CollectiveError if it needs a table of all pairs of many classes.
void check_seed_filter(const run::Workspace& workspace) {
  const int num_classes = workspace.num_classes();
  if (num_classes > qa::kTableClasses && qa::needs_class_tables(workspace.config.qa.seed_filter)) {
    throw comm::CollectiveError{fmt::format(
        "qa.seed_filter needs a table of {} x {} classes, which is made for up to {}: use "
        "likely_wrong or predicted_neq_given",
        num_classes, num_classes, qa::kTableClasses)};
  }
}

/// Collective. Gold and the columns of corpus.slices are read once, so that what is wrong with them
/// is said before anything is computed.
void check_columns(const run::Workspace& workspace) {
  const IdRange<GlobalId> block =
      corpus::rows_of(workspace.corpus.num_items, workspace.comm.rank(), workspace.comm.size());
  comm::locally(workspace.comm,
                [&] { (void)corpus::read_gold(workspace.corpus, workspace.config.corpus, block); });
  review::check_previews(workspace.comm, workspace.corpus, workspace.config.corpus);
  for (const std::string& dataset : workspace.config.corpus.slices) {
    (void)statistics::read_grouping(workspace.comm, workspace.corpus, dataset, block);
  }
}

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

run::StagePlan plan_qa(const run::PlanInput& in, const run::Rates& rates) {
  const Sizes of{in};
  const auto members = static_cast<double>(in.members.size());
  const double memory =
      graph_bytes(of) + of.held_out() + of.judged(members) + of.share_sample() +
      in.classes * kReportClass +
      of.nodes * (of.scores + of.row_bytes(kFloat) + kStatistics + members * kStatisticsVote);
  run::StagePlan plan{"qa", static_cast<Count>(memory), Count{1} << 20,
                      static_cast<Count>(exchanged(of.items * (members * kFloat + 32), of)), 0};
  plan.seconds =
      kStatistics_s + of.nodes * (1 + members) * kCountVote_s + wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

class QaStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{
        .name = "qa",
        .stages = {"check", "cells", "knn", "graph", "label_model", "reference", "heads",
                   "propagate", "ensemble"},
        .inputs = {"seeds", "classes", "gold", "votes", "probs", "slices", "ids", "previews"},
        .files = {"qa.h5", "report.html", "report.json"},
        .facts = "report.json",
        .is_for_people = true,
        .files_of_others = {kAuditFile}};
    return kDescription;
  }
  [[nodiscard]] std::map<std::string, std::string> other_inputs(
      const run::Workspace& workspace) const override {
    const auto answers = read_audit(workspace.comm, workspace.config, workspace.corpus);
    return {{"audit", answers ? review::to_json(*answers) : ""}};
  }
  void check(run::Workspace& workspace) const override {
    check_seed_filter(workspace);
    check_columns(workspace);
  }
  /// The report has the facts of graphs of other vectors.
  void prepare(run::Workspace& workspace) const override {
    if (!workspace.outputs.has<OtherGraphsDone>()) {
      run_other_graphs(workspace, "graph");
    }
  }
  void run(run::Workspace& workspace) const override { do_qa(workspace); }
  [[nodiscard]] run::StagePlan plan(const run::PlanInput& input,
                                    const run::Rates& rates) const override {
    return plan_qa(input, rates);
  }
};

}  // namespace

const run::Stage& qa_stage() {
  static const QaStage kStage;
  return kStage;
}

}  // namespace kith::stages
