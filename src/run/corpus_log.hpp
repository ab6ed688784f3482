/// What the log says of the corpus at each start.
#pragma once

#include "kith/corpus/corpus.hpp"

namespace kith::run {

/// Writes the files in their order, each with its first row; of many the first and the last ones.
void log_files(const corpus::Corpus& corpus);

}  // namespace kith::run
