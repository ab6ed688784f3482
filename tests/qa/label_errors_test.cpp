// The worked example of the thresholds, plain serial versions of the filters, any number of ranks.
#include "kith/qa/label_errors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

#include <gtest/gtest.h>

#include "kith/core/random.hpp"

#include "support/mpi_world.hpp"

namespace kith::qa {
namespace {

using test::world;

/// Items of the whole corpus, and the share of them that this rank holds.
struct Items {
  std::vector<GlobalId> ids;
  std::vector<Label> given;
  std::vector<float> probabilities;
  int num_classes = 0;

  [[nodiscard]] GivenLabels view() const { return {ids, given, probabilities, num_classes}; }
  void push(std::int64_t id, Label label, std::span<const float> row) {
    ids.emplace_back(id);
    given.push_back(label);
    probabilities.insert(probabilities.end(), row.begin(), row.end());
  }
  [[nodiscard]] Items mine() const {
    Items share;
    share.num_classes = num_classes;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i].value() % world().size() == world().rank().value()) {
        share.push(ids[i].value(), given[i], view().row(i));
      }
    }
    return share;
  }
};

Items from_rows(const std::vector<int>& given, const std::vector<std::vector<float>>& rows) {
  Items items;
  items.num_classes = static_cast<int>(rows.front().size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    items.push(static_cast<std::int64_t>(i), Label{given[i]}, rows[i]);
  }
  return items;
}

/// A fifth of the labels is wrong; probabilities of few distinct values, so that keys tie.
Items random_items(int count, int num_classes) {
  Items items;
  items.num_classes = num_classes;
  for (int i = 0; i < count; ++i) {
    const auto uniform = [&](int draw) {
      return random_uniform(5, Purpose::pilot_sample, i, static_cast<std::uint64_t>(draw));
    };
    const int truth = static_cast<int>(uniform(0) * num_classes);
    std::vector<float> row;
    for (int k = 0; k < num_classes; ++k) {
      row.push_back(std::round(static_cast<float>(uniform(3 + k) * (k == truth ? 30 : 10))) + 1);
    }
    const float sum = std::accumulate(row.begin(), row.end(), 0.0F);
    std::transform(row.begin(), row.end(), row.begin(), [&](float p) { return p / sum; });
    const int wrong = static_cast<int>(uniform(1) * num_classes);
    const bool has_label = i % 17 != 3;
    items.push(i, has_label ? Label{uniform(2) < 0.2 ? wrong : truth} : Label{}, row);
  }
  return items;
}

TEST(ConfidentJoint, EqualsTheWorkedExample) {
  const Items items =
      from_rows({0, 0, 1, 1, 1, 0},
                {{.9F, .1F}, {.4F, .6F}, {.2F, .8F}, {.7F, .3F}, {.45F, .55F}, {.8F, .2F}});

  const Items mine = items.mine();
  const ConfidentJoint joint = confident_joint(world(), mine.view());

  EXPECT_NEAR(joint.thresholds[0], 0.7, 1e-7);
  EXPECT_NEAR(joint.thresholds[1], 0.55, 1e-7);
  EXPECT_EQ(joint.counts, (std::vector<std::vector<Count>>{{2, 1}, {1, 2}}));
  EXPECT_DOUBLE_EQ(joint.joint[0][1], 1.0 / 6);
  EXPECT_DOUBLE_EQ(joint.true_shares[0], 0.5);
  EXPECT_DOUBLE_EQ(joint.noise[1][0], 1.0 / 3);
}

/// The argmax over all classes, as in a widely used package, would count the first item as class 2,
/// whose threshold it does not reach.
TEST(ConfidentJoint, LooksForTheLargestAmongConfidentClassesOnly) {
  const Items items = from_rows({0, 0, 1, 1, 2, 2}, {{.30F, .28F, .42F},
                                                     {.30F, .60F, .10F},
                                                     {.6F, .28F, .12F},
                                                     {.6F, .24F, .16F},
                                                     {.02F, .02F, .96F},
                                                     {.02F, .02F, .96F}});

  const Items mine = items.mine();
  const ConfidentJoint joint = confident_joint(world(), mine.view());

  // thresholds .30 .26 .96: the first item is confidently 0 and 1, its largest is 2
  EXPECT_EQ(joint.counts, (std::vector<std::vector<Count>>{{1, 1, 0}, {2, 0, 0}, {0, 0, 2}}));
}

TEST(ConfidentJoint, LeavesClassesWithoutEvidenceAlone) {
  const Items items = from_rows({0, 0, 1}, {{.5F, .2F, .3F}, {.7F, .1F, .2F}, {.1F, .9F, .0F}});

  const Items mine = items.mine();
  const ConfidentJoint joint = confident_joint(world(), mine.view());

  EXPECT_EQ(joint.thresholds[2], std::numeric_limits<double>::infinity());
  EXPECT_EQ(joint.calibrated[2], (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(joint.calibrated[0], (std::vector<double>{2, 0, 0}));
}

/// Models that err look like wrong labels: known chances of them are weighed in.
TEST(ConfidentJoint, CountsByTheChanceThatALabelIsWrong) {
  const Items items =
      from_rows({0, 0, 1, 1, 1, 0},
                {{.9F, .1F}, {.4F, .6F}, {.2F, .8F}, {.7F, .3F}, {.45F, .55F}, {.8F, .2F}});
  const Items mine = items.mine();
  std::vector<double> wrong;
  for (const GlobalId id : mine.ids) {
    wrong.push_back(id.value() == 1 ? 0.25 : id.value() == 3 ? 0.75 : 0.0);
  }
  GivenLabels labels = mine.view();
  labels.wrong = wrong;

  const ConfidentJoint joint = confident_joint(world(), labels, Weighing::by_chance);

  EXPECT_EQ(joint.counts, (std::vector<std::vector<Count>>{{2, 1}, {1, 2}}));
  EXPECT_EQ(joint.calibrated, (Matrix{{2.75, 0.25}, {0.75, 2.25}}));
  EXPECT_DOUBLE_EQ(joint.joint[1][0], 0.125);
}

/// The flags by sorting all items of a group on one rank.
using Key = std::tuple<float, std::uint64_t, std::int64_t>;
void flag_sorted(std::vector<Key> keys, double wanted, std::vector<std::uint8_t>& flags) {
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 0; i < keys.size() && static_cast<double>(i) < std::round(wanted); ++i) {
    flags[to_size(std::get<2>(keys[i]))] = 1;
  }
}

std::vector<std::uint8_t> reference_flags(const Items& all, const ConfidentJoint& joint,
                                          LabelErrorFilter filter, std::uint64_t seed) {
  std::vector<std::uint8_t> flags(all.ids.size(), 0);
  const auto hash = [&](std::size_t i) {
    return random_bits(seed, Purpose::tie, static_cast<std::int64_t>(i));
  };
  const auto num_classes = to_size(all.num_classes);
  double off_diagonal = 0;
  std::vector<Key> everyone;
  for (std::size_t k = 0; k < num_classes; ++k) {
    std::vector<Key> of_class;
    for (std::size_t j = 0; j < num_classes; ++j) {
      std::vector<Key> by_margin;
      for (std::size_t i = 0; i < all.ids.size(); ++i) {
        const auto row = all.view().row(i);
        if (all.given[i].value() == static_cast<int>(k)) {
          by_margin.emplace_back(row[k] - row[j], hash(i), i);
          if (j == 0) {
            of_class.emplace_back(row[k], hash(i), i);
            everyone.emplace_back(row[k], hash(i), i);
          }
        }
      }
      if (k != j && filter == LabelErrorFilter::prune_by_noise_rate) {
        flag_sorted(by_margin, joint.calibrated[k][j], flags);
      }
      off_diagonal += k != j ? joint.calibrated[k][j] : 0;
    }
    if (filter == LabelErrorFilter::prune_by_class) {
      flag_sorted(of_class, static_cast<double>(joint.given[k]) - joint.calibrated[k][k], flags);
    }
  }
  if (filter == LabelErrorFilter::low_self_confidence) {
    flag_sorted(everyone, off_diagonal, flags);
  }
  return flags;
}

TEST(LabelErrors, FiltersEqualSortingOnOneRank) {
  const Items all = random_items(1200, 4);
  const Items mine = all.mine();
  const ConfidentJoint joint = confident_joint(world(), mine.view());
  const auto flags = [&](LabelErrorFilter filter) {
    return find_label_errors(world(), mine.view(), joint, filter, 3);
  };

  using enum LabelErrorFilter;
  for (const LabelErrorFilter filter : {prune_by_class, prune_by_noise_rate, low_self_confidence}) {
    const std::vector<std::uint8_t> expected = reference_flags(all, joint, filter, 3);
    const std::vector<std::uint8_t> found = flags(filter);
    EXPECT_GT(std::accumulate(expected.begin(), expected.end(), 0), 50);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i], expected[to_size(mine.ids[i])]) << mine.ids[i].value();
    }
  }
  const auto by_class = flags(prune_by_class);
  const auto by_noise = flags(prune_by_noise_rate);
  const auto joined = flags(both);
  for (std::size_t i = 0; i < joined.size(); ++i) {
    EXPECT_EQ(joined[i], by_class[i] & by_noise[i]);
  }
}

TEST(LabelErrors, CountsOfConfidentLearningAreTheOffDiagonal) {
  const Items mine = random_items(1000, 3).mine();
  const ConfidentJoint joint = confident_joint(world(), mine.view());

  const auto flags =
      find_label_errors(world(), mine.view(), joint, LabelErrorFilter::confident_learning, 1);
  const LabelHealth health = measure_label_health(world(), mine.view(), joint, flags);

  Count off_diagonal = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      off_diagonal += i != j ? joint.counts[i][j] : 0;
    }
  }
  EXPECT_EQ(health.flagged.successes, off_diagonal);
  EXPECT_EQ(health.flagged.trials, joint.items);
  const auto overlaps = overlapping_classes(joint);
  EXPECT_TRUE(std::is_sorted(overlaps.begin(), overlaps.end(),
                             [](const auto& a, const auto& b) { return a.share > b.share; }));
}

TEST(LabelQuality, EqualsTheDefinitions) {
  const std::vector<float> values{.25F, .5F, .25F};
  const LabelRow<float> row = dense_row<float>(values);
  EXPECT_DOUBLE_EQ(self_confidence(row, Label{1}), 0.5);
  EXPECT_DOUBLE_EQ(normalized_margin(row, Label{1}), 0.625);
  EXPECT_DOUBLE_EQ(normalized_margin(row, Label{0}), 0.375);
  const double c = 1.5 * std::log(2.0) / std::log(3.0) / 0.5;
  EXPECT_DOUBLE_EQ(confidence_weighted_entropy(row, Label{1}), std::log1p(c) / c);
  const std::vector<float> sure{0, 1};
  EXPECT_EQ(confidence_weighted_entropy(dense_row<float>(sure), Label{0}), 0);
  EXPECT_EQ(confidence_weighted_entropy(dense_row<float>(sure), Label{1}), 1);
}

}  // namespace
}  // namespace kith::qa
