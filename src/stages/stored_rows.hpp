/// What a stage has stored, looked at before it is used: a value that no stage writes is one
/// sentence, and never an index.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/error.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"

namespace kith::stages {

constexpr Count kAnySize = -1;

/// Throws Error unless the dataset has this shape.
void require_shape(const io::InputFile& file, const std::string& dataset,
                   const std::vector<Count>& shape);

/// Throws Error that names the first row with a value that `is_right` refuses. values: rows from
/// first_row on, of `width` values each.
template <class T, class IsRight>
void require_values(const io::InputFile& file, const std::string& dataset,
                    std::span<const T> values, Count first_row, Count width,
                    std::string_view expected, IsRight&& is_right) {
  const auto wrong = std::find_if_not(values.begin(), values.end(), is_right);
  if (wrong != values.end()) {
    fail("{}: {}: row {}: {}, expected {}; without this file its stage is done again", file.path(),
         dataset, first_row + (wrong - values.begin()) / width, *wrong, expected);
  }
}

/// What teaches a label: a row, and with which weight.
struct RowLabel {
  Count row = 0;
  std::int32_t label = 0;
  float weight = 0;
};

/// Collective. Labels by row as /rows, /labels and /weights. The same on all ranks.
void write_row_labels(io::OutputFile& file, std::span<const RowLabel> all);

/// Local; throws Error unless rows are below num_rows and in order, labels classes, and weights
/// numbers above 0. rows_are: "a row of the corpus", for messages.
[[nodiscard]] std::vector<RowLabel> read_row_labels(const io::InputFile& file, Count num_rows,
                                                    int num_classes, const std::string& rows_are);

}  // namespace kith::stages
