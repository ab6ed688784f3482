#include "stages/propagate/member_graphs.hpp"

#include <compare>
#include <map>
#include <optional>
#include <utility>

#include "kith/core/log.hpp"
#include "kith/core/memory.hpp"
#include "kith/layout/node_maps.hpp"
#include "kith/propagate/propagate.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/ensemble/external_voters.hpp"
#include "stages/folds.hpp"
#include "stages/graph/graph_output.hpp"
#include "stages/graph/other_graph.hpp"
#include "stages/heads/heads.hpp"
#include "stages/knn/knn_files.hpp"
#include "stages/propagate/graph_schedule.hpp"

namespace kith::stages {
namespace {

/// What a member's graph is made of.
struct Variant {
  std::string graph;  // empty = the shared one
  int k = 0;
  std::string weights;

  friend auto operator<=>(const Variant&, const Variant&) = default;
};

/// The graph that a configuration builds.
Variant whole_graph(const config::Config& config, const std::string& name) {
  return {name, config.knn.k, config.graph.weights};
}

Variant variant_of(const config::Config& config, const ensemble::MemberConfig& member) {
  Variant variant = whole_graph(config, member.graph);
  for (const config::GraphSource& source : config.graphs) {
    if (source.name == member.graph && source.k > 0) {
      variant.k = source.k;
    }
  }
  variant.k = member.k > 0 ? member.k : variant.k;
  variant.weights = member.weights.empty() ? variant.weights : member.weights;
  return variant;
}

/// Collective. The graph of the first k neighbors in each list. workspace: whose graph is whole.
graph::Graph build_variant(run::Workspace& workspace, const Variant& variant) {
  need_lists(workspace);
  NeighborLists lists;
  lists.k = variant.k;
  const NeighborLists& all = workspace.outputs.get<NeighborLists>();
  const Count num_owned = workspace.outputs.get<graph::Graph>().num_owned();
  for (Count node = 0; node < num_owned; ++node) {
    const Count first = node * all.k;
    lists.neighbors.insert(lists.neighbors.end(), all.neighbors.begin() + first,
                           all.neighbors.begin() + first + lists.k);
    lists.distances.insert(lists.distances.end(), all.distances.begin() + first,
                           all.distances.begin() + first + lists.k);
  }
  graph::GraphConfig config = workspace.config.graph;
  config.weights = variant.weights;
  return graph::build_graph(
      workspace.comm,
      layout::partition_of(workspace.outputs.get<cells::Shard>(), workspace.comm.size()), lists,
      config);
}

/// Numbers of the tasks of each graph; those of one graph with other k or weights side by side.
using TasksByGraph = std::vector<std::pair<Variant, std::vector<std::size_t>>>;

TasksByGraph tasks_by_graph(const config::Config& config, std::span<const propagate::Task> tasks) {
  std::map<Variant, std::vector<std::size_t>> of_variant;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto& member = config.ensemble.members[to_size(tasks[i].group)];
    of_variant[variant_of(config, member)].push_back(i);
  }
  return {of_variant.begin(), of_variant.end()};
}

std::vector<ScheduledTask> schedule_of(const TasksByGraph& by_graph,
                                       std::span<const propagate::Task> tasks) {
  std::vector<ScheduledTask> schedule(tasks.size());
  for (std::size_t graph = 0; graph < by_graph.size(); ++graph) {
    for (const std::size_t i : by_graph[graph].second) {
      schedule[i] = {static_cast<int>(graph), !tasks[i].validation_nodes.empty()};
    }
  }
  return schedule;
}

/// Collective. Gives tasks the probabilities that they start from, of heads or of voters of the
/// corpus. Returned: what the tasks look at. workspace: of their graph.
HeadRows add_voters(const run::Workspace& workspace, const HeadRows& heads,
                    std::vector<propagate::Task>& tasks) {
  const layout::RowExchange exchange{workspace.comm, workspace.outputs.get<Items>(),
                                     workspace.corpus.num_items};
  HeadRows on_nodes;
  for (propagate::Task& task : tasks) {
    const std::string& voter = workspace.config.ensemble.members[to_size(task.group)].voter;
    if (voter.empty()) {
      continue;
    }
    const auto head = heads.find({voter, task.fold});
    const std::pair<std::string, int> key{voter, head == heads.end() ? -1 : task.fold};
    if (!on_nodes.contains(key)) {
      on_nodes[key] = head == heads.end()
                          ? voter_on_nodes(workspace, voter)
                          : exchange.to_nodes<float>(head->second, owned_nodes(workspace).size(),
                                                     workspace.num_classes());
    }
    task.base = on_nodes[key];
  }
  return on_nodes;
}

/// Collective. Propagates tasks of one variant. workspace: of the variant's graph.
std::vector<propagate::TaskResult> propagate_on(run::Workspace& workspace, const Variant& variant,
                                                const HeadRows& heads,
                                                std::vector<propagate::Task>& tasks,
                                                comm::Checkpoint& checkpoint) {
  const HeadRows voters = add_voters(workspace, heads, tasks);
  const int num_classes = workspace.num_classes();
  const int kept = ensemble::labels_kept(workspace.config.ensemble, num_classes);
  const int top = kept < num_classes ? kept : 0;
  const auto run = [&](const graph::Graph& graph) {
    return propagate::propagate(
        graph, tasks, {num_classes, top, memory_left(workspace.memory_bytes), &checkpoint});
  };
  return variant == whole_graph(workspace.config, variant.graph)
             ? run(workspace.outputs.get<graph::Graph>())
             : run(build_variant(workspace, variant));
}

}  // namespace

std::vector<propagate::TaskResult> propagate_members(run::Workspace& workspace,
                                                     std::vector<propagate::Task> tasks,
                                                     comm::Checkpoint& checkpoint) {
  check_voter_names(workspace);
  const config::Config& config = workspace.config;
  const TasksByGraph by_graph = tasks_by_graph(config, tasks);
  std::vector<propagate::TaskResult> results(tasks.size());
  const int top = ensemble::labels_kept(config.ensemble, workspace.num_classes());
  GraphSchedule schedule{checkpoint,
                         workspace.outputs.get<graph::Graph>(),
                         {top, top < workspace.num_classes()},
                         schedule_of(by_graph, tasks),
                         results};
  const int finished = schedule.resume_finished();
  std::vector<propagate::Task> unfinished;
  for (std::size_t graph = to_size(finished); graph < by_graph.size(); ++graph) {
    for (const std::size_t i : by_graph[graph].second) {
      unfinished.push_back(tasks[i]);
    }
  }
  const HeadRows heads = predict_for(workspace, unfinished);
  if (finished > 0) {
    log::info("stage=propagate state=resumed graphs_done={} of={}", finished, by_graph.size());
  }
  std::optional<OtherGraph> other;
  std::string name;
  for (std::size_t graph = to_size(finished); graph < by_graph.size(); ++graph) {
    const auto& [variant, indices] = by_graph[graph];
    schedule.begin(static_cast<int>(graph));
    if (std::exchange(name, variant.graph) != variant.graph) {
      other.reset();
      other.emplace(workspace, name);
    }
    std::vector<propagate::Task> here;
    for (const std::size_t i : indices) {
      here.push_back(std::move(tasks[i]));
    }
    if (other) {
      other->take(here);
    }
    run::Workspace& of_graph = other ? other->workspace() : workspace;
    log::info("stage=propagate graph={} k={} weights={} tasks={}",
              name.empty() ? config.corpus.embeddings : name, variant.k, variant.weights,
              here.size());
    std::vector<propagate::TaskResult> found =
        propagate_on(of_graph, variant, heads, here, schedule);
    for (std::size_t at = 0; at < indices.size(); ++at) {
      if (other && here[at].validation_nodes.empty()) {
        other->give(found[at]);
      }
      results[indices[at]] = std::move(found[at]);
    }
  }
  return results;
}

}  // namespace kith::stages
