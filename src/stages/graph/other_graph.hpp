/// Graphs of other vectors of the same items: [graph.NAME].
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kith/layout/row_exchange.hpp"
#include "kith/propagate/task.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// This start has made sure of the graphs of other vectors.
struct OtherGraphsDone {};

/// Collective. Runs each graph of other vectors that a member uses, a run of its own, up to `last`.
/// Leaves nothing of them in memory, and the shared graph in its files.
void run_other_graphs(run::Workspace& workspace, const std::string& last);

/// A built graph, and the way between its nodes and those of the shared graph. A node is a distinct
/// vector, so that the two differ: a node of the shared graph has the node of its representative
/// here.
class OtherGraph {
 public:
  /// Collective. Reads the graph `name` of a run whose shared graph is in memory.
  OtherGraph(const run::Workspace& shared, const std::string& name);

  /// Its lists, shard and graph.
  [[nodiscard]] run::Workspace& workspace() { return *workspace_; }

  /// Collective. Puts seeds and validation nodes on this graph's nodes.
  void take(std::span<propagate::Task> tasks) const;

  /// Collective. Scores of owned nodes here become those of the shared graph's owned nodes.
  void give(propagate::TaskResult& result) const;

 private:
  const run::Workspace* shared_;
  std::unique_ptr<run::Workspace> workspace_;
  std::unique_ptr<layout::RowExchange> rows_here_;
  std::unique_ptr<layout::RowExchange> rows_shared_;
  std::vector<Count> node_here_;  // of each owned node of the shared graph
};

}  // namespace kith::stages
