#include "kith/graph/graph.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/parallel.hpp"

namespace kith::graph {
namespace {

constexpr Count kRowsPerChunk = 4096;
// An edge however long keeps a weight: nothing that was a neighbor falls out of the graph.
constexpr float kSmallestWeight = 1e-30F;

/// Neighbor `to` of node `from`, as one end or the other listed it.
struct Edge {
  Position from;
  Position to;
  float squared_distance;
  std::int32_t lists;  // 1: `from` lists `to`; 2: `to` lists `from`; 3: both
};

Rank owner_of(std::span<const Position> first_of_rank, Position node) {
  const auto next = std::upper_bound(first_of_rank.begin(), first_of_rank.end() - 1, node);
  return Rank{static_cast<int>(next - first_of_rank.begin()) - 1};
}

/// Collective. The edges that others' lists lead to owned nodes.
std::vector<Edge> receive_reversed(const comm::Communicator& comm,
                                   std::span<const Position> first_of_rank,
                                   const NeighborLists& lists) {
  const Position begin = first_of_rank[to_size(comm.rank())];
  std::vector<Edge> reversed;
  std::vector<Rank> owners;
  reversed.reserve(lists.neighbors.size());
  owners.reserve(lists.neighbors.size());
  for (std::size_t i = 0; i < lists.neighbors.size(); ++i) {
    const Position from{begin.value() + static_cast<Count>(i) / lists.k};
    reversed.push_back({lists.neighbors[i], from, lists.distances[i], 2});
    owners.push_back(owner_of(first_of_rank, lists.neighbors[i]));
  }
  return comm::exchange_to<Edge>(comm, reversed, owners).items;
}

/// Collective. Edges of owned nodes in both directions, sorted by (from, to), each pair once.
std::vector<Edge> collect_edges(const comm::Communicator& comm,
                                std::span<const Position> first_of_rank,
                                const NeighborLists& lists) {
  const Position begin = first_of_rank[to_size(comm.rank())];
  std::vector<Edge> edges = receive_reversed(comm, first_of_rank, lists);
  release_free_memory();  // what was sent must not lie beside the edges
  edges.reserve(edges.size() + lists.neighbors.size());
  for (std::size_t i = 0; i < lists.neighbors.size(); ++i) {
    const Position from{begin.value() + static_cast<Count>(i) / lists.k};
    edges.push_back({from, lists.neighbors[i], lists.distances[i], 1});
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    return std::tie(a.from, a.to, a.lists) < std::tie(b.from, b.to, b.lists);
  });
  std::size_t kept = 0;
  for (const Edge& edge : edges) {
    if (kept > 0 && edges[kept - 1].from == edge.from && edges[kept - 1].to == edge.to) {
      edges[kept - 1].lists |= edge.lists;
    } else {
      edges[kept++] = edge;
    }
  }
  edges.resize(kept);
  release_free_memory();
  return edges;
}

/// Fills offsets, columns and ghosts from sorted edges.
void lay_out_rows(std::span<const Edge> edges, IdRange<Position> owned, Graph::Rows& rows) {
  rows.offsets.assign(to_size(owned.size()) + 1, 0);
  for (const Edge& edge : edges) {
    ++rows.offsets[to_size(edge.from.value() - owned.begin.value()) + 1];
    if (!owned.contains(edge.to)) {
      rows.ghosts.push_back(edge.to);
    }
  }
  for (std::size_t row = 1; row < rows.offsets.size(); ++row) {
    rows.offsets[row] += rows.offsets[row - 1];
  }
  std::sort(rows.ghosts.begin(), rows.ghosts.end());
  rows.ghosts.erase(std::unique(rows.ghosts.begin(), rows.ghosts.end()), rows.ghosts.end());
  (void)narrow<std::int32_t>(owned.size() + count_of(rows.ghosts), "nodes of a rank");
  rows.columns.reserve(edges.size());
  for (const Edge& edge : edges) {
    Count column = edge.to.value() - owned.begin.value();
    if (!owned.contains(edge.to)) {
      const auto ghost = std::lower_bound(rows.ghosts.begin(), rows.ghosts.end(), edge.to);
      column = owned.size() + (ghost - rows.ghosts.begin());
    }
    rows.columns.emplace_back(static_cast<std::int32_t>(column));
  }
}

/// Collective. Each local node's scale: the distance to its scale_neighbor-th neighbor.
std::vector<float> local_scales(const NeighborLists& lists, const GraphConfig& config,
                                const Graph::Rows& rows) {
  const Count num_owned = count_of(rows.offsets) - 1;
  const Count which = std::min(config.scale_neighbor, lists.k) - 1;
  std::vector<float> scales(to_size(num_owned) + rows.ghosts.size(), 0.0F);
  for (Count row = 0; row < num_owned; ++row) {
    scales[to_size(row)] = std::sqrt(lists.distances[to_size(row * lists.k + which)]);
  }
  rows.halo.push(scales, 1);
  return scales;
}

/// The same bits for (i, j) and (j, i): the product of the scales commutes.
float gaussian_weight(float squared_distance, float scale, float other_scale) {
  const double width = double{scale} * double{other_scale};
  if (squared_distance == 0.0F) {
    return 1.0F;
  }
  const double weight = width > 0 ? std::exp(-double{squared_distance} / width) : 0.0;
  return std::max(static_cast<float>(weight), kSmallestWeight);
}

void weigh_edges(std::span<const Edge> edges, std::span<const float> scales, bool halves_one_sided,
                 Graph::Rows& rows) {
  rows.weights.resize(edges.size());
  rows.degrees.resize(rows.offsets.size() - 1);
  parallel_for(count_of(rows.degrees), kRowsPerChunk, [&](Count begin, Count end) {
    for (Count row = begin; row < end; ++row) {
      double degree = 0;
      for (Count e = rows.offsets[to_size(row)]; e < rows.offsets[to_size(row) + 1]; ++e) {
        const Edge& edge = edges[to_size(e)];
        float weight = 1;
        if (!scales.empty()) {
          weight = gaussian_weight(edge.squared_distance, scales[to_size(row)],
                                   scales[to_size(rows.columns[to_size(e)])]);
        }
        weight *= halves_one_sided && edge.lists != 3 ? 0.5F : 1.0F;
        rows.weights[to_size(e)] = weight;
        degree += double{weight};
      }
      rows.degrees[to_size(row)] = degree;
    }
  });
}

}  // namespace

Position Graph::position(LocalId node) const {
  return node.value() < num_owned() ? Position{owned_.begin.value() + node.value()}
                                    : rows_.ghosts[to_size(Count{node.value()} - num_owned())];
}

LocalId Graph::local_id(Position node) const {
  if (owned_.contains(node)) {
    return LocalId{static_cast<std::int32_t>(node.value() - owned_.begin.value())};
  }
  const auto ghost = std::lower_bound(rows_.ghosts.begin(), rows_.ghosts.end(), node);
  return ghost != rows_.ghosts.end() && *ghost == node
             ? LocalId{static_cast<std::int32_t>(num_owned() + (ghost - rows_.ghosts.begin()))}
             : LocalId{};
}

Graph build_graph(const comm::Communicator& comm, std::span<const Position> first_of_rank,
                  const NeighborLists& lists, const GraphConfig& config) {
  const auto me = to_size(comm.rank());
  const IdRange<Position> owned{first_of_rank[me], first_of_rank[me + 1]};
  std::vector<Edge> edges = collect_edges(comm, first_of_rank, lists);
  if (config.symmetrize == "mutual") {
    std::erase_if(edges, [](const Edge& edge) { return edge.lists != 3; });
  }
  Graph::Rows rows;
  lay_out_rows(edges, owned, rows);
  rows.halo = Halo{comm, first_of_rank, rows.ghosts};
  rows.num_edges = comm::sum_over_ranks(comm, count_of(edges));
  const std::vector<float> scales =
      config.weights == "gaussian" ? local_scales(lists, config, rows) : std::vector<float>{};
  weigh_edges(edges, scales, config.symmetrize == "mean", rows);
  return Graph{comm, owned, Count{first_of_rank.back().value()}, std::move(rows)};
}

HaloRows count_halo_rows(const Graph& graph) {
  const double others = graph.comm().size() - 1;
  ExactSum sum;
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const auto edges = static_cast<double>(graph.neighbors(row).size());
    sum.add(others * (1 - std::pow(others / (others + 1), edges)));
  }
  std::vector<ExactSum> sums{sum};
  comm::sum_over_ranks(graph.comm(), std::span{sums});
  return {comm::sum_over_ranks(graph.comm(), graph.halo().bytes_sent(1)), sums[0].value()};
}

}  // namespace kith::graph
