#include "pipeline/member_graphs.hpp"

#include <map>
#include <utility>

#include "kith/core/log.hpp"
#include "kith/core/memory.hpp"
#include "kith/propagate/propagate.hpp"

#include "pipeline/node_maps.hpp"
#include "pipeline/outside_voters.hpp"

namespace kith::pipeline {
namespace {

/// k and weights of a member's graph.
using Variant = std::pair<int, std::string>;

Variant variant_of(const Config& config, const ensemble::MemberConfig& member) {
  return {member.k == 0 ? config.knn.k : member.k,
          member.weights.empty() ? config.graph.weights : member.weights};
}

/// Collective. The graph of the first k neighbors in each list.
graph::Graph build_variant(Workspace& workspace, const Variant& variant) {
  need_lists(workspace);
  graph::KnnLists lists;
  lists.k = variant.first;
  const auto all = workspace.lists->k;
  for (Count node = 0; node < workspace.graph->num_owned(); ++node) {
    const Count first = node * all;
    lists.neighbors.insert(lists.neighbors.end(), workspace.lists->neighbors.begin() + first,
                           workspace.lists->neighbors.begin() + first + lists.k);
    lists.distances.insert(lists.distances.end(), workspace.lists->distances.begin() + first,
                           workspace.lists->distances.begin() + first + lists.k);
  }
  graph::GraphConfig config = workspace.config.graph;
  config.weights = variant.second;
  graph::Graph graph = graph::build_graph(
      workspace.comm, partition_of(*workspace.shard, workspace.comm.size()), lists, config);
  log::info("stage=propagate k={} weights={} edges={}", variant.first, variant.second,
            graph.num_edges());
  return graph;
}

/// Collective. Gives the tasks of correct_smooth their voters' probabilities, which are returned:
/// the tasks look at them.
std::map<std::string, std::vector<float>> add_voters(const Workspace& workspace,
                                                     std::vector<propagate::Task>& tasks) {
  std::map<std::string, std::vector<float>> of_voter;
  for (propagate::Task& task : tasks) {
    const std::string& voter = workspace.config.ensemble.members[to_size(task.family)].voter;
    if (voter.empty()) {
      continue;
    }
    if (!of_voter.contains(voter)) {
      of_voter[voter] = voter_on_nodes(workspace, voter);
    }
    task.base = of_voter[voter];
  }
  return of_voter;
}

}  // namespace

std::vector<propagate::TaskResult> propagate_members(Workspace& workspace,
                                                     std::vector<propagate::Task> tasks,
                                                     comm::Checkpoint& checkpoint) {
  check_voter_names(workspace);
  const Config& config = workspace.config;
  const auto voters = add_voters(workspace, tasks);
  std::map<Variant, std::vector<std::size_t>> of_variant;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto& member = config.ensemble.members[to_size(tasks[i].family)];
    of_variant[variant_of(config, member)].push_back(i);
  }
  std::vector<propagate::TaskResult> results(tasks.size());
  for (const auto& [variant, indices] : of_variant) {
    std::vector<propagate::Task> here;
    for (const std::size_t i : indices) {
      here.push_back(std::move(tasks[i]));
    }
    const bool is_shared = variant == Variant{config.knn.k, config.graph.weights};
    const auto run = [&](const graph::Graph& graph) {
      return propagate::propagate(graph, here,
                                  {workspace.num_classes(), memory_left(workspace.memory_bytes),
                                   of_variant.size() == 1 ? &checkpoint : nullptr});
    };
    std::vector<propagate::TaskResult> found =
        is_shared ? run(*workspace.graph) : run(build_variant(workspace, variant));
    for (std::size_t at = 0; at < indices.size(); ++at) {
      results[indices[at]] = std::move(found[at]);
    }
  }
  return results;
}

}  // namespace kith::pipeline
