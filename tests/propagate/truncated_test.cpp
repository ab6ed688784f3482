// Many classes: exact while nothing is cut off, close while little is, the same bytes on any ranks.

#include <algorithm>
#include <cmath>
#include <utility>

#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/propagate/propagate.hpp"

#include "propagate/reference.hpp"
#include "support/mpi_world.hpp"

namespace kith::propagate {
namespace {

using kith::test::world;
using namespace test;  // NOLINT(google-build-using-namespace): the helpers of this folder

TaskResult run(const graph::Graph& graph, const Task& task, const PropagateConfig& config) {
  return std::move(propagate(graph, std::span{&task, 1}, config)[0]);
}

class TruncatedMethod : public testing::TestWithParam<std::string> {};

TEST_P(TruncatedMethod, EqualsTheDenseReferenceWhileNoRowIsCut) {
  constexpr int kCount = 90;
  const graph::Graph graph = make_graph(world(), Points{kCount, 5});
  Task task = make_task(GetParam(), kCount);

  const TaskResult result = run(graph, task, {kClasses, kClasses});

  const Matrix expected = reference(dense(graph), task, result.sweeps);
  EXPECT_EQ(result.mean_residual_mass, 0);
  for (Count row = 0; row < graph.num_owned(); ++row) {
    const auto node = to_size(graph.owned().begin.value() + row);
    double named = 0;
    double all = 0;
    for (std::size_t i = 0; i < kClasses; ++i) {
      const Label label = result.labels[to_size(row) * kClasses + i];
      if (!label.is_none()) {
        EXPECT_NEAR(result.scores[to_size(row) * kClasses + i], expected[node][to_size(label)],
                    1e-5)
            << "node " << node;
        named += std::abs(expected[node][to_size(label)]);
      }
      all += GetParam() == "poisson" ? 0.0 : expected[node][i];
    }
    if (GetParam() != "poisson") {
      EXPECT_NEAR(named, all, 1e-5);
    }
  }
}

TEST_P(TruncatedMethod, RanksWithoutNodesGoAlongWithTheOthers) {
  constexpr int kCount = 60;
  const Points points{kCount, 2};
  const graph::Graph even = make_graph(world(), points);
  const graph::Graph uneven = make_graph_of_one_rank(world(), points);
  Task task = make_task(GetParam(), kCount);
  task.solver.max_sweeps = 500;
  task.solver.tolerance = 1e-4;

  const TaskResult expected = run(even, task, {kClasses, 2});
  const TaskResult result = run(uneven, task, {kClasses, 2});

  EXPECT_EQ(result.stop, expected.stop);
  EXPECT_EQ(result.sweeps, expected.sweeps);
  EXPECT_EQ(result.class_mass, expected.class_mass);
  EXPECT_EQ(gather_scores(uneven, result), gather_scores(even, expected));
}

/// 40 classes on 400 nodes; expects the winner of nearly all rows, and an honest rest.
TEST_P(TruncatedMethod, CutRowsKeepTheirWinnerAndSayWhatIsHidden) {
  constexpr int kCount = 400;
  constexpr int kMany = 40;
  const Points points{kCount, 9};
  const graph::Graph graph = make_graph(world(), points);
  Task task = make_task(GetParam(), kCount);
  task.seeds.clear();
  for (int s = 0; s < 2 * kMany; ++s) {
    task.seeds.push_back({Position{(s * 61 + 5) % kCount}, Label{s % kMany}, 1.0F});
  }

  const TaskResult whole = run(graph, task, {kMany, kMany});
  const TaskResult cut = run(graph, task, {kMany, 12});

  if (GetParam() != "nearest_seed") {  // hears three seeds: nothing to cut
    EXPECT_GT(*cut.mean_residual_mass, 0);
    EXPECT_LT(*cut.mean_residual_mass, 0.2);
  }
  EXPECT_GE(cut.largest_residual_mass, *cut.mean_residual_mass);
  Count same = 0;
  for (Count row = 0; row < graph.num_owned(); ++row) {
    const auto full = to_size(row * kMany);
    const auto few = to_size(row * 12);
    same += whole.labels[full] == cut.labels[few] ? 1 : 0;
    if (GetParam() == "poisson") {
      continue;
    }
    double sum = 0;
    int named = 0;
    for (std::size_t i = 0; i < 12; ++i) {
      sum += cut.scores[few + i];
      named += cut.labels[few + i].is_none() ? 0 : 1;
    }
    sum += (kMany - named) * double{cut.other[to_size(row)]};
    EXPECT_NEAR(sum, 1, 1e-5);
  }
  same = comm::sum_over_ranks(world(), same);
  EXPECT_GE(static_cast<double>(same), 0.97 * kCount);

  const auto self = comm::Communicator::duplicate(MPI_COMM_SELF);
  const TaskResult alone = run(make_graph(self, points), task, {kMany, 12});
  EXPECT_EQ(comm::gather_to_all<float>(world(), cut.scores).items, alone.scores);
  EXPECT_EQ(comm::gather_to_all<Label>(world(), cut.labels).items, alone.labels);
  EXPECT_EQ(comm::gather_to_all<float>(world(), cut.other).items, alone.other);
  EXPECT_EQ(cut.mean_residual_mass, alone.mean_residual_mass);
  EXPECT_EQ(cut.sweeps, alone.sweeps);
}

/// Watched nodes have the rows that they have among all nodes; nodes that are no seed make up the
/// class masses.
TEST_P(TruncatedMethod, WatchesNodesAndAddsUpClasses) {
  constexpr int kCount = 120;
  const graph::Graph graph = make_graph(world(), Points{kCount, 7});
  Task task = make_task(GetParam(), kCount);
  const TaskResult all = run(graph, task, {kClasses, kClasses - 1});
  const Task watching = [&] {
    Task some = task;
    some.validation_nodes = {Position{17}, Position{60}, Position{119}};
    return some;
  }();

  const TaskResult some = run(graph, watching, {kClasses, kClasses - 1});

  const auto top = to_size(kClasses - 1);
  const auto scores = comm::gather_to_all<float>(world(), all.scores).items;
  const auto labels = comm::gather_to_all<Label>(world(), all.labels).items;
  const auto other = comm::gather_to_all<float>(world(), all.other).items;
  for (std::size_t i = 0; i < watching.validation_nodes.size(); ++i) {
    const std::size_t node = to_size(watching.validation_nodes[i]);
    EXPECT_EQ(some.other[i], other[node]);
    for (std::size_t entry = 0; entry < top; ++entry) {
      EXPECT_EQ(some.scores[i * top + entry], scores[node * top + entry]);
      EXPECT_EQ(some.labels[i * top + entry], labels[node * top + entry]);
    }
  }
  if (GetParam() == "poisson") {
    EXPECT_TRUE(all.class_mass.empty());
    return;
  }
  std::vector<double> mass(kClasses, 0.0);
  for (std::size_t node = 0; node < kCount; ++node) {
    const bool is_seed = std::any_of(task.seeds.begin(), task.seeds.end(),
                                     [&](const NodeSeed& s) { return to_size(s.node) == node; });
    for (int label = 0; label < kClasses && !is_seed; ++label) {
      const auto named = labels.begin() + static_cast<Count>(node * top);
      const auto found = std::find(named, named + static_cast<Count>(top), Label{label});
      const bool is_named = found != named + static_cast<Count>(top);
      mass[to_size(label)] += is_named ? scores[to_size(found - labels.begin())] : other[node];
    }
  }
  for (std::size_t label = 0; label < mass.size(); ++label) {
    EXPECT_NEAR(all.class_mass[label], mass[label], 1e-4);
    EXPECT_NEAR(some.class_mass[label], mass[label], 1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Propagate, TruncatedMethod,
                         testing::Values("harmonic", "spreading", "walk", "poisson",
                                         "nearest_seed"),
                         [](const auto& test) { return test.param; });

TEST(Truncated, RefusesAMethodWithoutSuchAForm) {
  const graph::Graph graph = make_graph(world(), Points{30, 2});
  Task task = make_task("wnll", 30);
  try {
    (void)run(graph, task, {kClasses, 2});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "wnll: wnll has no form for many classes");
  }
}

}  // namespace
}  // namespace kith::propagate
