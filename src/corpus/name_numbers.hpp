/// Names to numbers, many of them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::corpus {

/// Hash of a name in an unordered map that is asked by string_view.
struct NameHash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>{}(name);
  }
};

template <class T>
using NameMap = std::unordered_map<std::string, T, NameHash, std::equal_to<>>;

/// Distinct names, numbered as they come. Memory: about 80 bytes a name, and what is longer than 15
/// bytes.
class NameNumbers {
 public:
  NameNumbers() = default;
  NameNumbers(NameNumbers&&) noexcept = default;
  NameNumbers& operator=(NameNumbers&&) noexcept = default;
  NameNumbers(const NameNumbers&) = delete;  // names_ points into numbers_
  NameNumbers& operator=(const NameNumbers&) = delete;
  ~NameNumbers() = default;

  /// The number of a name; a new one gets the next.
  Count number_of(std::string_view name);

  [[nodiscard]] Count size() const { return count_of(names_); }
  [[nodiscard]] const std::string& name(Count number) const { return *names_[to_size(number)]; }

 private:
  NameMap<Count> numbers_;
  std::vector<const std::string*> names_;
};

/// The names in order, and the place there of each number.
struct SortedNames {
  std::vector<std::string> names;
  std::vector<Count> places;
};

/// Sorts as people count.
[[nodiscard]] SortedNames sorted_names(const NameNumbers& numbers);

}  // namespace kith::corpus
