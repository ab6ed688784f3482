/// What the log says of the corpus at each start.
#pragma once

#include <string>
#include <vector>

#include "kith/corpus/census.hpp"

namespace kith::pipeline {

/// Writes the files in their order, each with its first row; of many the first and the last ones.
void log_files(const corpus::Corpus& corpus);

/// What may be wrong with the inputs although a run is possible; each a sentence.
[[nodiscard]] std::vector<std::string> find_warnings(const corpus::Corpus& corpus,
                                                     const corpus::Census& census);

}  // namespace kith::pipeline
