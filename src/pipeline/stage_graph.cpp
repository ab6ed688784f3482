// graph: neighbor lists become a symmetric weighted graph, which lives in memory; graph.json
// describes it.
#include <algorithm>

#include "kith/comm/collectives.hpp"
#include "kith/core/log.hpp"
#include "kith/layout/node_maps.hpp"

#include "pipeline/plan_model.hpp"
#include "pipeline/stage.hpp"
#include "pipeline/stages.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {
void need_graph(Workspace& workspace) {
  if (workspace.graph) {
    return;
  }
  need_shard(workspace);
  need_lists(workspace);
  workspace.graph.emplace(graph::build_graph(
      workspace.comm, layout::partition_of(*workspace.shard, workspace.comm.size()),
      *workspace.lists, workspace.config.graph));
  workspace.components = graph::connected_components(*workspace.graph);
}

namespace {

/// Collective.
void do_graph(Workspace& workspace) {
  need_graph(workspace);
  const graph::Graph& graph = *workspace.graph;
  Count fewest = graph.num_nodes();
  Count most = 0;
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    fewest = std::min(fewest, count_of(graph.neighbors(row)));
    most = std::max(most, count_of(graph.neighbors(row)));
  }
  io::Json facts;
  facts["nodes"] = graph.num_nodes();
  facts["edges"] = graph.num_edges();
  facts["degree_min"] = comm::min_over_ranks(workspace.comm, fewest);
  facts["degree_mean"] =
      static_cast<double>(graph.num_edges()) / static_cast<double>(graph.num_nodes());
  facts["degree_max"] = comm::max_over_ranks(workspace.comm, most);
  facts["components"] = workspace.components->num_components;
  facts["largest_components"] = workspace.components->largest_sizes;
  log::info("stage=graph nodes={} edges={} components={}", graph.num_nodes(), graph.num_edges(),
            workspace.components->num_components);
  write_facts(workspace, "graph", facts);
}

class GraphStage : public Stage {
 public:
  [[nodiscard]] const StageDescription& description() const override {
    static const StageDescription kDescription{.name = "graph",
                                               .stages = {"cells", "knn"},
                                               .inputs = {},
                                               .files = {"graph/graph.json"},
                                               .facts = "graph/graph.json"};
    return kDescription;
  }
  void run(Workspace& workspace) const override { do_graph(workspace); }
  [[nodiscard]] StagePlan plan(const PlanInput& input, const Rates& rates) const override {
    return plan_graph(input, rates);
  }
};

}  // namespace

const Stage& graph_stage() {
  static const GraphStage kStage;
  return kStage;
}

}  // namespace kith::pipeline
