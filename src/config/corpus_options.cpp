#include "config/corpus_options.hpp"

#include "kith/corpus/labels.hpp"

#include "config/option_kinds.hpp"

namespace kith::config {

using corpus::Metric;

namespace {

template <class Field>
void append_text(std::vector<Option>& table, const char* key, Field field, const char* range,
                 std::string help) {
  table.push_back(text(std::string{"corpus."} + key, "", field, range, std::move(help)));
}

void append_voters(std::vector<Option>& table) {
  append_text(
      table, "votes", [](Config & c) -> auto& { return c.corpus.votes; }, "dataset name or nothing",
      "votes of external voters: N x M classes, -1 = abstains; names in the attribute names");
  append_text(
      table, "answers", [](Config & c) -> auto& { return c.corpus.answers; }, "path or nothing",
      "votes as a long table, of annotators: CSV with header item|row|id,annotator,label[,time], "
      "or "
      "HDF5 with these fields in /answers");
  append_text(
      table, "probs", [](Config & c) -> auto& { return c.corpus.probs; }, "group name or nothing",
      "probabilities of external voters: one N x K dataset a voter");
  append_text(
      table, "prototypes", [](Config & c) -> auto& { return c.corpus.prototypes; },
      "dataset name or nothing",
      "class vectors for heads of method prototypes, K x d: no need of seeds then; else means");
}

/// What people see of an item.
void append_previews(std::vector<Option>& table) {
  append_text(
      table, "text", [](Config & c) -> auto& { return c.corpus.text; }, "dataset name or nothing",
      "texts of the items, N strings: shown in reports and to who reviews, never learned from");
  append_text(
      table, "uri", [](Config & c) -> auto& { return c.corpus.uri; }, "dataset name or nothing",
      "where the items lie, N strings: shown like corpus.text");
  append_text(
      table, "image", [](Config & c) -> auto& { return c.corpus.image; }, "dataset name or nothing",
      "pictures, N x H x W or N x H x W x 3 of u8: shown like corpus.text");
}

}  // namespace

void append_corpus_options(std::vector<Option>& table) {
  table.push_back(list(
      "corpus.files", "", [](Config & c) -> auto& { return c.corpus.files; },
      "paths or globs, separated by commas",
      "HDF5 files of the corpus, one after another as listed; those of a glob as people count: 2 "
      "before 10"));
  append_text(
      table, "embeddings", [](Config & c) -> auto& { return c.corpus.embeddings; }, "dataset name",
      "the vectors: N x d of f32, f16, f64, u8 or i8");
  append_text(
      table, "ids", [](Config & c) -> auto& { return c.corpus.ids; }, "dataset name or nothing",
      "ids, integers or strings, one an item; used where the corpus has them");
  table.push_back(choice<Metric>(
      "corpus.metric", "check, cells", [](Config & c) -> auto& { return c.corpus.metric; },
      {{"l2", Metric::l2}, {"cosine", Metric::cosine}, {"inner_product", Metric::inner_product}},
      "what near means"));
  append_text(
      table, "labels", [](Config & c) -> auto& { return c.corpus.labels; },
      "dataset name or nothing", "seeds as a column of the corpus: a class or -1");
  append_text(
      table, "seeds", [](Config & c) -> auto& { return c.corpus.seeds; }, "path or nothing",
      fmt::format("seeds as a file: CSV with header row|id,label[,weight], or HDF5 with /seeds; a "
                  "weight is in {}",
                  corpus::kSeedWeights.text()));
  append_text(
      table, "reviews", [](Config & c) -> auto& { return c.corpus.reviews; }, "path or nothing",
      "seeds that people give: the CSV that kith review export and import keep; it need not be "
      "there "
      "yet");
  append_text(
      table, "adjudicator", [](Config & c) -> auto& { return c.corpus.adjudicator; },
      "a name or nothing",
      "the annotator in corpus.reviews whose label counts where they disagree; nothing: the "
      "majority's");
  append_text(
      table, "gold", [](Config & c) -> auto& { return c.corpus.gold; }, "dataset name or nothing",
      "known labels that are only measured with: a class or -1");
  append_text(
      table, "classes", [](Config & c) -> auto& { return c.corpus.classes; },
      "dataset name, path or nothing", "names of the classes, in order");
  append_voters(table);
  append_previews(table);
  table.push_back(yes_no(
      "corpus.allow_missing_classes", "check",
      [](Config & c) -> auto& { return c.corpus.allow_missing_classes; },
      "go on when a class has no seed; no item will get it"));
  table.push_back(yes_no(
      "corpus.soft_seeds", "check, propagate",
      [](Config & c) -> auto& { return c.corpus.soft_seeds; },
      "a row may be given several labels, with weights: a seed of which the label is not sure"));
  table.push_back(list(
      "corpus.slices", "", [](Config & c) -> auto& { return c.corpus.slices; },
      "dataset names, separated by commas, or nothing",
      "groups to compare: columns of the corpus that give an item's group, -1 = none; names of the "
      "groups in the attribute names"));
}

}  // namespace kith::config
