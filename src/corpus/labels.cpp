#include "kith/corpus/labels.hpp"

#include "corpus/class_column.hpp"
#include "corpus/column.hpp"

namespace kith::corpus {

std::vector<Label> read_gold(const Corpus& corpus, const CorpusConfig& config,
                             IdRange<GlobalId> rows) {
  std::vector<Label> gold;
  if (config.gold.empty()) {
    return gold;
  }
  (void)largest_label(corpus, config.gold, rows, corpus.num_classes());
  for (const std::int64_t label : read_class_column(corpus, config.gold, rows)) {
    gold.emplace_back(static_cast<std::int32_t>(label));
  }
  return gold;
}

}  // namespace kith::corpus
