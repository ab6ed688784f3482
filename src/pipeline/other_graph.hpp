/// Graphs of other vectors of the same items: [graph.NAME].
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kith/layout/row_exchange.hpp"
#include "kith/propagate/task.hpp"

#include "pipeline/workspace.hpp"

namespace kith::pipeline {

/// Collective. Fails with one sentence if a graph's dataset is not there or of another size than
/// the corpus.
void check_other_graphs(const Workspace& workspace);

/// Whether a member's labels spread on it: no other graph is built.
[[nodiscard]] bool is_used(const config::Config& config, const config::GraphSource& source);

/// The configuration of the run that builds this graph, in graphs/NAME of the run directory: the
/// same but for its vectors, up to the stage graph. It resumes and is recorded like any run.
[[nodiscard]] config::Config config_of(const config::Config& config,
                                       const config::GraphSource& source);

/// Collective. Runs each graph of other vectors that a member uses, a run of its own, up to `last`.
/// Leaves nothing of them in memory, and the shared graph in its files.
void run_other_graphs(Workspace& workspace, const std::string& last);

/// A built graph, and the way between its nodes and those of the shared graph. A node is a distinct
/// vector, so that the two differ: a node of the shared graph has the node of its representative
/// here.
class OtherGraph {
 public:
  /// Collective. Reads the graph `name` of a run whose shared graph is in memory.
  OtherGraph(const Workspace& shared, const std::string& name);

  /// Its lists, shard and graph.
  [[nodiscard]] Workspace& workspace() { return *workspace_; }

  /// Collective. Puts seeds and validation nodes on this graph's nodes.
  void take(std::span<propagate::Task> tasks) const;

  /// Collective. Scores of owned nodes here become those of the shared graph's owned nodes.
  void give(propagate::TaskResult& result) const;

 private:
  const Workspace* shared_;
  std::unique_ptr<Workspace> workspace_;
  std::unique_ptr<layout::RowExchange> rows_here_;
  std::unique_ptr<layout::RowExchange> rows_shared_;
  std::vector<Count> node_here_;  // of each owned node of the shared graph
};

}  // namespace kith::pipeline
