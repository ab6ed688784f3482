/// Another corpus, of which labels are known: what [reference] names.
#pragma once

#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/config/config.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::run {

/// Collective. That corpus, as corpus::describe() knows it. Throws CollectiveError with one
/// sentence, also if its vectors are of another length than the corpus's, or if none of its classes
/// has the name of one of the corpus's.
[[nodiscard]] corpus::Corpus describe_reference(const comm::Communicator& comm,
                                                const config::Config& config,
                                                const corpus::Corpus& corpus);

/// A sentence about a corpus, with the keys of the reference in place of the corpus's.
[[nodiscard]] std::string of_reference(std::string sentence);

/// The class of the corpus that has the same name as each class of the reference; none if there is
/// no such one. Spaces around names do not count.
[[nodiscard]] std::vector<Label> match_classes(const corpus::Corpus& reference,
                                               const corpus::Corpus& corpus);

}  // namespace kith::run
