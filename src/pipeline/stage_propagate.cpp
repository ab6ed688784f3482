// propagate: all members and all held-out folds at once over the graph. propagation.h5 holds, for
// each member, its scores in graph order, what it said of the held-out seeds, its readout and its
// trace.
#include "kith/comm/agree.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/memory.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"
#include "kith/propagate/propagate.hpp"

#include "pipeline/node_maps.hpp"
#include "pipeline/stages.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {
namespace {

constexpr const char* kFile = "propagation.h5";
constexpr double kUnknown = -1;  // in the trace, where no measure is negative

void fold_seeds(Workspace& workspace) {
  comm::locally(workspace.comm, [&] {
    ensemble::validate_prior(workspace.config.ensemble, workspace.num_classes());
  });
  need_shard(workspace);
  const auto seeds = seeds_on_nodes(*workspace.shard, workspace.items, workspace.seeds);
  workspace.folded = ensemble::deal_folds(seeds, workspace.config.ensemble);
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
  const auto& trace = member.result.trace;
  std::vector<double> residuals;
  std::vector<double> measures;
  std::vector<Count> counts;
  for (const propagate::SweepTrace& line : trace) {
    residuals.push_back(line.residual);
    measures.push_back(line.held_out.value_or(kUnknown));
    measures.push_back(line.energy.value_or(kUnknown));
    measures.insert(measures.end(), line.class_mass.begin(), line.class_mass.end());
    measures.insert(measures.end(), to_size(num_classes) - line.class_mass.size(), kUnknown);
    counts.insert(counts.end(), {line.sweep, line.flips, line.reached});
    counts.insert(counts.end(), line.class_counts.begin(), line.class_counts.end());
  }
  file.write_whole<double>(group + "/trace_residual", residuals, {count_of(trace)});
  file.write_whole<Count>(group + "/trace_counts", counts, {count_of(trace), 3 + num_classes});
  file.set_attribute(group + "/trace_counts", "columns",
                     std::string{"sweep,flips,reached,then one a class"});
  file.write_whole<double>(group + "/trace_measures", measures, {count_of(trace), 2 + num_classes});
  file.set_attribute(group + "/trace_measures", "columns",
                     std::string{"held_out,energy,then one class mass a class; -1 = not known"});
  file.set_attribute(group + "/trace_counts", "sweeps", std::int64_t{member.result.sweeps});
  file.set_attribute(group + "/trace_counts", "stop",
                     static_cast<std::int64_t>(member.result.stop));
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
  const auto residuals = file.read_all<double>(group + "/trace_residual");
  const auto counts = file.read_all<Count>(group + "/trace_counts");
  const auto measures = file.read_all<double>(group + "/trace_measures");
  for (std::size_t line = 0; line < residuals.size(); ++line) {
    const auto at = counts.begin() + static_cast<Count>(line * (3 + width));
    propagate::SweepTrace& entry = member.result.trace.emplace_back();
    entry.sweep = static_cast<int>(at[0]);
    entry.residual = residuals[line];
    entry.flips = at[1];
    entry.reached = at[2];
    entry.class_counts.assign(at + 3, at + 3 + static_cast<Count>(width));
    const auto known = measures.begin() + static_cast<Count>(line * (2 + width));
    entry.held_out = known[0] == kUnknown ? std::nullopt : std::optional{known[0]};
    entry.energy = known[1] == kUnknown ? std::nullopt : std::optional{known[1]};
    if (known[2] != kUnknown) {
      entry.class_mass.assign(known + 2, known + 2 + static_cast<Count>(width));
    }
  }
  member.result.sweeps =
      static_cast<int>(file.attribute<std::int64_t>(group + "/trace_counts", "sweeps"));
  member.result.stop = static_cast<propagate::StopReason>(
      file.attribute<std::int64_t>(group + "/trace_counts", "stop"));
  return member;
}

}  // namespace

void do_propagate(Workspace& workspace) {
  need_graph(workspace);
  fold_seeds(workspace);
  const ensemble::EnsembleConfig& config = workspace.config.ensemble;
  const auto tasks =
      ensemble::make_tasks(workspace.folded, config.members, config, workspace.num_classes());
  io::Snapshots snapshots = open_snapshots(workspace, Stage::propagate);
  io::StageCheckpoint checkpoint{snapshots};
  auto results = propagate::propagate(
      *workspace.graph, tasks,
      {workspace.num_classes(), memory_left(workspace.memory_bytes), &checkpoint});
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
