/// The symmetric weighted neighbor graph, distributed over ranks by position.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/neighbor_lists.hpp"
#include "kith/core/types.hpp"
#include "kith/graph/halo.hpp"

namespace kith::graph {

struct GraphConfig {
  std::string symmetrize = "union";  // union | mean (one-sided edges weigh half) | mutual
  std::string weights = "gaussian";  // gaussian | binary
  int scale_neighbor = 7;            // whose distance is a node's local scale; at most k is used
};

/// One rank's rows of the graph. Ids: LocalId 0..num_owned-1 are owned nodes in position order,
/// then come ghosts in position order; only position() and local_id() convert. A row's edges are
/// sorted by the neighbor's position, so that sums in stored order are the same at any number of
/// ranks. Weights are positive and the same bits in both directions; no self edges. Move-only.
class Graph {
 public:
  struct Rows {
    std::vector<Count> offsets;  // owned + 1
    std::vector<LocalId> columns;
    std::vector<float> weights;
    std::vector<double> degrees;   // owned; sum of weights in stored order
    std::vector<Position> ghosts;  // ascending
    Halo halo;
    Count num_edges = 0;  // over all ranks, each direction counted
  };
  Graph(const comm::Communicator& comm, IdRange<Position> owned, Count num_nodes, Rows rows)
      : comm_{&comm}, owned_{owned}, num_nodes_{num_nodes}, rows_{std::move(rows)} {}
  Graph(Graph&&) noexcept = default;
  Graph& operator=(Graph&&) noexcept = default;
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph() = default;

  [[nodiscard]] const comm::Communicator& comm() const { return *comm_; }
  [[nodiscard]] IdRange<Position> owned() const { return owned_; }
  [[nodiscard]] Count num_owned() const { return owned_.size(); }
  [[nodiscard]] Count num_ghosts() const { return count_of(rows_.ghosts); }
  [[nodiscard]] Count num_nodes() const { return num_nodes_; }
  [[nodiscard]] Count num_edges() const { return rows_.num_edges; }

  [[nodiscard]] std::span<const LocalId> neighbors(LocalId row) const {
    return std::span{rows_.columns}.subspan(first_edge(row), num_row_edges(row));
  }
  [[nodiscard]] std::span<const float> weights(LocalId row) const {
    return std::span{rows_.weights}.subspan(first_edge(row), num_row_edges(row));
  }
  [[nodiscard]] double degree(LocalId row) const { return rows_.degrees[to_size(row)]; }
  [[nodiscard]] const Halo& halo() const { return rows_.halo; }

  [[nodiscard]] Position position(LocalId node) const;
  /// None if the node is neither owned nor a ghost here.
  [[nodiscard]] LocalId local_id(Position node) const;

  /// The CSR arrays themselves, for the kernels.
  [[nodiscard]] std::span<const Count> offsets() const { return rows_.offsets; }
  [[nodiscard]] std::span<const LocalId> columns() const { return rows_.columns; }
  [[nodiscard]] std::span<const float> weights() const { return rows_.weights; }

 private:
  [[nodiscard]] std::size_t first_edge(LocalId row) const {
    return to_size(rows_.offsets[to_size(row)]);
  }
  [[nodiscard]] std::size_t num_row_edges(LocalId row) const {
    return to_size(rows_.offsets[to_size(row) + 1]) - first_edge(row);
  }

  const comm::Communicator* comm_;
  IdRange<Position> owned_;
  Count num_nodes_;
  Rows rows_;
};

/// Rows that one halo push sends, all ranks together, and what it would send if every node were on
/// a random rank: sum over nodes of (R - 1) (1 - (1 - 1/R)^edges) for R ranks.
struct HaloRows {
  Count sent = 0;
  double if_random = 0;
};
/// Collective.
[[nodiscard]] HaloRows count_halo_rows(const Graph& graph);

/// Collective. k-nearest-neighbor lists to a symmetric graph. first_of_rank: first position of each
/// rank, and the end. Gaussian weights: exp(-d_ij^2 / (s_i s_j)), s_i the distance of node i to its
/// scale_neighbor-th neighbor (L. Zelnik-Manor, P. Perona, "Self-tuning spectral clustering",
/// NeurIPS 2004, section 2). Cost: one exchange of the edges, one sort. comm must outlive the
/// graph.
[[nodiscard]] Graph build_graph(const comm::Communicator& comm,
                                std::span<const Position> first_of_rank, const NeighborLists& lists,
                                const GraphConfig& config);

}  // namespace kith::graph
