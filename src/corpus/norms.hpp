/// The distribution of norms over the whole corpus, exactly.
#pragma once

#include <span>

#include "kith/comm/communicator.hpp"
#include "kith/corpus/census.hpp"

namespace kith::corpus {

/// Collective. norms: of this rank's rows, none negative or NaN; at least one over all ranks.
/// The result is the same for any number of ranks.
[[nodiscard]] NormSummary summarize_norms(const comm::Communicator& comm,
                                          std::span<const float> norms);

}  // namespace kith::corpus
