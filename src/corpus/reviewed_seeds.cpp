#include "corpus/reviewed_seeds.hpp"

#include <algorithm>

#include "kith/core/class_table.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/corpus/ids.hpp"
#include "kith/corpus/ledger.hpp"

namespace kith::corpus {

SeedFile read_reviewed_seeds(const Corpus& corpus, const CorpusConfig& config) {
  const ClassTable classes{corpus.class_names};
  std::vector<ReviewedItem> items = reviewed_items(read_ledger(config.reviews), config.adjudicator);
  std::erase_if(items, [](const ReviewedItem& item) { return !item.has_label(); });
  SeedFile file;
  file.has_ids = corpus.id_kind != IdKind::none && !items.empty() &&
                 std::none_of(items.begin(), items.end(),
                              [](const ReviewedItem& item) { return item.item_id.empty(); });
  for (const ReviewedItem& item : items) {
    const std::string place = place_of(config.reviews, false, item.line_number);
    SeedEntry entry;
    entry.label = classes.find(item.label, place);
    entry.line = item.line_number;
    if (file.has_ids) {
      const auto id = hash_of_id(corpus.id_kind, item.item_id);
      if (!id) {
        fail("{}: id \"{}\" is no id of the corpus", place, quote(item.item_id));
      }
      entry.id = *id;
      file.id_texts.push_back(item.item_id);
    } else {
      entry.row = GlobalId{item.row};
    }
    file.entries.push_back(entry);
  }
  return file;
}

}  // namespace kith::corpus
