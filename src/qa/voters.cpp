#include "kith/qa/voters.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "kith/core/parallel.hpp"

namespace kith::qa {
namespace {

using label_model::Vote;
using label_model::VoteTable;

constexpr std::size_t kCountedVotes = 10;  // rows with more are counted together
constexpr Count kRowsAtOnce = 4096;

/// Right and known votes of every voter for every class.
struct Hits {
  std::vector<Count> right;
  std::vector<Count> known;
};

bool differ(std::span<const Vote> votes) {
  return std::any_of(votes.begin(), votes.end(),
                     [&](const Vote& vote) { return vote.label != votes.front().label; });
}

/// Whether a vote of the row is for another class than this one.
bool is_contradicted(std::span<const Vote> votes, const Vote& one) {
  return std::any_of(votes.begin(), votes.end(),
                     [&](const Vote& vote) { return vote.label != one.label; });
}

void add_row(VoteStatistics& all, std::span<const Vote> votes, Count items) {
  all.num_items += items;
  all.items_by_votes[std::min(votes.size(), kCountedVotes)] += items;
  if (votes.empty()) {
    return;
  }
  const bool has_conflict = differ(votes);
  all.num_covered += items;
  all.num_overlaps += votes.size() > 1 ? items : 0;
  all.num_conflicts += has_conflict ? items : 0;
  for (const Vote& vote : votes) {
    VoterStatistics& voter = all.voters[to_size(vote.voter)];
    voter.num_votes += items;
    voter.num_alone += votes.size() == 1 ? items : 0;
    voter.num_overlaps += votes.size() > 1 ? items : 0;
    voter.num_conflicts += has_conflict ? items : 0;
    voter.num_contradicted += is_contradicted(votes, vote) ? items : 0;
    voter.votes_by_class[to_size(vote.label)] += items;
  }
}

/// A wrong vote on items of a known class.
struct WrongVote {
  Vote vote;
  std::int32_t truth = 0;
  Count items = 0;
};

/// The pairs of classes that each voter mixes up most; ties to the smaller classes.
void add_mistakes(std::vector<WrongVote> wrong, std::vector<VoterStatistics>& voters) {
  constexpr std::size_t kNamed = 3;
  const auto pair_of = [](const WrongVote& one) {
    return std::tuple{one.vote.voter, one.truth, one.vote.label};
  };
  std::sort(wrong.begin(), wrong.end(),
            [&](const WrongVote& a, const WrongVote& b) { return pair_of(a) < pair_of(b); });
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    std::vector<Mistake>& mistakes = voters[to_size(wrong[i].vote.voter)].mistakes;
    if (i == 0 || pair_of(wrong[i]) != pair_of(wrong[i - 1])) {
      mistakes.push_back({Label{wrong[i].truth}, Label{wrong[i].vote.label}, 0});
    }
    mistakes.back().items += wrong[i].items;
  }
  for (VoterStatistics& voter : voters) {
    std::stable_sort(voter.mistakes.begin(), voter.mistakes.end(),
                     [](const Mistake& a, const Mistake& b) { return a.items > b.items; });
    voter.mistakes.resize(std::min(voter.mistakes.size(), kNamed));
  }
}

std::int32_t best_of(std::span<const double> shares) {
  return static_cast<std::int32_t>(std::max_element(shares.begin(), shares.end()) - shares.begin());
}

}  // namespace

double VoteStatistics::share(Count items) const {
  return num_items == 0 ? 0 : static_cast<double>(items) / static_cast<double>(num_items);
}

VoteStatistics measure_voters(const VoteTable& table, Truth truth) {
  const std::size_t num_classes = to_size(table.num_classes);
  VoteStatistics all;
  all.items_by_votes.assign(kCountedVotes + 1, 0);
  all.voters.resize(to_size(table.num_voters));
  for (VoterStatistics& voter : all.voters) {
    voter.votes_by_class.assign(num_classes, 0);
  }
  Hits hits{std::vector<Count>(all.voters.size() * num_classes, 0),
            std::vector<Count>(all.voters.size() * num_classes, 0)};
  std::vector<WrongVote> wrong;
  const std::vector<std::int32_t>& truths = truth == Truth::gold ? table.gold : table.known;
  for (std::size_t row = 0; row < table.size(); ++row) {
    add_row(all, table.row(row), table.counts[row]);
    for (const Vote& vote : table.row(row)) {
      const std::size_t cell = to_size(vote.voter) * num_classes + to_size(vote.label);
      hits.known[cell] += truths[row] >= 0 ? table.counts[row] : 0;
      hits.right[cell] += truths[row] == vote.label ? table.counts[row] : 0;
      if (truths[row] >= 0 && truths[row] != vote.label) {
        wrong.push_back({vote, truths[row], table.counts[row]});
      }
    }
  }
  for (std::size_t m = 0; m < all.voters.size(); ++m) {
    Count right = 0;
    Count known = 0;
    for (std::size_t k = 0; k < num_classes; ++k) {
      const std::size_t cell = m * num_classes + k;
      all.voters[m].precision.push_back(proportion(hits.right[cell], hits.known[cell]));
      right += hits.right[cell];
      known += hits.known[cell];
    }
    all.voters[m].accuracy = proportion(right, known);
  }
  add_mistakes(std::move(wrong), all.voters);
  return all;
}

std::vector<Count> changes_without(
    const VoteTable& table,
    const std::function<void(std::span<const Vote>, std::span<double>)>& posterior) {
  std::vector<char> changes(table.votes.size(), 0);  // whether the vote decides its row's label
  parallel_for(count_of(table.counts), kRowsAtOnce, [&](Count begin, Count end) {
    std::vector<double> shares(to_size(table.num_classes));
    std::vector<Vote> others;
    for (std::size_t row = to_size(begin); row < to_size(end); ++row) {
      const auto votes = table.row(row);
      posterior(votes, shares);
      const std::int32_t label = best_of(shares);
      for (std::size_t i = 0; i < votes.size(); ++i) {
        others.assign(votes.begin(), votes.end());
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        posterior(others, shares);
        changes[table.offsets[row] + i] = others.empty() || best_of(shares) != label ? 1 : 0;
      }
    }
  });
  std::vector<Count> of_voter(to_size(table.num_voters), 0);
  for (std::size_t row = 0; row < table.size(); ++row) {
    for (std::size_t i = table.offsets[row]; i < table.offsets[row + 1]; ++i) {
      of_voter[to_size(table.votes[i].voter)] += changes[i] != 0 ? table.counts[row] : 0;
    }
  }
  return of_voter;
}

}  // namespace kith::qa
