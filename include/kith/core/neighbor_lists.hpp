/// k nearest neighbors, as they are found and as a graph is made of them.
#pragma once

#include <vector>

#include "kith/core/types.hpp"

namespace kith {

/// A rank's owned nodes x k: each node's list sorted by (distance, position), never the node
/// itself.
struct NeighborLists {
  int k = 0;
  std::vector<Position> neighbors;
  std::vector<float> distances;  // squared Euclidean
};

}  // namespace kith
