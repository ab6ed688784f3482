/// Equal vectors that were given different labels.
#pragma once

#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/corpus/census.hpp"

namespace kith::corpus {

/// Collective. duplicates: of this rank's rows; seeds: all. The groups with seeds of different
/// labels, by the first row of their vector, the same on every rank. Memory: 40 bytes a seed whose
/// vector is not alone.
[[nodiscard]] std::vector<SeedConflict> find_seed_conflicts(
    const comm::Communicator& comm, std::span<const DuplicateItem> duplicates,
    std::span<const Seed> seeds);

}  // namespace kith::corpus
