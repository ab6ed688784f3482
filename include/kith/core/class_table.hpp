/// Names of classes to their numbers.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kith/core/types.hpp"

namespace kith {

/// A whole number in decimal digits; what a spreadsheet makes of it, "12.0", is one too. None if it
/// is none or needs more than 64 bits.
[[nodiscard]] std::optional<Count> whole_number(std::string_view text);

/// What a label may be called: the name of a class, or its number from 0. Where a name is
/// another class's number, as "1" of the classes "1", "2", "3", labels are names only.
/// Spaces around a name do not count where no name has just these: tables of text lose them.
class ClassTable {
 public:
  /// names: in order; empty: classes have numbers only, none too large.
  explicit ClassTable(std::span<const std::string> names);

  /// The number of the class. place: begins the message. Throws Error if no class is called so.
  [[nodiscard]] Count find(std::string_view text, const std::string& place) const;

  /// `number` itself. Throws Error if it is no class.
  [[nodiscard]] Count checked(Count number, const std::string& place) const;

 private:
  Count num_classes_;
  bool names_are_numbers_ = false;
  std::string expected_;  // for messages
  std::unordered_map<std::string, Count> numbers_;
  std::unordered_map<std::string, Count> numbers_without_spaces_;  // kAmbiguous: of several
};

}  // namespace kith
