#include "pipeline/other_graph.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/pipeline/pipeline.hpp"

namespace kith::pipeline {
namespace {

corpus::Metric metric_of(const config::GraphSource& source, corpus::Metric shared) {
  for (const auto metric :
       {corpus::Metric::l2, corpus::Metric::cosine, corpus::Metric::inner_product}) {
    if (source.metric == corpus::to_string(metric)) {
      return metric;
    }
  }
  return shared;
}

const config::GraphSource& source_of(const config::Config& config, const std::string& name) {
  return *std::find_if(config.graphs.begin(), config.graphs.end(),
                       [&](const config::GraphSource& source) { return source.name == name; });
}

}  // namespace

void check_other_graphs(const Workspace& workspace) {
  for (const config::GraphSource& source : workspace.config.graphs) {
    const config::Config config = config_of(workspace.config, source);
    const corpus::Corpus other = corpus::describe(workspace.comm, config.corpus);
    if (other.num_items != workspace.corpus.num_items) {
      throw comm::CollectiveError{fmt::format(
          "graph.{}.dataset = {}: {} rows, but {} has {}", source.name, source.dataset,
          other.num_items, workspace.config.corpus.embeddings, workspace.corpus.num_items)};
    }
  }
}

bool is_used(const config::Config& config, const config::GraphSource& source) {
  return std::any_of(
      config.ensemble.members.begin(), config.ensemble.members.end(),
      [&](const ensemble::MemberConfig& member) { return member.graph == source.name; });
}

config::Config config_of(const config::Config& config, const config::GraphSource& source) {
  config::Config other = config;
  other.run.directory =
      (std::filesystem::path{config.run.directory} / "graphs" / source.name).string();
  other.corpus.embeddings = source.dataset;
  other.corpus.metric = metric_of(source, config.corpus.metric);
  other.knn.k = source.k > 0 ? source.k : config.knn.k;
  other.graphs.clear();
  other.corpus.slices.clear();  // they are looked at once
  return other;
}

void run_other_graphs(Workspace& workspace, const std::string& last) {
  const config::Config& config = workspace.config;
  for (const config::GraphSource& source : config.graphs) {
    if (!is_used(config, source)) {
      continue;
    }
    workspace.lists.reset();
    workspace.graph.reset();
    workspace.components.reset();
    const config::Config other = config_of(config, source);
    log::info("graph={} dataset={} directory={}", source.name, source.dataset, other.run.directory);
    try {
      run(workspace.comm, other, last);
    } catch (const comm::CollectiveError& error) {
      throw comm::CollectiveError{fmt::format("graph.{}: {}", source.name, error.what())};
    }
  }
  workspace.has_other_graphs = last == "graph";
}

OtherGraph::OtherGraph(const Workspace& shared, const std::string& name)
    : shared_{&shared},
      workspace_{std::make_unique<Workspace>(
          shared.comm, config_of(shared.config, source_of(shared.config, name)))} {
  workspace_->memory_bytes = shared.memory_bytes;
  workspace_->corpus = corpus::describe(shared.comm, workspace_->config.corpus);
  need_graph(*workspace_);
  const Count num_items = shared.corpus.num_items;
  rows_here_ = std::make_unique<layout::RowExchange>(shared.comm, workspace_->items, num_items);
  rows_shared_ = std::make_unique<layout::RowExchange>(shared.comm, shared.items, num_items);
  std::vector<Count> nodes(to_size(workspace_->graph->num_owned()));
  std::iota(nodes.begin(), nodes.end(), workspace_->graph->owned().begin.value());
  node_here_ =
      rows_shared_->to_nodes<Count>(rows_here_->to_rows<Count>(nodes), shared.graph->num_owned());
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
  const IdRange<Position> owned = shared_->graph->owned();
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
                                       shared_->graph->num_owned(), width);
  };
  const int top = ensemble::labels_kept(shared_->config.ensemble, shared_->num_classes());
  to_shared(result.scores, top);
  if (top < shared_->num_classes()) {
    to_shared(result.labels, top);
    to_shared(result.other, 1);
  }
}

}  // namespace kith::pipeline
