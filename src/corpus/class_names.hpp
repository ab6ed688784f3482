/// Names of the classes.
#pragma once

#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/corpus/config.hpp"

namespace kith::corpus {

/// Names from the configured dataset or text file, or from /classes of the first file if nothing is
/// configured; empty if there are none. Throws Error.
[[nodiscard]] std::vector<std::string> read_class_names(const CorpusConfig& config,
                                                        const std::string& first_file);

/// "0", "1", ...
[[nodiscard]] std::vector<std::string> numbered_classes(Count num_classes);

}  // namespace kith::corpus
