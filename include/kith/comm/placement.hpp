/// Which rank runs where, with how many threads on which cores.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/where.hpp"

namespace kith::comm {

/// Where one rank is.
struct RankPlace {
  static constexpr int kMostCores = 1024;

  std::array<char, 64> host{};  // ends with a zero
  int threads = 0;              // that its loops use
  int blas_threads = 0;         // that a call of BLAS would start; 0 = not known
  int cores_of_node = 0;        // online
  std::array<std::uint64_t, kMostCores / 64> may_use{};  // cores, as bits

  [[nodiscard]] int num_cores() const;
};

struct Placement {
  std::vector<RankPlace> ranks;

  [[nodiscard]] std::vector<std::string> hosts() const;  // each once, sorted
};

/// Collective. The same on every rank. threads: of this rank; blas_threads: 0 = not known.
[[nodiscard]] Placement find_placement(const Communicator& comm, int threads, int blas_threads,
                                       Where where = Where::here());

/// "nodes=2 ranks=8 ranks_per_node=4 threads=16 cores_per_rank=16 pinned=yes".
[[nodiscard]] std::string to_line(const Placement& placement);

/// One sentence for each thing that makes a run slow: more threads than cores on a node or in a
/// rank's share, ranks pinned to the same cores, BLAS with threads of its own in several ranks.
[[nodiscard]] std::vector<std::string> warnings(const Placement& placement);

}  // namespace kith::comm
