/// The graph's edges: for every node its k nearest nodes.
#pragma once

#include <string>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/comm/checkpoint.hpp"
#include "kith/core/neighbor_lists.hpp"
#include "kith/core/types.hpp"

namespace kith::knn {

struct KnnConfig {
  int k = 10;                    // 1..1024, below the number of nodes
  int refine_rounds = 1;         // 0..10
  std::string method = "cells";  // cells | exact | faiss:<index_factory string>
  Count memory_bytes = 0;        // for copies of other ranks' cells; 0 = no limit
  double unit_flops = 1e12;      // of a thread: how much scanning lies between two offers
  comm::Checkpoint* checkpoint =
      nullptr;  // offered to after units of work, gone on from at the start
};

/// Throws Error with one sentence.
void validate(const KnnConfig& config);

/// The string behind "faiss:"; empty with another method.
[[nodiscard]] std::string faiss_factory(const KnnConfig& config);

/// The same on every rank.
struct KnnStats {
  int num_waves = 0;           // how often ghost cells were exchanged for the scan
  Count ghost_bytes = 0;       // vectors that crossed between ranks, all ranks together
  double scan_flops = 0;       // multiplications and additions of the scan, all ranks together
  double scan_s = 0;           // largest over ranks, fetching included
  Count refine_distances = 0;  // computed in all refine rounds, all ranks together
  double refine_s = 0;         // largest over ranks, fetching included
  Count widened_nodes = 0;     // had fewer than k nodes in their probe cells
  double imbalance = 1;        // scan work of the busiest rank over the mean
};

struct KnnResult {
  NeighborLists lists;
  KnnStats stats;
};

/// Collective. Finds every node's k nearest nodes.
///
/// "cells" compares each node with all nodes of its probe cells and keeps the k nearest, then, in
/// each refine round, with its neighbors' neighbors and with those that have it as a neighbor, as
/// far as they live in a cell that some node of its home cell probes: NN-descent (Dong, Moses and
/// Li, WWW 2011) without messages for single vectors. Result: the same bytes for any number of
/// ranks, threads and waves. "exact" compares everything with everything. "faiss:<factory>" builds
/// that FAISS index on each rank over its own and its ghost cells, for comparison: its result
/// depends on the number of ranks.
///
/// Under inner_product the k largest inner products are chosen, and lists are sorted by them;
/// `distances` is the squared Euclidean distance under every metric.
/// Memory beside the shard: a packed copy of owned vectors, two copies of the ghost cells of one
/// wave, and 32 bytes x k a node. Throws CollectiveError if k is not below the number of nodes.
[[nodiscard]] KnnResult build_neighbors(const cells::Shard& shard, const KnnConfig& config);

}  // namespace kith::knn
