#include "whole_lists.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"

#include "support/mpi_world.hpp"

namespace kith::test {

using knn::KnnConfig;

NeighborLists gather(const NeighborLists& mine) {
  return {mine.k, comm::gather_to_all<Position>(world(), mine.neighbors).items,
          comm::gather_to_all<float>(world(), mine.distances).items};
}

NeighborLists build_on_world(const MadeCorpus& corpus, const KnnConfig& config, Dealing dealing) {
  const cells::Shard shard = make_shard(world(), corpus, dealing);
  return gather(build_neighbors(shard, config).lists);
}

Alone::Alone(const MadeCorpus& corpus)
    : self_{comm::Communicator::duplicate(MPI_COMM_SELF)}, shard_{make_shard(self_, corpus)} {
}

NeighborLists Alone::build(const KnnConfig& config) const {
  return build_neighbors(shard_, config).lists;
}

NeighborLists Alone::all(int k) const {
  return slow_neighbors(shard_, k, [](Count, Count) { return true; });
}

NeighborLists Alone::probed(int k) const {
  return slow_neighbors(shard_, k, [this](Count query, Count node) {
    const auto first = shard_.probes.begin() + query * shard_.num_probes;
    const CellId cell = shard_.layout.cell_at(Position{node});
    return std::find(first, first + shard_.num_probes, cell) != first + shard_.num_probes;
  });
}

NeighborLists Alone::probed_or_all(int k) const {
  NeighborLists lists = probed(k);
  const NeighborLists all_others = all(k);
  for (Count first = 0; first < count_of(lists.neighbors); first += k) {
    if (lists.neighbors[to_size(first + k - 1)].is_none()) {
      std::copy_n(all_others.neighbors.begin() + first, k, lists.neighbors.begin() + first);
      std::copy_n(all_others.distances.begin() + first, k, lists.distances.begin() + first);
    }
  }
  return lists;
}

void expect_same(const NeighborLists& lists, const NeighborLists& expected,
                 const std::string& what) {
  EXPECT_TRUE(lists.neighbors == expected.neighbors) << what;
  EXPECT_TRUE(lists.distances == expected.distances) << what;
}

double share_found(const NeighborLists& lists, const NeighborLists& exact) {
  Count found = 0;
  const Count k = lists.k;
  for (Count i = 0; i < count_of(exact.neighbors); ++i) {
    const auto first = lists.neighbors.begin() + i / k * k;
    found += std::find(first, first + k, exact.neighbors[to_size(i)]) != first + k ? 1 : 0;
  }
  return static_cast<double>(found) / static_cast<double>(count_of(exact.neighbors));
}

}  // namespace kith::test
