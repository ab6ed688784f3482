// propagate: all members and all held-out folds at once over the graph. propagation.h5 holds, for
// each member, its scores in graph order, what it said of the held-out seeds, its output and its
// trace.
#include <algorithm>
#include <array>
#include <cmath>

#include "kith/comm/agree.hpp"
#include "kith/config/graph_source.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"
#include "kith/layout/node_maps.hpp"
#include "kith/run/stage.hpp"
#include "kith/run/workspace.hpp"
#include "kith/statistics/member_trace.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/ensemble/external_voters.hpp"
#include "stages/graph/graph_output.hpp"
#include "stages/graph/other_graph.hpp"
#include "stages/list.hpp"
#include "stages/propagate/member_graphs.hpp"
#include "stages/propagate/member_trace.hpp"
#include "stages/propagate/propagate_output.hpp"
#include "stages/propagate/propagate_plan.hpp"
#include "stages/stored_rows.hpp"

namespace kith::stages {
namespace {

constexpr const char* kFile = "propagation.h5";

void fold_seeds(run::Workspace& workspace) {
  comm::locally(workspace.comm, [&] {
    ensemble::validate_prior(workspace.config.ensemble, workspace.num_classes());
  });
  need_shard(workspace);
  const auto seeds = layout::seeds_on_nodes(workspace.outputs.get<cells::Shard>(),
                                            workspace.outputs.get<Items>(), workspace.seeds);
  std::vector<Position> soft;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (workspace.seeds[i].is_soft) {
      soft.push_back(seeds[i].node);
    }
  }
  workspace.outputs.put<FoldedSeeds>(ensemble::deal_folds(seeds, soft, workspace.config.ensemble));
}

/// Collective. What no label can reach.
io::Json unseeded_facts(const run::Workspace& workspace) {
  std::vector<Position> seeded;
  for (const ensemble::FoldedSeed& entry : workspace.outputs.get<FoldedSeeds>()) {
    seeded.push_back(entry.seed.node);
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

void write_scores(io::OutputFile& file, const std::string& group, const LabelRows<float>& rows,
                  Count first, Count total) {
  file.write_rows<float>(group + "/scores", rows.values, first, {total, rows.width});
  if (!rows.is_dense()) {
    file.write_rows<std::int32_t>(group + "/labels", label_numbers(rows.labels), first,
                                  {total, rows.width});
    file.write_rows<float>(group + "/other", rows.other, first, {total});
  }
}

void write_member(io::OutputFile& file, const run::Workspace& workspace,
                  const ensemble::Member& member) {
  const Count num_classes = workspace.num_classes();
  const Count first = workspace.outputs.get<graph::Graph>().owned().begin.value();
  const std::string group = "/members/" + member.config.name;
  write_scores(file, group, member.scores, first,
               workspace.outputs.get<graph::Graph>().num_nodes());
  const LabelRows<float>& held_out = member.held_out_scores;
  const Count num_seeds = count_of(workspace.outputs.get<FoldedSeeds>());
  file.write_whole<float>(group + "/held_out_scores", held_out.values, {num_seeds, held_out.width});
  if (!held_out.is_dense()) {
    file.write_whole<std::int32_t>(group + "/held_out_labels", label_numbers(held_out.labels),
                                   {num_seeds, held_out.width});
    file.write_whole<float>(group + "/held_out_other", held_out.other, {num_seeds});
  }
  file.write_whole<double>(group + "/readout_factors", member.output.factors.values(),
                           {num_classes});
  file.set_attribute(group + "/readout_factors", "temperature", member.output.temperature);
  file.set_attribute(group + "/readout_factors", "takes_log",
                     std::int64_t{member.output.takes_log ? 1 : 0});
  statistics::write_trace(file, group, member.result, num_classes);
}

/// Where the rows that are wanted begin, and how many the datasets have.
struct RowPlace {
  Count first;
  Count total;
};

/// names: of the datasets of values, labels and others. rows: as many as are wanted.
void read_scores(const io::InputFile& file, const std::string& group,
                 const std::array<const char*, 3>& names, RowPlace place, LabelRows<float>& rows) {
  const auto [first, total] = place;
  require_shape(file, group + names[0], {total, rows.width});
  file.read_rows<float>(group + names[0], first, rows.values);
  require_values<float>(file, group + names[0], rows.values, first, rows.width, "a finite number",
                        [](float value) { return std::isfinite(value); });
  if (!rows.is_dense()) {
    require_shape(file, group + names[1], {total, rows.width});
    require_shape(file, group + names[2], {total});
    std::vector<std::int32_t> labels(rows.labels.size());
    file.read_rows<std::int32_t>(group + names[1], first, labels);
    require_values<std::int32_t>(
        file, group + names[1], labels, first, rows.width, "a class or -1",
        [&](std::int32_t label) { return label >= -1 && label < rows.num_classes; });
    std::transform(labels.begin(), labels.end(), rows.labels.begin(),
                   [](std::int32_t number) { return Label{number}; });
    file.read_rows<float>(group + names[2], first, rows.other);
  }
}

ensemble::Member read_member(const io::InputFile& file, const run::Workspace& workspace,
                             const ensemble::MemberConfig& config) {
  const int num_classes = workspace.num_classes();
  const int top = ensemble::labels_kept(workspace.config.ensemble, num_classes);
  const std::string group = "/members/" + config.name;
  const IdRange<Position> owned = workspace.outputs.get<graph::Graph>().owned();
  ensemble::Member member;
  member.config = config;
  member.scores = LabelRows<float>{num_classes, top};
  member.scores.resize(to_size(owned.size()));
  read_scores(file, group, {"/scores", "/labels", "/other"},
              {owned.begin.value(), workspace.outputs.get<graph::Graph>().num_nodes()},
              member.scores);
  member.held_out_scores = LabelRows<float>{num_classes, top};
  member.held_out_scores.resize(workspace.outputs.get<FoldedSeeds>().size());
  read_scores(file, group, {"/held_out_scores", "/held_out_labels", "/held_out_other"},
              {0, count_of(workspace.outputs.get<FoldedSeeds>())}, member.held_out_scores);
  require_shape(file, group + "/readout_factors", {num_classes});
  std::vector<double> factors(to_size(num_classes));
  file.read_rows<double>(group + "/readout_factors", 0, factors);
  require_values<double>(file, group + "/readout_factors", factors, 0, 1, "a finite number",
                         [](double factor) { return std::isfinite(factor); });
  member.output.factors = ensemble::ClassFactors{std::move(factors)};
  member.output.temperature = file.attribute<double>(group + "/readout_factors", "temperature");
  member.output.takes_log =
      file.attribute<std::int64_t>(group + "/readout_factors", "takes_log") == 1;
  read_trace(file, group, num_classes, member.result);
  return member;
}

}  // namespace

void need_members(run::Workspace& workspace) {
  if (workspace.outputs.has<Members>()) {
    return;
  }
  need_graph(workspace);
  fold_seeds(workspace);
  workspace.outputs.put<Members>(comm::locally(workspace.comm, [&] {
    const io::InputFile file{workspace.path(kFile)};
    std::vector<ensemble::Member> members;
    for (const ensemble::MemberConfig& config : workspace.config.ensemble.members) {
      members.push_back(read_member(file, workspace, config));
    }
    return members;
  }));
}

namespace {

/// Collective.
void do_propagate(run::Workspace& workspace) {
  need_graph(workspace);
  fold_seeds(workspace);
  const ensemble::EnsembleConfig& config = workspace.config.ensemble;
  io::Snapshots snapshots = open_snapshots(workspace, "propagate");
  auto results =
      propagate_members(workspace,
                        ensemble::make_tasks(workspace.outputs.get<FoldedSeeds>(), config.members,
                                             config, workspace.num_classes()),
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
  }
  file.commit();
  snapshots.clear();
}

class PropagateStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{.name = "propagate",
                                                    .stages = {"cells", "knn", "graph"},
                                                    .inputs = {"seeds", "classes"},
                                                    .files = {kFile, "propagation.json"},
                                                    .facts = "propagation.json"};
    return kDescription;
  }
  [[nodiscard]] std::vector<std::string> inputs(const config::Config& config) const override {
    std::vector<std::string> all = description().inputs;
    const auto& members = config.ensemble.members;
    if (std::any_of(members.begin(), members.end(),
                    [](const auto& member) { return !member.voter.empty(); })) {
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
