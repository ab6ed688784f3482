/// Connected components of a distributed graph.
#pragma once

#include <span>
#include <vector>

#include "kith/graph/graph.hpp"

namespace kith::graph {

struct Components {
  std::vector<Position> component;   // of each owned node: the smallest position of its component
  Count num_components = 0;          // over all ranks
  std::vector<Count> largest_sizes;  // nodes of the ten largest, descending
};

/// Components that hold none of some nodes.
struct OtherComponents {
  Count num_components = 0;
  Count num_nodes = 0;
  std::vector<Count> largest_sizes;  // nodes of the ten largest, descending
};

/// Collective. Components without any of `nodes` (the same on every rank): labels cannot get there.
[[nodiscard]] OtherComponents components_without(const Graph& graph, const Components& components,
                                                 std::span<const Position> nodes);

/// Collective. Union-find inside a rank, then smallest labels over the halo until nothing changes:
/// rounds grow with the number of ranks that a component winds through, not with its diameter.
[[nodiscard]] Components connected_components(const Graph& graph);

}  // namespace kith::graph
