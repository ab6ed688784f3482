/// Reading one dataset of every file as if it were one.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/io/input_file.hpp"

namespace kith::corpus {

/// Rows of `dataset`, width elements each, over the borders of files. Local; throws Error.
template <class T>
[[nodiscard]] std::vector<T> read_column(const Corpus& corpus, const std::string& dataset,
                                         IdRange<GlobalId> rows, Count width = 1);

/// As read_column, of strings.
[[nodiscard]] std::vector<std::string> read_text_column(const Corpus& corpus,
                                                        const std::string& dataset,
                                                        IdRange<GlobalId> rows);

/// Calls visit(rows) for consecutive parts of `rows`, none longer than `step`.
template <class Visit>
void for_each_block(IdRange<GlobalId> rows, Count step, Visit&& visit) {
  for (Count first = rows.begin.value(); first < rows.end.value(); first += step) {
    visit(IdRange<GlobalId>{GlobalId{first}, GlobalId{std::min(first + step, rows.end.value())}});
  }
}

/// Calls visit(file, part) for the part of `rows` in each file that holds some.
template <class Visit>
void for_each_file(const Corpus& corpus, IdRange<GlobalId> rows, Visit&& visit) {
  for (const FileExtent& file : corpus.files) {
    const GlobalId first = std::max(rows.begin, file.first_row);
    const GlobalId last = std::min(rows.end, file.rows().end);
    if (first < last) {
      visit(file, IdRange<GlobalId>{first, last});
    }
  }
}

/// The part of `out`, a row of `width` for each of `rows`, that belongs to `part`.
template <class T>
[[nodiscard]] std::span<T> part_of(std::vector<T>& out, IdRange<GlobalId> rows,
                                   IdRange<GlobalId> part, Count width = 1) {
  return std::span{out}.subspan(to_size((part.begin.value() - rows.begin.value()) * width),
                                to_size(part.size() * width));
}

/// Rows of a narrow column that are held at once.
inline constexpr Count kColumnBlock = Count{1} << 20;
/// The same of strings, which are longer.
inline constexpr Count kTextBlock = Count{1} << 16;

/// Largest class of a column in these rows, -1 if none is known. Throws Error for a label below -1,
/// or of num_classes and above (0 = any).
[[nodiscard]] Count largest_label(const Corpus& corpus, const std::string& dataset,
                                  IdRange<GlobalId> rows, Count num_classes);

}  // namespace kith::corpus
