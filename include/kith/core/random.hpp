/// Counter-based random numbers: every choice is a hash of (seed, purpose, id, draw), so that it
/// depends neither on ranks nor on the order in which items are visited.
#pragma once

#include <cstdint>

#include "kith/core/types.hpp"

namespace kith {

/// What a random number is for. The values are part of every result: never renumber.
enum class Purpose : std::uint64_t {
  training_sample = 1,
  recall_sample = 2,
  seed_fold = 3,
  seed_bootstrap = 4,
  pilot_sample = 5,
  audit_sample = 6,
  statistics_bootstrap = 7,
  tie = 8,
  clustering = 9,
  share_sample = 10,
  weak_seeds = 11,
  reference_sample = 12,
  review_sample = 13,
};

/// 64 uniform random bits (XXH3, Y. Collet).
[[nodiscard]] std::uint64_t random_bits(std::uint64_t seed, Purpose purpose, std::int64_t id,
                                        std::uint64_t draw = 0);

/// Uniform in [0, 1), 53 bits.
[[nodiscard]] double random_uniform(std::uint64_t seed, Purpose purpose, std::int64_t id,
                                    std::uint64_t draw = 0);

/// A 128-bit content hash (XXH3); equal bytes, equal hash.
struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  auto operator<=>(const Hash128&) const = default;
};
[[nodiscard]] Hash128 hash_bytes(const void* data, std::size_t num_bytes);

}  // namespace kith
