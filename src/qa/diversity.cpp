#include "kith/qa/diversity.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "kith/core/parallel.hpp"

namespace kith::qa {
namespace {

constexpr Count kMaxChunks = 64;
constexpr Count kLeastChunk = 512;

std::optional<double> ratio(double numerator, double denominator) {
  return denominator > 0 ? std::optional{numerator / denominator} : std::nullopt;
}

/// Items by (first is right, second is right): both, first, second, neither.
using PairTable = std::array<double, 4>;

std::size_t cell_of(bool first_is_right, bool second_is_right) {
  return (first_is_right ? 0U : 2U) + (second_is_right ? 0U : 1U);
}

/// All pairs' tables and the histogram of how many are right.
struct Tables {
  std::vector<PairTable> pairs;
  std::vector<double> by_right;

  explicit Tables(std::size_t num_voters)
      : pairs(num_voters * (num_voters - 1) / 2, PairTable{}), by_right(num_voters + 1, 0.0) {}
  void add(const Tables& other) {
    for (std::size_t pair = 0; pair < pairs.size(); ++pair) {
      for (std::size_t cell = 0; cell < 4; ++cell) {
        pairs[pair][cell] += other.pairs[pair][cell];
      }
    }
    for (std::size_t l = 0; l < by_right.size(); ++l) {
      by_right[l] += other.by_right[l];
    }
  }
};

/// Sums work(pattern, tables) in chunks that depend on the patterns only, added in order.
template <class Work>
Tables sum_tables(Count num_patterns, std::size_t num_voters, Work&& work) {
  const Count grain = std::max(kLeastChunk, (num_patterns + kMaxChunks - 1) / kMaxChunks);
  std::vector<Tables> chunks(to_size((num_patterns + grain - 1) / grain), Tables{num_voters});
  parallel_for(num_patterns, grain, [&](Count begin, Count end) {
    for (auto u = to_size(begin); u < to_size(end); ++u) {
      work(u, chunks[to_size(begin / grain)]);
    }
  });
  Tables all{num_voters};
  for (const Tables& chunk : chunks) {
    all.add(chunk);
  }
  return all;
}

Diversity from_tables(const Tables& tables, int num_voters) {
  Diversity diversity;
  auto table = tables.pairs.begin();
  for (int a = 0; a < num_voters; ++a) {
    for (int b = a + 1; b < num_voters; ++b, ++table) {
      PairDiversity& pair = diversity.pairs.emplace_back(
          pair_diversity((*table)[0], (*table)[1], (*table)[2], (*table)[3]));
      pair.first = a;
      pair.second = b;
    }
  }
  diversity.group = group_diversity(tables.by_right);
  return diversity;
}

bool all_vote(std::span<const std::int32_t> votes) {
  return std::all_of(votes.begin(), votes.end(), [](std::int32_t vote) { return vote >= 0; });
}

/// A pattern's expected part of the pair's table.
void add_expected_pair(std::span<const double> posterior, std::int32_t first, std::int32_t second,
                       double count, PairTable& table) {
  const double first_right = posterior[to_size(first)];
  const double second_right = posterior[to_size(second)];
  if (first == second) {
    table[cell_of(true, true)] += count * first_right;
    table[cell_of(false, false)] += count * (1 - first_right);
    return;
  }
  table[cell_of(true, false)] += count * first_right;
  table[cell_of(false, true)] += count * second_right;
  table[cell_of(false, false)] += count * std::max(0.0, 1 - first_right - second_right);
}

}  // namespace

PairDiversity pair_diversity(double both_right, double first_right, double second_right,
                             double both_wrong) {
  PairDiversity pair;
  pair.both_right = both_right;
  pair.first_right = first_right;
  pair.second_right = second_right;
  pair.both_wrong = both_wrong;
  const double items = both_right + first_right + second_right + both_wrong;
  const double same = both_right * both_wrong;
  const double other = first_right * second_right;
  const double first_share = both_right + first_right;
  const double second_share = both_right + second_right;
  const double first_rest = items - first_share;
  const double second_rest = items - second_share;
  pair.q = ratio(same - other, same + other);
  pair.rho = ratio(same - other, std::sqrt(std::max(0.0, first_share * first_rest)) *
                                     std::sqrt(std::max(0.0, second_share * second_rest)));
  pair.disagreement = ratio(first_right + second_right, items);
  pair.double_fault = ratio(both_wrong, items);
  const double expected = first_share * second_share + first_rest * second_rest;
  pair.kappa = ratio((both_right + both_wrong) * items - expected, items * items - expected);
  return pair;
}

GroupDiversity group_diversity(std::span<const double> items_by_right) {
  GroupDiversity group;
  group.items = std::accumulate(items_by_right.begin(), items_by_right.end(), 0.0);
  const std::size_t voters = items_by_right.size() - 1;
  if (group.items <= 0 || voters < 2) {
    return group;
  }
  const auto m = static_cast<double>(voters);
  double right = 0;
  double squares = 0;
  double split = 0;
  double smaller = 0;
  double two_wrong = 0;
  double failures = 0;
  for (std::size_t l = 0; l <= voters; ++l) {
    const double share = items_by_right[l] / group.items;
    const auto count = static_cast<double>(l);
    const double wrong = m - count;
    right += share * count / m;
    squares += share * (count / m) * (count / m);
    split += share * count * wrong;
    smaller += share * std::min(count, wrong);
    two_wrong += share * wrong * (wrong - 1) / (m * (m - 1));
    failures += wrong > 0 ? share * (m - wrong) / (m - 1) : 0.0;
  }
  const double never_wrong = items_by_right[voters] / group.items;
  group.entropy = smaller / (m - std::ceil(m / 2));
  group.kw = split / (m * m);
  const std::optional<double> spread = ratio(split, m * (m - 1) * right * (1 - right));
  group.kappa = spread ? std::optional{1 - *spread} : std::nullopt;
  group.difficulty = std::max(0.0, squares - right * right);
  const std::optional<double> fault = ratio(two_wrong, 1 - right);
  group.generalized = fault && never_wrong < 1 ? std::optional{1 - *fault} : std::nullopt;
  group.coincident_failure = never_wrong < 1 ? failures / (1 - never_wrong) : 0.0;
  return group;
}

Diversity measure_diversity(const label_model::PatternCounts& with_truth) {
  const int num_voters = with_truth.num_voters - 1;
  const auto add = [&](std::size_t u, Tables& tables) {
    const auto row = with_truth.pattern(u);
    const std::int32_t truth = row.back();
    if (truth < 0) {
      return;
    }
    const auto votes = row.first(row.size() - 1);
    const auto count = static_cast<double>(with_truth.counts[u]);
    auto table = tables.pairs.begin();
    for (std::size_t a = 0; a < votes.size(); ++a) {
      for (std::size_t b = a + 1; b < votes.size(); ++b, ++table) {
        if (votes[a] >= 0 && votes[b] >= 0) {
          (*table)[cell_of(votes[a] == truth, votes[b] == truth)] += count;
        }
      }
    }
    if (all_vote(votes)) {
      tables.by_right[to_size(std::count(votes.begin(), votes.end(), truth))] += count;
    }
  };
  return from_tables(sum_tables(count_of(with_truth.counts), to_size(num_voters), add), num_voters);
}

Diversity expected_diversity(const label_model::PatternCounts& patterns,
                             const label_model::DawidSkene& model) {
  Diversity result;
  if (!model.reason.empty()) {
    result.is_expected = true;
    return result;
  }
  const auto add = [&](std::size_t u, Tables& tables) {
    const auto votes = patterns.pattern(u);
    const auto posterior = model.posterior(u);
    const auto count = static_cast<double>(patterns.counts[u]);
    auto table = tables.pairs.begin();
    for (std::size_t a = 0; a < votes.size(); ++a) {
      for (std::size_t b = a + 1; b < votes.size(); ++b, ++table) {
        if (votes[a] >= 0 && votes[b] >= 0) {
          add_expected_pair(posterior, votes[a], votes[b], count, *table);
        }
      }
    }
    if (all_vote(votes)) {
      for (std::size_t k = 0; k < posterior.size(); ++k) {
        const auto right = std::count(votes.begin(), votes.end(), static_cast<std::int32_t>(k));
        tables.by_right[to_size(right)] += count * posterior[k];
      }
    }
  };
  const auto num_voters = to_size(patterns.num_voters);
  result = from_tables(sum_tables(count_of(patterns.counts), num_voters, add), patterns.num_voters);
  result.is_expected = true;
  return result;
}

}  // namespace kith::qa
