/// Corpora made for benchmarks: vectors near curved, low-dimensional manifolds.
#pragma once

#include <string>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::perf {

/// mixture: 64 manifolds, uneven sizes; skewed: a third of the items in one dense spot, the rest in
/// ever larger and thinner manifolds; duplicates: a mixture in which every fifth item repeats an
/// earlier one.
[[nodiscard]] bool is_made_corpus(const std::string& name);

/// num_items x dim, the same on every machine with the same mathematical library.
[[nodiscard]] std::vector<float> make_corpus(const std::string& name, Count num_items, Count dim);

}  // namespace kith::perf
