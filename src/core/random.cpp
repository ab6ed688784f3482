#include "kith/core/random.hpp"

#include <xxhash.h>

#include <array>

namespace kith {

std::uint64_t random_bits(std::uint64_t seed, Purpose purpose, std::int64_t id,
                          std::uint64_t draw) {
  const std::array<std::uint64_t, 3> counter{static_cast<std::uint64_t>(purpose),
                                             static_cast<std::uint64_t>(id), draw};
  return XXH3_64bits_withSeed(counter.data(), sizeof(counter), seed);
}

double random_uniform(std::uint64_t seed, Purpose purpose, std::int64_t id, std::uint64_t draw) {
  return static_cast<double>(random_bits(seed, purpose, id, draw) >> 11U) * 0x1p-53;
}

Hash128 hash_bytes(const void* data, std::size_t num_bytes) {
  const XXH128_hash_t hash = XXH3_128bits(data, num_bytes);
  return {hash.low64, hash.high64};
}

}  // namespace kith
