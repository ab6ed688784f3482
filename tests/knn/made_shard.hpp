/// Shards made from random vectors without files, and slow references.
#pragma once

#include <functional>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/knn/knn.hpp"

namespace kith::test {

/// What the vectors are made of. All but the first are corpora of ties.
enum class Values {
  scattered,  // around ten centers
  sparse,     // 0 and a few 1
  one_hot,    // one component is not 0, of one of three sizes
  grid,       // 0, 1, 2 or 3
  scaled,     // 12 directions, each in many lengths
};

struct MadeCorpus {
  Count num_nodes = 400;
  Count dim = 8;
  Count num_cells = 13;
  int num_probes = 4;
  corpus::Metric metric = corpus::Metric::l2;
  std::uint64_t seed = 1;
  double shift = 0;                                 // added to every component
  Count num_equal = 0;                              // the first so many nodes are one vector
  distance::RowType type = distance::RowType::f32;  // f16 rounds the vectors
  Values values = Values::scattered;
  double far = 0;  // added to the first component of node 5, scattered values only
};

/// Which ranks get cells.
enum class Dealing { even, all_to_last };

/// This rank's part of the corpus; under cosine vectors have unit length. Cells are regions of
/// sample vectors, not of equal size.
[[nodiscard]] cells::Shard make_shard(const comm::Communicator& comm, const MadeCorpus& corpus,
                                      Dealing dealing = Dealing::even);

using MayUse = std::function<bool(Count query, Count candidate)>;

/// The k nearest of the candidates that `may_use(query, candidate)` admits, for every node of a
/// shard that holds the whole corpus, by direct distances, one after another.
[[nodiscard]] NeighborLists slow_neighbors(const cells::Shard& whole, int k, const MayUse& may_use);

}  // namespace kith::test
