/// Names of the classes.
#pragma once

#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/corpus/config.hpp"
#include "kith/io/input_file.hpp"

#include "corpus/joined_names.hpp"

namespace kith::corpus {

/// Columns of items' classes that are configured: labels, gold, votes.
[[nodiscard]] std::vector<std::string> class_columns(const CorpusConfig& config);

/// Names that a file gives to its classes: the configured dataset; if nothing is configured,
/// /classes or else the members of columns that are enumerations. Throws Error.
[[nodiscard]] NamesOfFile class_names_of(const CorpusConfig& config, const io::InputFile& file);

/// Names from the text file that corpus.classes names. Throws Error.
[[nodiscard]] std::vector<std::string> read_class_file(const CorpusConfig& config,
                                                       const std::string& first_file);

/// "0", "1", ...
[[nodiscard]] std::vector<std::string> numbered_classes(Count num_classes);

}  // namespace kith::corpus
