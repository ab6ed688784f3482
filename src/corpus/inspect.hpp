/// What one rank learns from the heads of all files.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::corpus {

/// Before the label columns are scanned.
struct Inspection {
  Corpus corpus;
  std::vector<std::string> text_columns;  // of classes or groups that are stored as strings
  Count prob_classes = 0;                 // in files that name no classes; 0 = none there
  std::string prob_file;                  // where that number was found
  std::string u64_id_file;                // a file with ids of 64 bits and no sign, if any
  std::string signed_id_file;             // a file with ids that have one
  Count largest_seed_label = -1;          // of the seed file, if classes have no names

  [[nodiscard]] bool is_text(const std::string& column) const {
    return std::find(text_columns.begin(), text_columns.end(), column) != text_columns.end();
  }
};

/// Opens every file; looks at names, shapes and types, and reads the names of classes and the seed
/// file. Local; throws Error.
[[nodiscard]] Inspection inspect(const CorpusConfig& config);

}  // namespace kith::corpus
