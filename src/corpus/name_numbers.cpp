#include "corpus/name_numbers.hpp"

#include <algorithm>
#include <numeric>

#include "corpus/file_order.hpp"

namespace kith::corpus {

Count NameNumbers::number_of(std::string_view name) {
  if (const auto found = numbers_.find(name); found != numbers_.end()) {
    return found->second;
  }
  const Count number = size();
  names_.push_back(&numbers_.emplace(name, number).first->first);
  return number;
}

SortedNames sorted_names(const NameNumbers& numbers) {
  std::vector<Count> order(to_size(numbers.size()));
  std::iota(order.begin(), order.end(), Count{0});
  std::sort(order.begin(), order.end(),
            [&](Count a, Count b) { return counts_before(numbers.name(a), numbers.name(b)); });
  SortedNames sorted;
  sorted.names.reserve(order.size());
  sorted.places.resize(order.size());
  for (const Count number : order) {
    sorted.places[to_size(number)] = count_of(sorted.names);
    sorted.names.push_back(numbers.name(number));
  }
  return sorted;
}

}  // namespace kith::corpus
