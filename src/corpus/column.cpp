#include "corpus/column.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "kith/core/error.hpp"

#include "corpus/class_column.hpp"

namespace kith::corpus {

template <class T>
std::vector<T> read_column(const Corpus& corpus, const std::string& dataset, IdRange<GlobalId> rows,
                           Count width) {
  std::vector<T> values(to_size(rows.size() * width));
  for_each_file(corpus, rows, [&](const FileExtent& file, IdRange<GlobalId> here) {
    io::InputFile{file.path}.read_rows<T>(dataset, here.begin.value() - file.first_row.value(),
                                          part_of(values, rows, here, width));
  });
  return values;
}

template std::vector<float> read_column(const Corpus&, const std::string&, IdRange<GlobalId>,
                                        Count);
template std::vector<std::int16_t> read_column(const Corpus&, const std::string&, IdRange<GlobalId>,
                                               Count);
template std::vector<std::int64_t> read_column(const Corpus&, const std::string&, IdRange<GlobalId>,
                                               Count);
template std::vector<std::uint64_t> read_column(const Corpus&, const std::string&,
                                                IdRange<GlobalId>, Count);

std::vector<std::string> read_text_column(const Corpus& corpus, const std::string& dataset,
                                          IdRange<GlobalId> rows) {
  std::vector<std::string> texts;
  for_each_file(corpus, rows, [&](const FileExtent& file, IdRange<GlobalId> here) {
    auto part = io::InputFile{file.path}.read_strings(
        dataset, here.begin.value() - file.first_row.value(), here.size());
    texts.insert(texts.end(), std::make_move_iterator(part.begin()),
                 std::make_move_iterator(part.end()));
  });
  return texts;
}

Count largest_label(const Corpus& corpus, const std::string& dataset, IdRange<GlobalId> rows,
                    Count num_classes) {
  Count largest = -1;
  for_each_block(rows, kColumnBlock, [&](IdRange<GlobalId> block) {
    const auto labels = read_class_column(corpus, dataset, block);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const bool is_known_class = num_classes == 0 || labels[i] < num_classes;
      if (labels[i] < -1 || !is_known_class) {
        const GlobalId row{block.begin.value() + static_cast<Count>(i)};
        fail("{}: label {}, expected {}", corpus.place_of(row, dataset), labels[i],
             num_classes == 0 ? std::string{"a class from 0 on, or -1 for none"}
                              : fmt::format("0 to {}, or -1 for none", num_classes - 1));
      }
      largest = std::max(largest, labels[i]);
    }
  });
  return largest;
}

}  // namespace kith::corpus
