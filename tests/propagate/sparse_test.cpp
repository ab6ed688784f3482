// Many classes: exact while nothing is cut off, close while little is, the same bytes on any ranks.
#include "kith/propagate/sparse.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "kith/core/error.hpp"

#include "propagate/reference.hpp"
#include "support/mpi_world.hpp"

namespace kith::propagate {
namespace {

using kith::test::world;
using namespace test;  // NOLINT(google-build-using-namespace): the helpers of this folder

class SparseMethod : public testing::TestWithParam<Method> {};

TEST_P(SparseMethod, EqualsTheDenseReferenceWhileNoRowIsCut) {
  constexpr int kCount = 90;
  const graph::Graph graph = make_graph(world(), Points{kCount, 5});
  Task task = make_task(GetParam(), kCount);

  const SparseResult result = propagate_sparse(graph, task, {kClasses, kClasses});

  const Matrix expected = reference(dense(graph), task, result.sweeps);
  EXPECT_EQ(result.mean_rest, 0);
  for (Count row = 0; row < graph.num_owned(); ++row) {
    const auto node = to_size(graph.owned().begin.value() + row);
    double named = 0;
    double all = 0;
    for (std::size_t i = 0; i < kClasses; ++i) {
      const Label label = result.scores.labels[to_size(row) * kClasses + i];
      if (!label.is_none()) {
        EXPECT_NEAR(result.scores.values[to_size(row) * kClasses + i],
                    expected[node][to_size(label)], 1e-5)
            << "node " << node;
        named += std::abs(expected[node][to_size(label)]);
      }
      all += GetParam() == Method::poisson ? 0.0 : expected[node][i];
    }
    if (GetParam() != Method::poisson) {
      EXPECT_NEAR(named, all, 1e-5);
    }
  }
}

/// 40 classes on 400 nodes; expects the winner of nearly all rows, and an honest rest.
TEST_P(SparseMethod, CutRowsKeepTheirWinnerAndSayWhatIsHidden) {
  constexpr int kCount = 400;
  constexpr int kMany = 40;
  const Points points{kCount, 9};
  const graph::Graph graph = make_graph(world(), points);
  Task task = make_task(GetParam(), kCount);
  task.seeds.clear();
  for (int s = 0; s < 2 * kMany; ++s) {
    task.seeds.push_back({Position{(s * 61 + 5) % kCount}, Label{s % kMany}, 1.0F});
  }

  const SparseResult whole = propagate_sparse(graph, task, {kMany, kMany});
  const SparseResult cut = propagate_sparse(graph, task, {kMany, 12});

  EXPECT_GT(cut.mean_rest, 0);
  EXPECT_LT(cut.mean_rest, 0.2);
  EXPECT_GE(cut.largest_rest, cut.mean_rest);
  Count same = 0;
  for (Count row = 0; row < graph.num_owned(); ++row) {
    const auto full = to_size(row * kMany);
    const auto few = to_size(row * 12);
    same += whole.scores.labels[full] == cut.scores.labels[few] ? 1 : 0;
    if (GetParam() == Method::poisson) {
      continue;
    }
    double sum = cut.scores.rest[to_size(row)];
    for (std::size_t i = 0; i < 12; ++i) {
      sum += cut.scores.values[few + i];
    }
    EXPECT_NEAR(sum, 1, 1e-5);
  }
  same = comm::sum_over_ranks(world(), same);
  EXPECT_GE(static_cast<double>(same), 0.97 * kCount);

  const auto self = comm::Communicator::duplicate(MPI_COMM_SELF);
  const SparseResult alone = propagate_sparse(make_graph(self, points), task, {kMany, 12});
  EXPECT_EQ(comm::gather_to_all<float>(world(), cut.scores.values).items, alone.scores.values);
  EXPECT_EQ(comm::gather_to_all<Label>(world(), cut.scores.labels).items, alone.scores.labels);
  EXPECT_EQ(comm::gather_to_all<float>(world(), cut.scores.rest).items, alone.scores.rest);
  EXPECT_EQ(cut.mean_rest, alone.mean_rest);
  EXPECT_EQ(cut.sweeps, alone.sweeps);
}

INSTANTIATE_TEST_SUITE_P(Propagate, SparseMethod,
                         testing::Values(Method::harmonic, Method::spreading, Method::walk,
                                         Method::poisson),
                         [](const auto& test) { return to_string(test.param); });

TEST(Sparse, RefusesAMethodWithoutSuchAForm) {
  const graph::Graph graph = make_graph(world(), Points{30, 2});
  Task task = make_task(Method::wnll, 30);
  try {
    (void)propagate_sparse(graph, task, {kClasses, 2});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "wnll: wnll has no form for many classes");
  }
}

}  // namespace
}  // namespace kith::propagate
