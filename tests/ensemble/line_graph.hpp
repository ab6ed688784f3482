/// A small graph for tests.
#pragma once

#include <vector>

#include "kith/graph/graph.hpp"

#include "support/mpi_world.hpp"

namespace kith::ensemble::test {

/// Collective. Nodes on a line, shared evenly among the ranks.
inline graph::Graph make_line(int count) {
  const comm::Communicator& comm = kith::test::world();
  std::vector<Position> first;
  for (int rank = 0; rank <= comm.size(); ++rank) {
    first.emplace_back(Count{count} * rank / comm.size());
  }
  NeighborLists lists{1, {}, {}};
  for (Count i = first[to_size(comm.rank())].value(); i < first[to_size(comm.rank()) + 1].value();
       ++i) {
    lists.neighbors.emplace_back(i + 1 < count ? i + 1 : i - 1);
    lists.distances.push_back(1);
  }
  return graph::build_graph(comm, first, lists, graph::GraphConfig{});
}

}  // namespace kith::ensemble::test
