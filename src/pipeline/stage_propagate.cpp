// propagate: all members and all held-out folds at once over the graph. propagation.h5 holds, for
// each member, its scores in graph order, what it said of the held-out seeds, its readout and its
// trace.
#include "kith/comm/agree.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"

#include "pipeline/member_graphs.hpp"
#include "pipeline/member_trace.hpp"
#include "pipeline/node_maps.hpp"
#include "pipeline/stages.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {
namespace {

constexpr const char* kFile = "propagation.h5";

void fold_seeds(Workspace& workspace) {
  comm::locally(workspace.comm, [&] {
    ensemble::validate_prior(workspace.config.ensemble, workspace.num_classes());
  });
  need_shard(workspace);
  const auto seeds = seeds_on_nodes(*workspace.shard, workspace.items, workspace.seeds);
  std::vector<Position> soft;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (workspace.seeds[i].is_soft) {
      soft.push_back(seeds[i].node);
    }
  }
  workspace.folded = ensemble::deal_folds(seeds, soft, workspace.config.ensemble);
}

/// Collective. What no label can reach.
Json unseeded_facts(const Workspace& workspace) {
  std::vector<Position> seeded;
  for (const ensemble::FoldedSeed& entry : workspace.folded) {
    seeded.push_back(entry.seed.node);
  }
  const auto components = graph::connected_components(*workspace.graph);
  const auto unseeded = graph::components_without(*workspace.graph, components, seeded);
  Json facts;
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

void write_member(io::OutputFile& file, const Workspace& workspace,
                  const ensemble::Member& member) {
  const Count num_classes = workspace.num_classes();
  const Count first = workspace.graph->owned().begin.value();
  const std::string group = "/members/" + member.config.name;
  file.write_rows<float>(group + "/scores", member.result.scores, first,
                         {workspace.graph->num_nodes(), num_classes});
  file.write_whole<float>(group + "/held_out_scores", member.held_out_scores,
                          {count_of(workspace.folded), num_classes});
  file.write_whole<double>(group + "/readout_factors", member.readout.factors, {num_classes});
  file.set_attribute(group + "/readout_factors", "temperature", member.readout.temperature);
  file.set_attribute(group + "/readout_factors", "takes_log",
                     std::int64_t{member.readout.takes_log ? 1 : 0});
  write_trace(file, group, member.result, num_classes);
}

ensemble::Member read_member(const io::InputFile& file, const Workspace& workspace,
                             const ensemble::MemberConfig& config) {
  const auto width = to_size(workspace.num_classes());
  const std::string group = "/members/" + config.name;
  const IdRange<Position> owned = workspace.graph->owned();
  ensemble::Member member;
  member.config = config;
  member.result.scores.resize(to_size(owned.size()) * width);
  file.read_rows<float>(group + "/scores", owned.begin.value(), member.result.scores);
  member.held_out_scores.resize(workspace.folded.size() * width);
  file.read_rows<float>(group + "/held_out_scores", 0, member.held_out_scores);
  member.readout.factors.resize(width);
  file.read_rows<double>(group + "/readout_factors", 0, member.readout.factors);
  member.readout.temperature = file.attribute<double>(group + "/readout_factors", "temperature");
  member.readout.takes_log =
      file.attribute<std::int64_t>(group + "/readout_factors", "takes_log") == 1;
  read_trace(file, group, workspace.num_classes(), member.result);
  return member;
}

}  // namespace

void do_propagate(Workspace& workspace) {
  need_graph(workspace);
  fold_seeds(workspace);
  const ensemble::EnsembleConfig& config = workspace.config.ensemble;
  io::Snapshots snapshots = open_snapshots(workspace, Stage::propagate);
  io::StageCheckpoint checkpoint{snapshots};
  auto results = propagate_members(
      workspace,
      ensemble::make_tasks(workspace.folded, config.members, config, workspace.num_classes()),
      checkpoint);
  workspace.members = ensemble::join_results(*workspace.graph, workspace.folded, std::move(results),
                                             config, workspace.num_classes());
  write_facts(workspace, Stage::propagate, unseeded_facts(workspace));
  log_halo(*workspace.graph);
  auto file = io::OutputFile::create(workspace.comm, workspace.path(kFile));
  std::vector<Count> rows;
  for (const GlobalId row : workspace.shard->rows) {
    rows.push_back(row.value());
  }
  file.write_rows<Count>("/rows", rows, workspace.graph->owned().begin.value(),
                         {workspace.graph->num_nodes()});
  for (const ensemble::Member& member : workspace.members) {
    write_member(file, workspace, member);
  }
  file.commit();
  snapshots.clear();
}

void need_members(Workspace& workspace) {
  if (!workspace.members.empty()) {
    return;
  }
  need_graph(workspace);
  fold_seeds(workspace);
  workspace.members = comm::locally(workspace.comm, [&] {
    const io::InputFile file{workspace.path(kFile)};
    std::vector<ensemble::Member> members;
    for (const ensemble::MemberConfig& config : workspace.config.ensemble.members) {
      members.push_back(read_member(file, workspace, config));
    }
    return members;
  });
}

}  // namespace kith::pipeline
