// Published examples to all their digits, random votes against brute force over items, any number
// of ranks.
#include "kith/qa/agreement.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "kith/core/random.hpp"

#include "support/mpi_world.hpp"

namespace kith::qa {
namespace {

using test::world;

/// This rank's every size-th item of a table of votes.
std::vector<std::int32_t> share_of(const std::vector<std::vector<std::int32_t>>& items) {
  std::vector<std::int32_t> mine;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (static_cast<int>(i) % world().size() == world().rank().value()) {
      mine.insert(mine.end(), items[i].begin(), items[i].end());
    }
  }
  return mine;
}

label_model::PatternCounts patterns_of(const std::vector<std::vector<std::int32_t>>& items,
                                       int num_classes) {
  const auto voters = static_cast<int>(items.front().size());
  return label_model::count_patterns(world(), share_of(items), voters, num_classes);
}

std::vector<std::vector<std::int32_t>> random_votes(int items, int voters, int classes) {
  std::vector<std::vector<std::int32_t>> votes;
  for (int i = 0; i < items; ++i) {
    votes.emplace_back();
    for (int m = 0; m < voters; ++m) {
      const double u = random_uniform(9, Purpose::tie, i, to_size(m));
      const auto favorite = i % classes;
      votes.back().push_back(u < 0.15  ? -1
                             : u < 0.6 ? favorite
                                       : static_cast<std::int32_t>(u * 1000) % classes);
    }
  }
  return votes;
}

/// Items from a table of how many raters chose each class.
std::vector<std::vector<std::int32_t>> from_counts(const std::vector<std::vector<int>>& table) {
  std::vector<std::vector<std::int32_t>> items;
  for (const auto& row : table) {
    items.emplace_back();
    for (std::size_t k = 0; k < row.size(); ++k) {
      items.back().insert(items.back().end(), to_size(row[k]), static_cast<std::int32_t>(k));
    }
  }
  return items;
}

TEST(VotePatterns, AreTheExactHistogramOfRows) {
  const auto items = random_votes(500, 3, 3);
  std::map<std::vector<std::int32_t>, Count> expected;
  for (const auto& row : items) {
    ++expected[row];
  }

  const label_model::PatternCounts patterns = patterns_of(items, 3);

  ASSERT_EQ(patterns.size(), expected.size());
  std::size_t u = 0;
  for (const auto& [row, count] : expected) {  // sorted, as the patterns are
    EXPECT_TRUE(std::equal(row.begin(), row.end(), patterns.pattern(u).begin()));
    EXPECT_EQ(patterns.counts[u++], count);
  }
  EXPECT_EQ(patterns.num_items(), 500);
}

TEST(Agreement, EqualsFleissTableOf1971) {
  const auto items = from_counts({{0, 0, 0, 0, 14},
                                  {0, 2, 6, 4, 2},
                                  {0, 0, 3, 5, 6},
                                  {0, 3, 9, 2, 0},
                                  {2, 2, 8, 1, 1},
                                  {7, 7, 0, 0, 0},
                                  {3, 2, 6, 3, 0},
                                  {2, 5, 3, 2, 2},
                                  {6, 5, 2, 1, 0},
                                  {0, 2, 2, 3, 7}});

  const Agreement agreement = measure_agreement(patterns_of(items, 5), 0, 1);

  EXPECT_NEAR(*agreement.mean_pair_agreement.value, 0.3780, 5e-5);
  EXPECT_NEAR(*agreement.fleiss.value, 0.2099, 5e-5);
  const double expected_agreement =
      (*agreement.mean_pair_agreement.value - *agreement.fleiss.value) /
      (1 - *agreement.fleiss.value);
  EXPECT_NEAR(expected_agreement, 0.2128, 5e-5);
  EXPECT_NEAR(*agreement.gwet_ac1.value, 0.2256, 5e-5);
}

TEST(Agreement, EqualsKrippendorffsExampleWithMissingVotes) {
  const std::vector<std::vector<std::int32_t>> coders{{1, 2, 3, 3, 2, 1, 4, 1, 2, -1, -1, -1},
                                                      {1, 2, 3, 3, 2, 2, 4, 1, 2, 5, -1, 3},
                                                      {-1, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, -1},
                                                      {1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, -1}};
  std::vector<std::vector<std::int32_t>> items(12);
  for (std::size_t unit = 0; unit < 12; ++unit) {
    for (const auto& coder : coders) {
      items[unit].push_back(coder[unit] < 0 ? -1 : coder[unit] - 1);
    }
  }
  const Agreement agreement = measure_agreement(patterns_of(items, 5), 0, 1);
  EXPECT_NEAR(*agreement.krippendorff.value, 0.7434, 5e-5);
  EXPECT_EQ(agreement.pairable_votes, 40);
  EXPECT_NEAR(*measure_agreement(patterns_of({{0, 0}, {1, 1}, {0, 1}}, 2), 0, 1).krippendorff.value,
              0.444444, 5e-7);
}

TEST(Agreement, SummarizesVotersAsSnorkelDoes) {
  const Agreement agreement = measure_agreement(
      patterns_of({{-1, 0, 0}, {-1, -1, -1}, {1, 0, -1}, {-1, 0, -1}, {0, 0, 0}}, 2), 0, 1);
  const double coverage[] = {0.4, 0.8, 0.4};
  const double overlap[] = {0.4, 0.6, 0.4};
  const double conflict[] = {0.2, 0.2, 0.0};
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_DOUBLE_EQ(agreement.voters[m].coverage, coverage[m]);
    EXPECT_DOUBLE_EQ(agreement.voters[m].overlap, overlap[m]);
    EXPECT_DOUBLE_EQ(agreement.voters[m].conflict, conflict[m]);
  }
}

TEST(Agreement, EqualsBruteForceOverItems) {
  const auto items = random_votes(400, 4, 3);

  const Agreement agreement = measure_agreement(patterns_of(items, 3), 0, 1);

  for (const PairAgreement& pair : agreement.pairs) {
    double both = 0;
    double same = 0;
    std::map<int, double> by_first;
    std::map<int, double> by_second;
    for (const auto& row : items) {
      const int a = row[to_size(pair.first)];
      const int b = row[to_size(pair.second)];
      if (a >= 0 && b >= 0) {
        ++both;
        same += a == b ? 1 : 0;
        ++by_first[a];
        ++by_second[b];
      }
    }
    double expected = 0;
    for (const auto& [k, count] : by_first) {
      expected += count * by_second[k] / (both * both);
    }
    EXPECT_EQ(static_cast<double>(pair.both), both);
    EXPECT_EQ(static_cast<double>(pair.same), same);
    EXPECT_NEAR(*pair.kappa.value, (same / both - expected) / (1 - expected), 1e-12);
  }
  Count unanimous = 0;
  Count with_two = 0;
  std::vector<std::vector<Count>> conflicts(3, std::vector<Count>(3, 0));
  for (const auto& row : items) {
    std::map<int, int> counts;
    int cast = 0;
    for (const int vote : row) {
      if (vote >= 0) {
        ++counts[vote];
        ++cast;
      }
    }
    with_two += cast > 1 ? 1 : 0;
    unanimous += cast > 1 && counts.size() == 1 ? 1 : 0;
    for (const auto& [k, n] : counts) {
      for (const auto& [l, m] : counts) {
        conflicts[to_size(k)][to_size(l)] += k != l ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(agreement.unanimous.successes, unanimous);
  EXPECT_EQ(agreement.unanimous.trials, with_two);
  EXPECT_EQ(agreement.conflicts, conflicts);
}

TEST(Agreement, IntervalsHoldTheValueAndNarrowWithItems) {
  const Agreement few = measure_agreement(patterns_of(random_votes(60, 4, 3), 3), 400, 1);
  const Agreement many = measure_agreement(patterns_of(random_votes(2000, 4, 3), 3), 400, 1);
  for (const Agreement* agreement : {&few, &many}) {
    EXPECT_LT(agreement->fleiss.interval->low, *agreement->fleiss.value);
    EXPECT_GT(agreement->fleiss.interval->high, *agreement->fleiss.value);
  }
  EXPECT_LT(many.fleiss.interval->high - many.fleiss.interval->low,
            0.4 * (few.fleiss.interval->high - few.fleiss.interval->low));
}

TEST(Agreement, ClassKappasEqualTheDefinition) {
  const auto items = random_votes(300, 5, 3);
  const Agreement agreement = measure_agreement(patterns_of(items, 3), 0, 1);
  for (int k = 0; k < 3; ++k) {
    double split = 0;
    double votes = 0;
    double cast_sum = 0;
    double shared = 0;
    for (const auto& row : items) {
      const auto cast = static_cast<double>(
          std::count_if(row.begin(), row.end(), [](int vote) { return vote >= 0; }));
      const auto of_class = static_cast<double>(std::count(row.begin(), row.end(), k));
      if (cast > 1) {
        split += of_class * (cast - of_class) / (cast * (cast - 1));
        votes += of_class;
        cast_sum += cast;
        ++shared;
      }
    }
    const double p = votes / cast_sum;
    EXPECT_NEAR(*agreement.class_kappas[to_size(k)].value, 1 - split / shared / (p * (1 - p)),
                1e-12);
  }
}

TEST(Agreement, LinearizedIntervalsAreNearTheBootstraps) {
  const auto items = random_votes(2000, 4, 3);
  const Agreement resampled = measure_agreement(patterns_of(items, 3), 1000, 1);
  const auto mine = share_of(items);
  const Agreement streamed = stream_agreement(world(), mine, 4, 3);
  const auto compare = [](const Estimate& a, const Estimate& b) {
    EXPECT_NEAR(*a.value, *b.value, 1e-12);
    const double width = a.interval->high - a.interval->low;
    EXPECT_NEAR(a.interval->low, b.interval->low, 0.12 * width);
    EXPECT_NEAR(a.interval->high, b.interval->high, 0.12 * width);
  };
  compare(resampled.mean_pair_agreement, streamed.mean_pair_agreement);
  compare(resampled.fleiss, streamed.fleiss);
  compare(resampled.krippendorff, streamed.krippendorff);
  compare(resampled.gwet_ac1, streamed.gwet_ac1);
  compare(resampled.pabak, streamed.pabak);
  compare(resampled.class_kappas[2], streamed.class_kappas[2]);
}

TEST(Agreement, StreamsWhatHasTooManyPatterns) {
  const auto items = random_votes(500, 6, 5);
  const auto mine = share_of(items);
  EXPECT_FALSE(label_model::try_count_patterns(world(), mine, 6, 5, 100).has_value());
  const auto patterns = label_model::try_count_patterns(world(), mine, 6, 5, 500);
  ASSERT_TRUE(patterns.has_value());

  const Agreement counted = measure_agreement(*patterns, 0, 1);
  const Agreement streamed = stream_agreement(world(), mine, 6, 5);

  EXPECT_EQ(counted.conflicts, streamed.conflicts);
  EXPECT_EQ(counted.unanimous.successes, streamed.unanimous.successes);
  EXPECT_EQ(counted.no_majority.successes, streamed.no_majority.successes);
  EXPECT_NEAR(counted.mean_vote_entropy, streamed.mean_vote_entropy, 1e-9);
  EXPECT_EQ(counted.voters[3].conflict, streamed.voters[3].conflict);
  for (std::size_t pair = 0; pair < counted.pairs.size(); ++pair) {
    EXPECT_EQ(*counted.pairs[pair].kappa.value, *streamed.pairs[pair].kappa.value);
  }
}

TEST(Agreement, SaysWhyAStatisticIsUndefined) {
  const Agreement agreement = measure_agreement(patterns_of({{0, 0}, {0, 0}, {0, -1}}, 2), 0, 1);
  EXPECT_FALSE(agreement.fleiss.value.has_value());
  EXPECT_EQ(agreement.fleiss.reason, "all votes are for one class");
  EXPECT_FALSE(agreement.pairs[0].kappa.value.has_value());
  EXPECT_EQ(agreement.pairs[0].kappa.reason, "all votes are for one class");
}

}  // namespace
}  // namespace kith::qa
