#include "label_model/agreement.hpp"

#include <algorithm>

#include "kith/core/parallel.hpp"

namespace kith::label_model {
namespace {

constexpr Count kVotersAtOnce = 8;
constexpr Count kRowsAtOnce = 4096;

/// The probability that the best class of the others of a row, with ties broken at random, is the
/// label of vote `own`; -1 where there are no others.
double agreement(std::span<const Vote> votes, std::size_t own, std::span<const double> weights,
                 std::span<double> sums) {
  if (votes.size() < 2) {
    return -1;
  }
  for (const Vote& vote : votes) {
    sums[to_size(vote.label)] = 0;
  }
  for (std::size_t i = 0; i < votes.size(); ++i) {
    sums[to_size(votes[i].label)] += i == own ? 0.0 : weights[to_size(votes[i].voter)];
  }
  double largest = 0;
  for (const Vote& vote : votes) {
    largest = std::max(largest, sums[to_size(vote.label)]);
  }
  double best = 0;  // classes that share the largest sum
  for (std::size_t i = 0; i < votes.size(); ++i) {
    const bool is_first =
        std::none_of(votes.begin(), votes.begin() + static_cast<Count>(i),
                     [&](const Vote& vote) { return vote.label == votes[i].label; });
    best += is_first && sums[to_size(votes[i].label)] == largest ? 1 : 0;
  }
  return sums[to_size(votes[own].label)] == largest ? 1 / best : 0.0;
}

std::vector<float> agreements(const Task& task, std::span<const double> weights) {
  const VoteTable& table = task.table;
  std::vector<float> result(table.votes.size());
  parallel_for(count_of(table.counts), kRowsAtOnce, [&](Count begin, Count end) {
    std::vector<double> sums(to_size(table.num_classes), 0.0);
    for (std::size_t row = to_size(begin); row < to_size(end); ++row) {
      const auto votes = table.row(row);
      for (std::size_t i = 0; i < votes.size(); ++i) {
        result[table.offsets[row] + i] = static_cast<float>(agreement(votes, i, weights, sums));
      }
    }
  });
  return result;
}

}  // namespace

std::optional<PairCounts> count_pairs(const VoteTable& table, const VoterIndex& index) {
  Count incidences = 0;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const Count votes = count_of(table.row(row));
    incidences += votes * (votes - 1) / 2;
    if (incidences > kMaxPairIncidences) {
      return std::nullopt;
    }
  }
  PairCounts pairs(to_size(table.num_voters));
  parallel_for(table.num_voters, kVotersAtOnce, [&](Count begin, Count end) {
    std::vector<PairCount> others(to_size(table.num_voters));
    std::vector<std::int32_t> seen;
    for (Count m = begin; m < end; ++m) {
      seen.clear();
      for (const CastVote& own : index.votes_of(static_cast<int>(m))) {
        for (std::size_t i = own.position + 1; i < table.offsets[own.row + 1]; ++i) {
          PairCount& pair = others[to_size(table.votes[i].voter)];
          if (pair.both == 0) {
            seen.push_back(table.votes[i].voter);
          }
          pair.both += table.counts[own.row];
          pair.agree += table.votes[i].label == own.label ? table.counts[own.row] : 0;
        }
      }
      std::sort(seen.begin(), seen.end());
      for (const std::int32_t other : seen) {
        PairCount& pair = others[to_size(other)];
        pairs[to_size(m)].push_back({other, pair.both, pair.agree});
        pair = {};
      }
    }
  });
  return pairs;
}

std::vector<Accuracy> accuracies_by_others(const Task& task, std::span<const double> weights) {
  const VoteTable& table = task.table;
  const std::vector<float> agrees = agreements(task, weights);
  std::vector<Accuracy> result(to_size(table.num_voters));
  parallel_for(table.num_voters, kVotersAtOnce, [&](Count begin, Count end) {
    for (Count m = begin; m < end; ++m) {
      Accuracy by_known;
      by_known.is_known = true;
      Accuracy by_others;
      for (const CastVote& vote : task.index.votes_of(static_cast<int>(m))) {
        const auto count = static_cast<double>(table.counts[vote.row]);
        const std::int32_t known = table.known[vote.row];
        if (known >= 0) {
          by_known.votes += count;
          by_known.right += known == vote.label ? count : 0.0;
        }
        if (agrees[vote.position] >= 0) {
          by_others.votes += count;
          by_others.right += count * double{agrees[vote.position]};
        }
      }
      result[to_size(m)] = by_known.votes >= kEnoughKnown ? by_known : by_others;
    }
  });
  return result;
}

}  // namespace kith::label_model
