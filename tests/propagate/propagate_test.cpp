// The driver: stops, validation nodes, what is reached.
#include "kith/propagate/propagate.hpp"

#include <gtest/gtest.h>

#include "propagate/made_graph.hpp"
#include "support/mpi_world.hpp"

namespace kith::propagate {
namespace {

using kith::test::world;
using namespace test;  // NOLINT(google-build-using-namespace): the helpers of this folder

TEST(Propagate, WatchedNodesAreKnownToEveryRank) {
  constexpr int kCount = 60;
  const graph::Graph graph = make_graph(world(), Points{kCount, 2});
  Task task = make_task("harmonic", kCount);
  const auto all = propagate(graph, std::vector{task}, {kClasses});
  task.validation_nodes = {Position{59}, Position{0}, Position{17}};

  const auto some = propagate(graph, std::vector{task}, {kClasses});

  const std::vector<float> scores = gather_scores(graph, all[0]);
  ASSERT_EQ(some[0].scores.size(), task.validation_nodes.size() * kClasses);
  for (std::size_t i = 0; i < task.validation_nodes.size(); ++i) {
    for (std::size_t c = 0; c < kClasses; ++c) {
      EXPECT_EQ(some[0].scores[i * kClasses + c],
                scores[to_size(task.validation_nodes[i]) * kClasses + c]);
    }
  }
}

TEST(Propagate, ItemsOfAComponentWithoutSeedStayUnreached) {
  constexpr int kCount = 60;
  const graph::Graph graph = make_graph(world(), Points{kCount, 2});
  for (const char* const name : {"harmonic", "spreading", "poisson"}) {
    Task task = make_task(name, kCount);
    task.seeds = {{Position{1}, Label{0}}, {Position{2}, Label{1}}};  // both in the near cluster

    const auto results = propagate(graph, std::vector{task}, {kClasses});

    const std::vector<float> scores = gather_scores(graph, results[0]);
    for (int i = 0; i < kCount; i += 3) {  // the far cluster
      for (int c = 0; c < kClasses; ++c) {
        EXPECT_EQ(scores[to_size(i * kClasses + c)], 0.0F) << name;
      }
    }
    EXPECT_LE(results[0].trace.back().reached, kCount - kCount / 3);
  }
}

TEST(Propagate, EveryStopHasAReason) {
  constexpr int kCount = 60;
  const graph::Graph graph = make_graph(world(), Points{kCount, 2});
  Task settles = make_task("spreading", kCount);
  settles.solver.tolerance = 1e-4;
  settles.solver.max_sweeps = 1000;
  Task mixes = make_task("poisson", kCount);
  mixes.solver.max_sweeps = 100000;
  Task stops = make_task("harmonic", kCount);
  stops.solver.max_sweeps = 7;
  Task empty = make_task("harmonic", kCount);
  empty.seeds.clear();

  const auto results = propagate(graph, std::vector{settles, mixes, stops, empty}, {kClasses});

  EXPECT_EQ(results[0].stop, StopReason::settled);
  EXPECT_EQ(results[1].stop, StopReason::mixed);
  EXPECT_EQ(results[2].stop, StopReason::limit);
  EXPECT_EQ(results[2].sweeps, 7);
  EXPECT_EQ(results[3].stop, StopReason::no_seed);
  EXPECT_EQ(results[3].scores, std::vector<float>(to_size(graph.num_owned() * kClasses), 0.0F));
}

TEST(Propagate, RanksWithoutNodesGoAlongWithTheOthers) {
  constexpr int kCount = 60;
  const Points points{kCount, 2};
  const graph::Graph even = make_graph(world(), points);
  const graph::Graph uneven = make_graph_of_one_rank(world(), points);
  std::vector<Task> tasks;
  for (const Method* method : methods()) {
    for (const Solver solver : method->facts().solvers) {
      if (!method->facts().takes_voter) {
        tasks.push_back(make_task(method->name(), kCount));
        tasks.back().solver.solver = solver;
        tasks.back().solver.max_sweeps = 2000;
        tasks.back().solver.tolerance = 1e-4;
      }
    }
  }

  const auto expected = propagate(even, tasks, {kClasses});
  const auto results = propagate(uneven, tasks, {kClasses});

  for (std::size_t i = 0; i < tasks.size(); ++i) {
    EXPECT_EQ(results[i].stop, expected[i].stop) << tasks[i].name;
    EXPECT_NE(results[i].stop, StopReason::limit) << tasks[i].name;
    EXPECT_EQ(results[i].sweeps, expected[i].sweeps) << tasks[i].name;
    EXPECT_EQ(results[i].class_mass, expected[i].class_mass) << tasks[i].name;
    EXPECT_EQ(gather_scores(uneven, results[i]), gather_scores(even, expected[i])) << tasks[i].name;
  }
}

TEST(Propagate, TheRankWithTheLeastMemoryDecidesForAll) {
  constexpr int kCount = 60;
  const graph::Graph graph = make_graph(world(), Points{kCount, 2});
  const std::vector<Task> tasks{make_task("harmonic", kCount), make_task("poisson", kCount)};
  const Count least = world().rank().value() == world().size() - 1 ? 1 : 1 << 30;

  const auto expected = propagate(graph, tasks, {kClasses});
  const auto results = propagate(graph, tasks, {kClasses, 0, least});

  for (std::size_t i = 0; i < tasks.size(); ++i) {
    EXPECT_EQ(results[i].scores, expected[i].scores) << tasks[i].name;
  }
}

/// A cross-validation group of a task on all seeds and one with three held out.
std::vector<Task> make_group(const Task& whole) {
  Task fold = whole;
  fold.seeds.resize(whole.seeds.size() - 3);
  for (std::size_t s = fold.seeds.size(); s < whole.seeds.size(); ++s) {
    fold.validation_nodes.push_back(whole.seeds[s].node);
    fold.truth.push_back(whole.seeds[s].label);
  }
  std::vector<Task> group{whole, fold};
  group[0].group = 0;
  group[1].group = 0;
  return group;
}

TEST(Trace, TellsHeldOutAccuracyClassMassAndEnergy) {
  constexpr int kCount = 90;
  const graph::Graph graph = make_graph(world(), Points{kCount, 5});
  const std::vector<Task> group = make_group(make_task("spreading", kCount));

  const auto results = propagate(graph, group, {kClasses});

  const SweepTrace& last = results[0].trace.back();
  double right = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto row = std::span{results[1].scores}.subspan(i * kClasses, kClasses);
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    right += best == group[1].truth[i].value() ? 1 : 0;
  }
  ASSERT_TRUE(last.held_out.has_value());
  EXPECT_EQ(*last.held_out, right / 3);
  EXPECT_FALSE(results[1].trace.back().held_out.has_value());

  const auto others = propagate(
      graph, std::vector{make_task("harmonic", kCount), make_task("poisson", kCount)}, {kClasses});
  const std::vector<float> f = gather_scores(graph, others[0]);
  const std::vector<float> u = gather_scores(graph, others[1]);  // the state itself
  const Matrix w = dense(graph);
  double rough = 0;
  double whole = 0;
  std::vector<double> mass(kClasses, 0.0);
  for (std::size_t i = 0; i < kCount; ++i) {
    for (std::size_t c = 0; c < kClasses; ++c) {
      mass[c] += f[i * kClasses + c];
      for (std::size_t j = 0; j < kCount; ++j) {
        const double difference = double{u[i * kClasses + c]} - u[j * kClasses + c];
        rough += w[i][j] * difference * difference / 2;
        whole += w[i][j] * u[i * kClasses + c] * u[i * kClasses + c];
      }
    }
  }
  ASSERT_TRUE(others[1].trace.back().energy.has_value());
  EXPECT_NEAR(*others[1].trace.back().energy, rough / whole, 1e-5);
  for (std::size_t c = 0; c < kClasses; ++c) {
    EXPECT_NEAR(others[0].trace.back().class_mass[c], mass[c], 1e-4);
  }
}

TEST(EarlyStop, KeepsTheSweepThatIsBestOnHeldOutSeeds) {
  constexpr int kCount = 120;
  const graph::Graph graph = make_graph(world(), Points{kCount, 11});
  std::vector<Task> group = make_group(make_task("harmonic", kCount));
  for (Task& task : group) {
    task.solver.early_stop = true;
    task.solver.max_sweeps = 1000;
  }

  const auto results = propagate(graph, group, {kClasses});

  ASSERT_EQ(results[0].stop, StopReason::held_out);
  EXPECT_EQ(results[1].stop, StopReason::held_out);
  double best = -1;
  int at = 0;
  for (const SweepTrace& line : results[0].trace) {
    if (*line.held_out > best) {
      best = *line.held_out;
      at = line.sweep;
    }
  }
  EXPECT_EQ(results[0].sweeps, at);
  Task until_then = make_task("harmonic", kCount);
  until_then.solver.max_sweeps = at;
  const auto expected = propagate(graph, std::vector{until_then}, {kClasses});
  EXPECT_EQ(gather_scores(graph, results[0]), gather_scores(graph, expected[0]));
  EXPECT_EQ(results[0].class_mass, expected[0].class_mass);
}

TEST(Propagate, AllItemsMayBeSeedsAndAClassMayHaveNone) {
  constexpr int kCount = 24;
  const graph::Graph graph = make_graph(world(), Points{kCount, 4});
  for (const char* const name : {"harmonic", "spreading", "poisson"}) {
    Task task = make_task(name, kCount);
    task.seeds.clear();
    for (int i = 0; i < kCount; ++i) {
      task.seeds.push_back({Position{i}, Label{i % 3 == 0 ? 0 : 1}});
    }

    const auto results = propagate(graph, std::vector{task}, {kClasses});

    const std::vector<float> scores = gather_scores(graph, results[0]);
    for (int i = 0; i < kCount; ++i) {
      const auto row = std::span{scores}.subspan(to_size(i * kClasses), kClasses);
      const auto best = std::max_element(row.begin(), row.end()) - row.begin();
      EXPECT_EQ(best, i % 3 == 0 ? 0 : 1) << name << " node " << i;
    }
  }
}

}  // namespace
}  // namespace kith::propagate
