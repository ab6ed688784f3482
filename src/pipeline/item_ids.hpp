/// The ids that the corpus gives its items.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/corpus/labels.hpp"

namespace kith::pipeline {

/// Collective. Ids of these rows as text, in their order; empty if the corpus has no ids. rows: the
/// same on every rank, and the result too. Reads each rank's block of ids once.
[[nodiscard]] std::vector<std::string> id_texts(const comm::Communicator& comm,
                                                const corpus::Corpus& corpus,
                                                const corpus::CorpusConfig& config,
                                                std::span<const Count> rows);

}  // namespace kith::pipeline
