#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {
namespace {

using propagate::NodeSeed;

std::vector<NodeSeed> make_seeds(int per_class, int num_classes) {
  std::vector<NodeSeed> seeds;
  for (int i = 0; i < per_class * num_classes; ++i) {
    seeds.push_back({Position{7 * i + 3}, Label{i % num_classes}, 1.0F});
  }
  return seeds;
}

TEST(Folds, ShareEveryClassEvenlyAndHoldEachSeedOutOnce) {
  EnsembleConfig config;
  config.folds = 5;
  std::map<std::pair<Label, int>, int> counts;
  std::map<int, int> sizes;
  for (const FoldedSeed& entry : deal_folds(make_seeds(11, 4), {}, config)) {
    ASSERT_GE(entry.fold, 0);
    ASSERT_LT(entry.fold, 5);
    ++counts[{entry.seed.label, entry.fold}];
    ++sizes[entry.fold];
  }
  for (const auto& [key, count] : counts) {
    EXPECT_GE(count, 2);
    EXPECT_LE(count, 3);
  }
  for (const auto& [fold, size] : sizes) {
    EXPECT_GE(size, 8);
    EXPECT_LE(size, 9);
  }
}

TEST(Folds, NeverHoldOutTheOnlySeedOfAClass) {
  std::vector<NodeSeed> seeds = make_seeds(4, 2);
  seeds.push_back({Position{1000}, Label{2}, 1.0F});
  for (const FoldedSeed& entry : deal_folds(seeds, {}, EnsembleConfig{})) {
    EXPECT_EQ(entry.fold < 0, entry.seed.label == Label{2});
  }
}

TEST(Folds, NeverHoldOutSoftSeeds) {
  std::vector<NodeSeed> seeds = make_seeds(6, 2);
  seeds.push_back({Position{3}, Label{1}, 0.3F});  // node 3 has label 0 too
  const std::vector<Position> soft{Position{3}};
  int held_out = 0;
  for (const FoldedSeed& entry : deal_folds(seeds, soft, EnsembleConfig{})) {
    EXPECT_EQ(entry.fold < 0, entry.seed.node == Position{3});
    held_out += entry.fold >= 0 ? 1 : 0;
  }
  EXPECT_EQ(held_out, static_cast<int>(seeds.size()) - 2);
}

TEST(Folds, KeepTheLabelsOfOneNodeTogether) {
  std::vector<NodeSeed> seeds = make_seeds(6, 2);
  seeds.push_back({Position{3}, Label{1}, 2.0F});  // node 3 has label 0 too
  std::set<int> folds;
  for (const FoldedSeed& entry : deal_folds(seeds, {}, EnsembleConfig{})) {
    if (entry.seed.node == Position{3}) {
      folds.insert(entry.fold);
    }
  }
  EXPECT_EQ(folds.size(), 1U);
}

TEST(Tasks, TrainOnTheComplementAndWatchTheFold) {
  EnsembleConfig config;
  config.members = default_members();  // heads among them, which are no tasks
  const auto folded = deal_folds(make_seeds(10, 3), {}, config);
  const auto num_members =
      to_size(std::count_if(config.members.begin(), config.members.end(),
                            [](const MemberConfig& member) { return member.head == nullptr; }));

  const auto tasks = make_tasks(folded, {}, config.members, config, 3);

  ASSERT_EQ(tasks.size(), num_members * 6);
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const int fold = static_cast<int>(t / num_members) - 1;
    std::set<Position> held_out;
    for (const FoldedSeed& entry : folded) {
      if (fold >= 0 && entry.fold == fold) {
        held_out.insert(entry.seed.node);
      }
    }
    EXPECT_EQ(
        std::set<Position>(tasks[t].validation_nodes.begin(), tasks[t].validation_nodes.end()),
        held_out);
    std::map<Label, float> weights;
    for (const NodeSeed& seed : tasks[t].seeds) {
      EXPECT_FALSE(held_out.contains(seed.node));
      weights[seed.label] += seed.weight;
    }
    std::map<Label, float> expected;
    for (const FoldedSeed& entry : folded) {
      expected[entry.seed.label] += fold >= 0 && entry.fold == fold ? 0.0F : 1.0F;
    }
    EXPECT_EQ(weights, expected) << "a resample keeps the number of draws of each class";
  }
  EXPECT_LT(tasks[3].seeds.size(), tasks[2].seeds.size()) << "a resample leaves some seeds out";
}

/// Nodes of the task's seeds with a weight below that of a seed.
std::set<Position> weak_nodes_of(const propagate::Task& task) {
  std::set<Position> nodes;
  for (const NodeSeed& seed : task.seeds) {
    if (seed.weight < 1) {
      nodes.insert(seed.node);
    }
  }
  return nodes;
}

TEST(Tasks, LearnFromVotesWhereTheyHaveNoSeed) {
  EnsembleConfig config;
  config.members = default_members();
  const auto folded = deal_folds(make_seeds(10, 2), {}, config);
  const FoldedSeed& first = folded.front();
  ASSERT_GE(first.fold, 0);
  const std::vector<NodeSeed> weak{{first.seed.node, Label{0}, 0.5F},
                                   {Position{100}, Label{0}, 0.75F},
                                   {Position{100}, Label{1}, 0.25F}};

  for (const propagate::Task& task : make_tasks(folded, weak, config.members, config, 2)) {
    const MemberConfig& member = config.members[to_size(task.group)];
    if (member.bootstrap > 0) {
      continue;
    }
    std::set<Position> expected;
    if (member.voter.empty() && member.name != "harmonic") {  // which clamps
      expected.insert(Position{100});
      if (task.fold == first.fold) {
        expected.insert(first.seed.node);
      }
    }
    EXPECT_EQ(weak_nodes_of(task), expected) << task.name;
  }
}

TEST(Tasks, WithoutSeedsAllThatNeedSomeLearnFromVotes) {
  EnsembleConfig config;
  config.members = default_members();
  const std::vector<NodeSeed> weak{{Position{100}, Label{0}, 0.75F}};
  for (const propagate::Task& task : make_tasks({}, weak, config.members, config, 2)) {
    const bool starts_from_head = !config.members[to_size(task.group)].voter.empty();
    EXPECT_EQ(task.seeds.size(), starts_from_head ? 0 : 1) << task.name;
  }
}

}  // namespace
}  // namespace kith::ensemble
