#include "kith/corpus/config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kith/core/error.hpp"

namespace kith::corpus {

const char* to_string(Metric metric) {
  switch (metric) {
    case Metric::l2:
      return "l2";
    case Metric::cosine:
      return "cosine";
    case Metric::inner_product:
      return "inner_product";
  }
  return "";
}

void validate(const CorpusConfig& config) {
  if (config.files.empty()) {
    fail("corpus.files is empty, expected paths or globs of HDF5 files");
  }
  if (config.embeddings.empty()) {
    fail("corpus.embeddings is empty, expected the name of the dataset of vectors");
  }
  if (!config.gold.empty() && config.gold == config.labels) {
    fail("corpus.gold = {} is also corpus.labels, but gold labels are never learned from",
         config.gold);
  }
  for (std::size_t i = 0; i < config.slices.size(); ++i) {
    if (std::count(config.slices.begin(), config.slices.end(), config.slices[i]) > 1) {
      fail("corpus.slices = {}: the dataset {} is given twice", fmt::join(config.slices, ", "),
           config.slices[i]);
    }
  }
}

}  // namespace kith::corpus
