// graph: neighbor lists become a symmetric weighted graph, which lives in memory; graph.json
// describes it.
#include <algorithm>

#include "kith/comm/collectives.hpp"
#include "kith/core/log.hpp"
#include "kith/layout/node_maps.hpp"
#include "kith/run/stage.hpp"
#include "kith/run/workspace.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/graph/graph_output.hpp"
#include "stages/knn/knn_files.hpp"
#include "stages/list.hpp"
#include "stages/plan_sizes.hpp"

namespace kith::stages {
void need_graph(run::Workspace& workspace) {
  if (workspace.outputs.has<graph::Graph>()) {
    return;
  }
  need_shard(workspace);
  need_lists(workspace);
  workspace.outputs.put(graph::build_graph(
      workspace.comm,
      layout::partition_of(workspace.outputs.get<cells::Shard>(), workspace.comm.size()),
      workspace.outputs.get<NeighborLists>(), workspace.config.graph));
  workspace.outputs.put<graph::Components>(
      graph::connected_components(workspace.outputs.get<graph::Graph>()));
}

namespace {

/// Collective.
void do_graph(run::Workspace& workspace) {
  need_graph(workspace);
  const graph::Graph& graph = workspace.outputs.get<graph::Graph>();
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
  facts["components"] = workspace.outputs.get<graph::Components>().num_components;
  facts["largest_components"] = workspace.outputs.get<graph::Components>().largest_sizes;
  log::info("stage=graph nodes={} edges={} components={}", graph.num_nodes(), graph.num_edges(),
            workspace.outputs.get<graph::Components>().num_components);
  write_facts(workspace, "graph", facts);
}

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

run::StagePlan plan_graph(const run::PlanInput& in, const run::Rates& rates) {
  const Sizes of{in};
  const double before = shard_bytes(of, 0) + list_bytes(of);
  const double directed = of.nodes * of.k;
  const double meet = directed * kEdgeMeeting;
  const double lay_out = directed * 2 * kEdgeInFlight + of.edges * kEdge + of.nodes * kGraphRow;
  run::StagePlan plan{"graph", static_cast<Count>(before + std::max(meet, lay_out)), 1 << 12,
                      static_cast<Count>(of.ranks * of.graph_ghosts * of.k * kEdgeInFlight), 0};
  plan.seconds = directed * kSortEdge_s + wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

class GraphStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{.name = "graph",
                                                    .stages = {"cells", "knn"},
                                                    .inputs = {},
                                                    .files = {"graph/graph.json"},
                                                    .facts = "graph/graph.json"};
    return kDescription;
  }
  void run(run::Workspace& workspace) const override { do_graph(workspace); }
  [[nodiscard]] run::StagePlan plan(const run::PlanInput& input,
                                    const run::Rates& rates) const override {
    return plan_graph(input, rates);
  }
};

}  // namespace

const run::Stage& graph_stage() {
  static const GraphStage kStage;
  return kStage;
}

}  // namespace kith::stages
