/// Labels of answers: names or numbers of known classes, or what the classes are made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/class_table.hpp"
#include "kith/core/types.hpp"

#include "corpus/name_numbers.hpp"
#include "corpus/table_reader.hpp"

namespace kith::corpus {

/// Looks labels up. Each text is looked at once and then remembered.
class AnswerLabels {
 public:
  /// class_names empty: every label is a class.
  explicit AnswerLabels(std::vector<std::string> class_names);

  /// The number of a cell of the row that `table` is at; -1: an abstention, which is an empty cell
  /// or -1, unless a class is called so. Throws Error for no class.
  [[nodiscard]] std::int32_t number_of(std::string_view label, const TableReader& table);

  /// Names of the classes, as people count, and the class of each number that was given out. Labels
  /// that are all whole numbers are classes by value: 1 and 1.0 are one.
  struct Classes {
    std::vector<std::string> names;
    std::vector<std::int32_t> of_number;
  };
  [[nodiscard]] Classes classes() const;

 private:
  [[nodiscard]] std::int32_t find(std::string_view label, const TableReader& table);

  std::vector<std::string> class_names_;
  bool are_whole_numbers_;  // all names
  ClassTable table_;
  NameMap<std::int32_t> known_;
  NameNumbers labels_;  // without class names
};

}  // namespace kith::corpus
