// The graph in corpus order, for other programs.
#include <algorithm>
#include <cmath>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/io/files.hpp"
#include "kith/io/output_file.hpp"
#include "kith/layout/node_maps.hpp"
#include "kith/layout/position_values.hpp"
#include "kith/run/run.hpp"
#include "kith/run/workspace.hpp"
#include "kith/stages/stages.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/graph/graph_output.hpp"
#include "stages/knn/knn_files.hpp"

namespace kith::stages {
namespace {

/// Collective. The corpus row of every local node, owned and ghost.
std::vector<Count> local_rows(const run::Workspace& workspace) {
  const graph::Graph& graph = workspace.outputs.get<graph::Graph>();
  std::vector<Count> rows(to_size(graph.num_owned() + graph.num_ghosts()), -1);
  const cells::Shard& shard = workspace.outputs.get<cells::Shard>();
  std::transform(shard.rows.begin(), shard.rows.end(), rows.begin(),
                 [](GlobalId row) { return row.value(); });
  graph.halo().push(rows, 1);
  return rows;
}

/// Collective. The rows of the nodes' listed neighbors.
std::vector<Count> neighbor_rows(const run::Workspace& workspace) {
  const cells::Shard& shard = workspace.outputs.get<cells::Shard>();
  std::vector<Count> rows;
  rows.reserve(shard.rows.size());
  std::transform(shard.rows.begin(), shard.rows.end(), std::back_inserter(rows),
                 [](GlobalId row) { return row.value(); });
  return layout::values_at<Count>(workspace.comm,
                                  layout::partition_of(shard, workspace.comm.size()), rows,
                                  workspace.outputs.get<NeighborLists>().neighbors);
}

/// One entry of the symmetric weight matrix, by corpus rows.
struct Entry {
  Count row;
  Count column;
  float weight;
};

/// Collective. The entries of this rank's row block, sorted by row and column.
std::vector<Entry> entries_by_row(const run::Workspace& workspace) {
  const graph::Graph& graph = workspace.outputs.get<graph::Graph>();
  const std::vector<Count> rows = local_rows(workspace);
  std::vector<Entry> mine;
  std::vector<Rank> owners;
  for (LocalId node{0}; node.value() < graph.num_owned(); ++node) {
    const auto columns = graph.neighbors(node);
    const auto weights = graph.weights(node);
    for (std::size_t e = 0; e < columns.size(); ++e) {
      mine.push_back({rows[to_size(node)], rows[to_size(columns[e])], weights[e]});
      owners.push_back(corpus::owner_of(GlobalId{mine.back().row}, workspace.corpus.num_items,
                                        workspace.comm.size()));
    }
  }
  auto entries = comm::exchange_to<Entry>(workspace.comm, mine, owners).items;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair{a.row, a.column} < std::pair{b.row, b.column};
  });
  return entries;
}

void write_affinity(const run::Workspace& workspace, IdRange<GlobalId> block,
                    io::OutputFile& file) {
  const std::vector<Entry> entries = entries_by_row(workspace);
  const Count first = comm::sum_over_lower_ranks(workspace.comm, count_of(entries));
  const Count total = comm::sum_over_ranks(workspace.comm, count_of(entries));
  std::vector<Count> pointers(to_size(block.size()), 0);
  for (const Entry& entry : entries) {
    ++pointers[to_size(entry.row - block.begin.value())];
  }
  Count next = first;
  for (Count& pointer : pointers) {
    next += std::exchange(pointer, next);
  }
  if (workspace.comm.rank().value() == workspace.comm.size() - 1) {
    pointers.push_back(total);
  }
  std::vector<Count> columns;
  std::vector<float> weights;
  for (const Entry& entry : entries) {
    columns.push_back(entry.column);
    weights.push_back(entry.weight);
  }
  file.write_rows<Count>("/affinity/indptr", pointers, block.begin.value(),
                         {workspace.corpus.num_items + 1});
  file.write_rows<Count>("/affinity/indices", columns, first, {total});
  file.write_rows<float>("/affinity/data", weights, first, {total});
}

/// Collective. Of a workspace whose stages are done.
void write_graph(run::Workspace& workspace, const std::string& path) {
  need_graph(workspace);
  const NeighborLists& lists = workspace.outputs.get<NeighborLists>();
  const layout::RowExchange exchange{workspace.comm, workspace.outputs.get<Items>(),
                                     workspace.corpus.num_items};
  std::vector<float> distances;
  for (const float squared : lists.distances) {
    distances.push_back(std::sqrt(squared));
  }
  const std::vector<Count> shape{workspace.corpus.num_items, lists.k};
  const Count first = exchange.block().begin.value();
  auto file = io::OutputFile::create(workspace.comm, path);
  file.write_rows<Count>("/neighbors", exchange.to_rows<Count>(neighbor_rows(workspace), lists.k),
                         first, shape);
  file.write_rows<float>("/distances", exchange.to_rows<float>(distances, lists.k), first, shape);
  write_affinity(workspace, exchange.block(), file);
  file.commit();
}

}  // namespace

void export_graph(const comm::Communicator& comm, const config::Config& config,
                  const std::string& path) {
  comm::on_root(comm, [&] { io::require_new_file(path); });
  run::run(comm, all(), config, "graph");
  run::Workspace workspace = run::open_workspace(comm, all(), config);
  run::open_corpus(workspace);
  write_graph(workspace, path);
}

}  // namespace kith::stages
