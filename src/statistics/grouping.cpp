#include "kith/statistics/grouping.hpp"

#include <algorithm>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/corpus/labels.hpp"

namespace kith::statistics {
namespace {

/// Names of the groups of one of corpus.slices, by number.
std::vector<std::string> group_names(const corpus::Corpus& corpus, const std::string& dataset) {
  const auto slice =
      std::find_if(corpus.slices.begin(), corpus.slices.end(),
                   [&](const corpus::Slices& one) { return one.dataset == dataset; });
  return slice->names;
}

}  // namespace

Grouping read_grouping(const comm::Communicator& comm, const corpus::Corpus& corpus,
                       const std::string& dataset, IdRange<GlobalId> rows) {
  const std::vector<std::int64_t> of_row =
      comm::locally(comm, [&] { return corpus::read_slices(corpus, dataset, rows); });
  const auto distinct = [](std::vector<std::int64_t> numbers) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::erase(numbers, -1);
    return numbers;
  };
  std::vector<std::int64_t> mine = distinct(of_row);
  mine.resize(std::min<std::size_t>(mine.size(), to_size(kMaxSlices + 1)));
  Grouping grouping{dataset, distinct(comm::gather_to_all<std::int64_t>(comm, mine).items), {}, {}};
  comm::locally(comm, [&] {
    if (count_of(grouping.numbers) > kMaxSlices) {
      fail("corpus.slices = {}: has more than {} groups, expected the number of an item's group",
           dataset, kMaxSlices);
    }
  });
  const std::vector<std::string> names = group_names(corpus, dataset);
  for (const std::int64_t number : grouping.numbers) {
    grouping.names.push_back(number < count_of(names) ? names[to_size(number)]
                                                      : std::to_string(number));
  }
  for (const std::int64_t number : of_row) {
    const auto found = std::lower_bound(grouping.numbers.begin(), grouping.numbers.end(), number);
    grouping.of_row.push_back(
        number < 0 ? -1 : static_cast<std::int32_t>(found - grouping.numbers.begin()));
  }
  return grouping;
}

}  // namespace kith::statistics
