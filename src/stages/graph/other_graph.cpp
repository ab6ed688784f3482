#include "stages/graph/other_graph.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/config/graph_source.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/run/run.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/graph/graph_output.hpp"
#include "stages/knn/knn_files.hpp"

namespace kith::stages {

void run_other_graphs(run::Workspace& workspace, const std::string& last) {
  const config::Config& config = workspace.config;
  for (const config::GraphSource& source : config.graphs) {
    if (!config::is_used(config, source)) {
      continue;
    }
    workspace.outputs.drop<NeighborLists>();
    workspace.outputs.drop<graph::Graph>();
    workspace.outputs.drop<graph::Components>();
    const config::Config other = config::config_of_graph(config, source);
    log::info("graph={} dataset={} directory={}", source.name, source.dataset, other.run.directory);
    try {
      run::run(workspace.comm, *workspace.stages, other, last);
    } catch (const comm::CollectiveError& error) {
      throw comm::CollectiveError{fmt::format("graph.{}: {}", source.name, error.what())};
    }
  }
  if (last == "graph") {
    workspace.outputs.put(OtherGraphsDone{});
  }
}

OtherGraph::OtherGraph(const run::Workspace& shared, const std::string& name)
    : shared_{&shared},
      workspace_{std::make_unique<run::Workspace>(
          shared.comm, *shared.stages,
          config::config_of_graph(shared.config, config::graph_source(shared.config, name)))} {
  workspace_->memory_bytes = shared.memory_bytes;
  workspace_->corpus = corpus::describe(shared.comm, workspace_->config.corpus);
  need_graph(*workspace_);
  const Count num_items = shared.corpus.num_items;
  rows_here_ = std::make_unique<layout::RowExchange>(shared.comm, workspace_->outputs.get<Items>(),
                                                     num_items);
  rows_shared_ =
      std::make_unique<layout::RowExchange>(shared.comm, shared.outputs.get<Items>(), num_items);
  std::vector<Count> nodes(to_size(workspace_->outputs.get<graph::Graph>().num_owned()));
  std::iota(nodes.begin(), nodes.end(),
            workspace_->outputs.get<graph::Graph>().owned().begin.value());
  node_here_ = rows_shared_->to_nodes<Count>(rows_here_->to_rows<Count>(nodes),
                                             shared.outputs.get<graph::Graph>().num_owned());
}

void OtherGraph::take(std::span<propagate::Task> tasks) const {
  std::set<Position> wanted;
  for (const propagate::Task& task : tasks) {
    wanted.insert(task.validation_nodes.begin(), task.validation_nodes.end());
    for (const propagate::NodeSeed& seed : task.seeds) {
      wanted.insert(seed.node);
    }
  }
  struct Pair {
    Position shared;
    Position here;
  };
  std::vector<Pair> mine;
  const IdRange<Position> owned = shared_->outputs.get<graph::Graph>().owned();
  for (const Position node : wanted) {
    if (owned.contains(node)) {
      const auto local = to_size(node.value() - owned.begin.value());
      mine.push_back({node, Position{node_here_[local]}});
    }
  }
  std::map<Position, Position> here;
  for (const Pair& pair : comm::gather_to_all<Pair>(shared_->comm, mine).items) {
    here[pair.shared] = pair.here;
  }
  for (propagate::Task& task : tasks) {
    for (Position& node : task.validation_nodes) {
      node = here.at(node);
    }
    for (propagate::NodeSeed& seed : task.seeds) {
      seed.node = here.at(seed.node);
    }
    std::stable_sort(task.seeds.begin(), task.seeds.end(),
                     [](const auto& a, const auto& b) { return a.node < b.node; });
  }
}

void OtherGraph::give(propagate::TaskResult& result) const {
  const auto to_shared = [&](auto& values, Count width) {
    using T = typename std::remove_reference_t<decltype(values)>::value_type;
    values = rows_shared_->to_nodes<T>(rows_here_->to_rows<T>(values, width),
                                       shared_->outputs.get<graph::Graph>().num_owned(), width);
  };
  const int top = ensemble::labels_kept(shared_->config.ensemble, shared_->num_classes());
  to_shared(result.scores, top);
  if (top < shared_->num_classes()) {
    to_shared(result.labels, top);
    to_shared(result.other, 1);
  }
}

}  // namespace kith::stages
