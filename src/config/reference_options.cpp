#include "config/reference_options.hpp"

#include "config/option_kinds.hpp"

namespace kith::config {

void append_reference_options(std::vector<Option>& table) {
  table.push_back(list(
      "reference.files", "", [](Config & c) -> auto& { return c.reference.files; },
      "paths or globs, separated by commas, or nothing",
      "HDF5 files of another corpus, of which labels are known: heads on corpus.embeddings learn "
      "from it"));
  table.push_back(text(
      "reference.embeddings", "", [](Config & c) -> auto& { return c.reference.embeddings; },
      "dataset name", "its vectors, made as corpus.embeddings are"));
  table.push_back(text(
      "reference.labels", "", [](Config & c) -> auto& { return c.reference.labels; },
      "dataset name or nothing", "its labels: a class or -1"));
  table.push_back(text(
      "reference.seeds", "", [](Config & c) -> auto& { return c.reference.seeds; },
      "path or nothing", "or a file that has them, as corpus.seeds"));
  table.push_back(text(
      "reference.classes", "", [](Config & c) -> auto& { return c.reference.classes; },
      "dataset name, path or nothing",
      "names of its classes, in order; a class is one of the corpus if it has the same name"));
  table.push_back(number<Count>(
      "reference.items", "reference", [](Config & c) -> auto& { return c.reference.items; },
      {1, 1'000'000}, "its labeled items that are learned from, at most, chosen at random"));
  table.push_back(number<double>(
      "reference.weight", "reference", [](Config & c) -> auto& { return c.reference.weight; },
      {1e-6, 1, true},
      "what such an item counts beside a seed; 0: as held-out seeds say, which may be nothing; "
      "without seeds: 1"));
}

}  // namespace kith::config
