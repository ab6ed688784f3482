/// The smallest of very many values, or those at given ranks, without gathering or sorting them.
///
/// Exact radix select: a few allreduces of 2,048 counts for each group or index; the same for any
/// number of ranks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"

namespace kith::comm {

struct Candidate {
  float key = 0;           // not NaN
  std::int32_t group = 0;  // 0..number of groups - 1
  std::int64_t id = 0;     // the item's; decides between equal keys
};

/// Collective. Chooses in each group g the wanted[g] candidates with the smallest keys (all, if
/// there are fewer); equal keys are cut by hash(seed, id), then by id. candidates: this rank's;
/// wanted: the same on every rank. Returns one flag a candidate. Memory beside the candidates: one
/// index each.
[[nodiscard]] std::vector<std::uint8_t> choose_smallest(const Communicator& comm,
                                                        std::span<const Candidate> candidates,
                                                        std::span<const Count> wanted,
                                                        std::uint64_t seed);

/// Collective. What stands at each index (from 0) when the values of all ranks are sorted, the
/// smallest first. mine: this rank's, none NaN; indices: the same on every rank, each below the
/// number of all values.
[[nodiscard]] std::vector<float> order_statistics(const Communicator& comm,
                                                  std::span<const float> mine,
                                                  std::span<const Count> indices);

}  // namespace kith::comm
