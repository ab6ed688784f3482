/// The smallest of very many, without gathering or sorting them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"

namespace kith::qa {

struct Candidate {
  float key = 0;           // not NaN
  std::int32_t group = 0;  // 0..number of groups - 1
  std::int64_t id = 0;     // the item's; decides between equal keys
};

/// Collective. Chooses in each group g the wanted[g] candidates with the smallest keys (all, if
/// there are fewer); equal keys are cut by hash(seed, id), then by id. candidates: this rank's;
/// wanted: the same on every rank. Returns one flag a candidate.
///
/// Exact radix select: a few allreduces of 2048 counts a group, memory beside the candidates: one
/// index each.
[[nodiscard]] std::vector<std::uint8_t> choose_smallest(const comm::Communicator& comm,
                                                        std::span<const Candidate> candidates,
                                                        std::span<const Count> wanted,
                                                        std::uint64_t seed);

}  // namespace kith::qa
