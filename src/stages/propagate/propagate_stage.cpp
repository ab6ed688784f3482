// propagate: all members and all held-out folds at once over the graph. propagation.h5 holds, for
// each member, its scores in graph order, what it said of the held-out seeds, its output and its
// trace.
#include <algorithm>
#include <cmath>

#include "kith/comm/agree.hpp"
#include "kith/config/graph_source.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"
#include "kith/run/stage.hpp"
#include "kith/run/workspace.hpp"
#include "kith/statistics/member_trace.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/ensemble/external_voters.hpp"
#include "stages/folds.hpp"
#include "stages/graph/graph_output.hpp"
#include "stages/graph/other_graph.hpp"
#include "stages/heads/heads.hpp"
#include "stages/list.hpp"
#include "stages/member_files.hpp"
#include "stages/propagate/member_graphs.hpp"
#include "stages/propagate/member_trace.hpp"
#include "stages/propagate/propagate_output.hpp"
#include "stages/propagate/propagate_plan.hpp"

namespace kith::stages {
namespace {

constexpr const char* kFile = "propagation.h5";

/// Collective. What no label can reach.
io::Json unseeded_facts(const run::Workspace& workspace) {
  std::vector<Position> seeded;
  for (const ensemble::FoldedSeed& entry : workspace.outputs.get<FoldedSeeds>()) {
    seeded.push_back(entry.seed.node);
  }
  for (const propagate::NodeSeed& seed : workspace.outputs.get<WeakNodes>().seeds) {
    seeded.push_back(seed.node);
  }
  const auto components = graph::connected_components(workspace.outputs.get<graph::Graph>());
  const auto unseeded =
      graph::components_without(workspace.outputs.get<graph::Graph>(), components, seeded);
  io::Json facts;
  facts["unseeded_components"] = unseeded.num_components;
  facts["unseeded_nodes"] = unseeded.num_nodes;
  facts["largest_unseeded_components"] = unseeded.largest_sizes;
  return facts;
}

/// Collective. These numbers depend on the number of ranks: they belong to the log.
void log_halo(const graph::Graph& graph) {
  const graph::HaloRows rows = graph::count_halo_rows(graph);
  if (rows.if_random > 0) {
    log::info("stage=propagate halo_rows={} halo_share_of_random={:.3f}", rows.sent,
              static_cast<double>(rows.sent) / rows.if_random);
  }
}

/// Collective. What truncation has hidden from each member.
io::Json truncation_facts(const run::Workspace& workspace) {
  io::Json facts = io::Json::object();
  const int top = ensemble::labels_kept(workspace.config.ensemble, workspace.num_classes());
  if (top == workspace.num_classes()) {
    return facts;
  }
  facts["top_labels"] = top;
  for (const ensemble::Member& member : workspace.outputs.get<Members>()) {
    log::info("stage=propagate member={} top_labels={} mean_rest={:.4f} largest_rest={:.4f}",
              member.config.name, top, member.result.mean_residual_mass.value_or(0),
              member.result.largest_residual_mass);
  }
  return facts;
}

}  // namespace

void need_members(run::Workspace& workspace) {
  if (workspace.outputs.has<Members>()) {
    return;
  }
  need_graph(workspace);
  need_folds(workspace);
  workspace.outputs.put<Members>(comm::locally(workspace.comm, [&] {
    const io::InputFile file{workspace.path(kFile)};
    std::vector<ensemble::Member> members;
    for (const ensemble::MemberConfig& config : workspace.config.ensemble.members) {
      if (config.head == nullptr) {
        members.push_back(read_member(file, workspace, config));
        read_trace(file, "/members/" + config.name, workspace.num_classes(), members.back().result);
      }
    }
    return members;
  }));
  add_heads(workspace);
}

namespace {

/// Collective.
void do_propagate(run::Workspace& workspace) {
  need_graph(workspace);
  need_folds(workspace);
  const ensemble::EnsembleConfig& config = workspace.config.ensemble;
  io::Snapshots snapshots = open_snapshots(workspace, "propagate");
  auto results =
      propagate_members(workspace,
                        ensemble::make_tasks(workspace.outputs.get<FoldedSeeds>(),
                                             workspace.outputs.get<WeakNodes>().seeds,
                                             config.members, config, workspace.num_classes()),
                        snapshots);
  workspace.outputs.put<Members>(ensemble::join_results(
      workspace.outputs.get<graph::Graph>(), workspace.outputs.get<FoldedSeeds>(),
      std::move(results), config, workspace.num_classes()));
  io::Json facts = unseeded_facts(workspace);
  facts.update(truncation_facts(workspace));
  write_facts(workspace, "propagate", facts);
  log_halo(workspace.outputs.get<graph::Graph>());
  auto file = io::OutputFile::create(workspace.comm, workspace.path(kFile));
  std::vector<Count> rows;
  for (const GlobalId row : workspace.outputs.get<cells::Shard>().rows) {
    rows.push_back(row.value());
  }
  file.write_rows<Count>("/rows", rows, workspace.outputs.get<graph::Graph>().owned().begin.value(),
                         {workspace.outputs.get<graph::Graph>().num_nodes()});
  for (const ensemble::Member& member : workspace.outputs.get<Members>()) {
    write_member(file, workspace, member);
    statistics::write_trace(file, "/members/" + member.config.name, member.result,
                            workspace.num_classes());
  }
  file.commit();
  snapshots.clear();
  add_heads(workspace);
}

class PropagateStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{
        .name = "propagate",
        .stages = {"cells", "knn", "graph", "label_model", "heads"},
        .inputs = {"seeds", "classes"},
        .files = {kFile, "propagation.json"},
        .facts = "propagation.json"};
    return kDescription;
  }
  [[nodiscard]] std::vector<std::string> inputs(const config::Config& config) const override {
    std::vector<std::string> all = description().inputs;
    const auto& members = config.ensemble.members;
    if (std::any_of(members.begin(), members.end(), [&](const auto& member) {
          return !member.voter.empty() && find_head(config, member.voter) == nullptr;
        })) {
      all.emplace_back("probs");
    }
    for (const config::GraphSource& graph : config.graphs) {
      if (config::is_used(config, graph)) {
        all.push_back(run::input_of_graph(graph.name));
      }
    }
    return all;
  }
  void check(run::Workspace& workspace) const override {
    comm::locally(workspace.comm, [&] {
      ensemble::validate_prior(workspace.config.ensemble, workspace.num_classes());
    });
    check_voter_names(workspace);
  }
  void check_counts(run::Workspace& workspace) const override {
    run_other_graphs(workspace, "check");
  }
  void prepare(run::Workspace& workspace) const override { run_other_graphs(workspace, "graph"); }
  void run(run::Workspace& workspace) const override { do_propagate(workspace); }
  [[nodiscard]] run::StagePlan plan(const run::PlanInput& input,
                                    const run::Rates& rates) const override {
    return plan_propagate(input, rates);
  }
};

}  // namespace

const run::Stage& propagate_stage() {
  static const PropagateStage kStage;
  return kStage;
}

}  // namespace kith::stages
