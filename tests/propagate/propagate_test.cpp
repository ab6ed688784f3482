// The driver: stops, watched nodes, what is reached.
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
  Task task = make_task(Method::harmonic, kCount);
  const auto all = propagate(graph, std::vector{task}, {kClasses, 0});
  task.watched = {Position{59}, Position{0}, Position{17}};

  const auto some = propagate(graph, std::vector{task}, {kClasses, 0});

  const std::vector<float> scores = gather_scores(graph, all[0]);
  ASSERT_EQ(some[0].scores.size(), task.watched.size() * kClasses);
  for (std::size_t i = 0; i < task.watched.size(); ++i) {
    for (std::size_t c = 0; c < kClasses; ++c) {
      EXPECT_EQ(some[0].scores[i * kClasses + c], scores[to_size(task.watched[i]) * kClasses + c]);
    }
  }
}

TEST(Propagate, ItemsOfAComponentWithoutSeedStayUnreached) {
  constexpr int kCount = 60;
  const graph::Graph graph = make_graph(world(), Points{kCount, 2});
  for (const Method method : {Method::harmonic, Method::spreading, Method::poisson}) {
    Task task = make_task(method, kCount);
    task.seeds = {{Position{1}, Label{0}}, {Position{2}, Label{1}}};  // both in the near cluster

    const auto results = propagate(graph, std::vector{task}, {kClasses, 0});

    const std::vector<float> scores = gather_scores(graph, results[0]);
    for (int i = 0; i < kCount; i += 3) {  // the far cluster
      for (int c = 0; c < kClasses; ++c) {
        EXPECT_EQ(scores[to_size(i * kClasses + c)], 0.0F) << to_string(method);
      }
    }
    EXPECT_LE(results[0].trace.back().reached, kCount - kCount / 3);
  }
}

TEST(Propagate, EveryStopHasAReason) {
  constexpr int kCount = 60;
  const graph::Graph graph = make_graph(world(), Points{kCount, 2});
  Task settles = make_task(Method::spreading, kCount);
  settles.solver.tolerance = 1e-4;
  settles.solver.max_sweeps = 1000;
  Task mixes = make_task(Method::poisson, kCount);
  mixes.solver.max_sweeps = 100000;
  Task stops = make_task(Method::harmonic, kCount);
  stops.solver.max_sweeps = 7;
  Task empty = make_task(Method::harmonic, kCount);
  empty.seeds.clear();

  const auto results = propagate(graph, std::vector{settles, mixes, stops, empty}, {kClasses, 0});

  EXPECT_EQ(results[0].stop, StopReason::settled);
  EXPECT_EQ(results[1].stop, StopReason::mixed);
  EXPECT_EQ(results[2].stop, StopReason::limit);
  EXPECT_EQ(results[2].sweeps, 7);
  EXPECT_EQ(results[3].stop, StopReason::no_seed);
  EXPECT_EQ(results[3].scores, std::vector<float>(to_size(graph.num_owned() * kClasses), 0.0F));
}

TEST(Propagate, AllItemsMayBeSeedsAndAClassMayHaveNone) {
  constexpr int kCount = 24;
  const graph::Graph graph = make_graph(world(), Points{kCount, 4});
  for (const Method method : {Method::harmonic, Method::spreading, Method::poisson}) {
    Task task = make_task(method, kCount);
    task.seeds.clear();
    for (int i = 0; i < kCount; ++i) {
      task.seeds.push_back({Position{i}, Label{i % 3 == 0 ? 0 : 1}});
    }

    const auto results = propagate(graph, std::vector{task}, {kClasses, 0});

    const std::vector<float> scores = gather_scores(graph, results[0]);
    for (int i = 0; i < kCount; ++i) {
      const auto row = std::span{scores}.subspan(to_size(i * kClasses), kClasses);
      const auto best = std::max_element(row.begin(), row.end()) - row.begin();
      EXPECT_EQ(best, i % 3 == 0 ? 0 : 1) << to_string(method) << " node " << i;
    }
  }
}

}  // namespace
}  // namespace kith::propagate
