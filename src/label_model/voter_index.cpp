#include "label_model/voter_index.hpp"

#include <algorithm>
#include <numeric>

#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"

namespace kith::label_model {

bool Breadth::is_broad(int num_classes) const {
  return 2 * count_of(classes) > std::min(votes, Count{num_classes});
}

VoterIndex::VoterIndex(const VoteTable& table)
    : offsets_(to_size(table.num_voters) + 1, 0),
      votes_(table.votes.size()),
      breadths_(to_size(table.num_voters)) {
  (void)narrow<std::uint32_t>(table.votes.size(), "votes of a table");
  (void)narrow<std::uint32_t>(table.size(), "rows of a table");
  for (const Vote& vote : table.votes) {
    ++offsets_[to_size(vote.voter) + 1];
  }
  std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());
  std::vector<std::size_t> next(offsets_.begin(), offsets_.end() - 1);
  for (std::size_t row = 0; row < table.size(); ++row) {
    for (std::size_t i = table.offsets[row]; i < table.offsets[row + 1]; ++i) {
      const Vote& vote = table.votes[i];
      votes_[next[to_size(vote.voter)]++] = {static_cast<std::uint32_t>(row), vote.label,
                                             static_cast<std::uint32_t>(i)};
    }
  }
  measure(table);
}

void VoterIndex::measure(const VoteTable& table) {
  parallel_for(table.num_voters, 16, [&](Count begin, Count end) {
    for (Count m = begin; m < end; ++m) {
      Breadth& own = breadths_[to_size(m)];
      for (const CastVote& vote : votes_of(static_cast<int>(m))) {
        own.votes += table.counts[vote.row];
        own.unknown +=
            table.known[vote.row] < 0 ? static_cast<double>(table.counts[vote.row]) : 0.0;
        const auto at = std::lower_bound(own.classes.begin(), own.classes.end(), vote.label);
        if (at == own.classes.end() || *at != vote.label) {
          own.classes.insert(at, vote.label);
        }
      }
    }
  });
  Count all = 0;
  Count broad = 0;
  for (const Breadth& own : breadths_) {
    num_active_ += own.votes > 0 ? 1 : 0;
    all += own.votes;
    broad += own.is_broad(table.num_classes) ? own.votes : 0;
  }
  tells_shares_ = 2 * broad > all;
}

}  // namespace kith::label_model
