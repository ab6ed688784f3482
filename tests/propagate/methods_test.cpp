// Every method against a dense serial reference, and the same bytes at any number of ranks.
#include <fmt/format.h>

#include <gtest/gtest.h>

#include "propagate/reference.hpp"
#include "support/mpi_world.hpp"

namespace kith::propagate {
namespace {

using kith::test::world;
using namespace test;  // NOLINT(google-build-using-namespace): the helpers of this folder

std::vector<std::string> names_of(bool (*fits)(const Method&)) {
  std::vector<std::string> names;
  for (const Method* method : methods()) {
    if (fits(*method)) {
      names.push_back(method->name());
    }
  }
  return names;
}

const std::vector<std::string> kMethods = names_of([](const Method&) { return true; });

/// Some voter's probabilities of node i.
std::vector<double> voter(int i) {
  std::vector<double> p(kClasses);
  double sum = 0;
  for (int c = 0; c < kClasses; ++c) {
    p[to_size(c)] = 0.05 + random_uniform(77, Purpose::tie, i, static_cast<std::uint64_t>(c));
    sum += p[to_size(c)];
  }
  for (double& value : p) {
    value /= sum;
  }
  return p;
}

std::vector<float> owned_voter(const graph::Graph& graph) {
  std::vector<float> base;
  for (Count i = graph.owned().begin.value(); i < graph.owned().end.value(); ++i) {
    for (const double value : voter(static_cast<int>(i))) {
      base.push_back(static_cast<float>(value));
    }
  }
  return base;
}

enum class Seeding { some, one_class, class_without, all };

std::vector<NodeSeed> seeds_of(Seeding seeding, int count) {
  std::vector<NodeSeed> seeds = some_seeds(count);
  if (seeding == Seeding::all) {
    seeds.clear();
    for (int i = 0; i < count; ++i) {
      seeds.push_back({Position{i}, Label{(i * 7) % kClasses}, 1.0F});
    }
  }
  for (NodeSeed& seed : seeds) {
    if (seeding == Seeding::one_class) {
      seed.label = Label{1};
    } else if (seeding == Seeding::class_without && seed.label == Label{2}) {
      seed.label = Label{0};
    }
  }
  return seeds;
}

void expect_equal(const graph::Graph& graph, const TaskResult& result, const Matrix& expected,
                  const std::string& what) {
  const std::vector<float> scores = gather_scores(graph, result);
  ASSERT_EQ(scores.size(), expected.size() * kClasses);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(scores[i], expected[i / kClasses][i % kClasses], 1e-5)
        << what << ", node " << i / kClasses << ", class " << i % kClasses;
  }
}

class EveryMethod : public testing::TestWithParam<std::string> {};

/// Weighted, in two components at least, with isolated nodes where edges must be mutual.
TEST_P(EveryMethod, EqualsTheDenseSerialReference) {
  constexpr int kCount = 90;
  for (const char* symmetrize : {"union", "mutual"}) {
    const graph::Graph graph = make_graph(world(), Points{kCount, 5}, symmetrize);
    const Matrix w = dense(graph);
    const std::vector<float> base = owned_voter(graph);
    Matrix whole_base;
    for (int i = 0; i < kCount; ++i) {
      whole_base.push_back(voter(i));
    }
    for (const Seeding seeding :
         {Seeding::some, Seeding::one_class, Seeding::class_without, Seeding::all}) {
      if (GetParam() == "poisson_volume" && seeding == Seeding::class_without) {
        continue;  // its class weights do not come to rest: a tie decides on what follows
      }
      Task task = make_task(GetParam(), kCount);
      task.seeds = seeds_of(seeding, kCount);
      task.base = base;

      const auto results = propagate(graph, std::vector{task}, {kClasses});

      const bool in_phases = method(GetParam()).num_phases() > 1;
      const int sweeps = in_phases ? task.solver.max_sweeps : results[0].sweeps;
      expect_equal(graph, results[0], reference(w, task, sweeps, whole_base),
                   fmt::format("{}, seeding {}", symmetrize, static_cast<int>(seeding)));
    }
  }
}

TEST_P(EveryMethod, GivesTheSameBytesAtAnyNumberOfRanksAndWhateverRunsAlong) {
  constexpr int kCount = 120;
  const Points points{kCount, 11};
  const graph::Graph graph = make_graph(world(), points);
  const auto self = comm::Communicator::duplicate(MPI_COMM_SELF);
  const graph::Graph whole = make_graph(self, points);
  const std::vector<float> base = owned_voter(graph);
  const std::vector<float> whole_base = owned_voter(whole);
  for (const Solver solver : {Solver::sweeps, Solver::chebyshev, Solver::conjugate_gradient}) {
    if (!method(GetParam()).has(solver)) {
      continue;
    }
    Task task = make_task(GetParam(), kCount);
    task.solver.solver = solver;
    task.base = base;
    std::vector<Task> crowd;
    for (std::size_t i = 0; i < kMethods.size(); ++i) {
      crowd.push_back(make_task(kMethods[i], kCount));
      crowd.back().base = base;
      crowd.back().solver.max_sweeps = 10 * (static_cast<int>(i) + 1);  // some leave early
      crowd.back().solver.solver = method(kMethods[i]).has(solver) ? solver : Solver::sweeps;
    }
    crowd.insert(crowd.begin() + 3, task);

    const auto together = propagate(graph, crowd, {kClasses});
    const auto in_passes = propagate(graph, crowd, {kClasses, 0, 1});
    task.base = whole_base;
    const auto alone = propagate(whole, std::vector{task}, {kClasses});

    EXPECT_EQ(gather_scores(graph, together[3]), alone[0].scores);
    EXPECT_EQ(gather_scores(graph, in_passes[3]), alone[0].scores);
    EXPECT_EQ(together[3].class_mass, alone[0].class_mass);
    EXPECT_EQ(together[3].sweeps, alone[0].sweeps);
    for (std::size_t line = 0; line < alone[0].trace.size(); ++line) {
      EXPECT_EQ(together[3].trace[line].residual, alone[0].trace[line].residual);
      EXPECT_EQ(together[3].trace[line].flips, alone[0].trace[line].flips);
      EXPECT_EQ(together[3].trace[line].class_counts, alone[0].trace[line].class_counts);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Propagate, EveryMethod, testing::ValuesIn(kMethods),
                         [](const auto& test) { return test.param; });

class EverySystem : public testing::TestWithParam<std::string> {};

TEST_P(EverySystem, ConjugateGradientReachesTheLimitOfTheSweeps) {
  constexpr int kCount = 90;
  const graph::Graph graph = make_graph(world(), Points{kCount, 5});
  const Matrix w = dense(graph);
  for (const Seeding seeding : {Seeding::some, Seeding::class_without, Seeding::all}) {
    Task task = make_task(GetParam(), kCount);
    task.seeds = seeds_of(seeding, kCount);
    task.solver.solver = Solver::conjugate_gradient;
    task.solver.max_sweeps = 2000;
    task.solver.tolerance = 1e-4;

    const auto results = propagate(graph, std::vector{task}, {kClasses});

    EXPECT_EQ(results[0].stop, StopReason::settled);
    EXPECT_LE(results[0].sweeps, 100) << "tens of iterations";
    expect_equal(graph, results[0], reference(w, task, 2000),
                 fmt::format("seeding {}", static_cast<int>(seeding)));
  }
}

INSTANTIATE_TEST_SUITE_P(Propagate, EverySystem,
                         testing::ValuesIn(names_of([](const Method& method) {
                           return method.has(Solver::conjugate_gradient);
                         })),
                         [](const auto& test) { return test.param; });

TEST(Chebyshev, ReachesTheLimitOfTheSweepsInFewer) {
  constexpr int kCount = 90;
  const graph::Graph graph = make_graph(world(), Points{kCount, 5});
  const Matrix w = dense(graph);
  for (const std::string& name :
       names_of([](const Method& method) { return method.has(Solver::chebyshev); })) {
    for (const Seeding seeding : {Seeding::some, Seeding::class_without, Seeding::all}) {
      Task task = make_task(name, kCount);
      task.solver.parameters["alpha"] = 0.99;
      task.solver.max_sweeps = 300;
      task.solver.tolerance = 1e-6;
      task.seeds = seeds_of(seeding, kCount);
      task.solver.solver = Solver::chebyshev;

      const auto results = propagate(graph, std::vector{task}, {kClasses});

      EXPECT_EQ(results[0].stop, StopReason::settled);
      EXPECT_LE(results[0].sweeps, 160) << "ln(1e-6) / ln 0.868 is 98, the sweeps' 1375";
      expect_equal(graph, results[0], reference(w, task, 4000),
                   fmt::format("{}, seeding {}", name, static_cast<int>(seeding)));
    }
  }
}

TEST(Harmonic, SeedsOfLittleTrustMayMove) {
  constexpr int kCount = 90;
  const graph::Graph graph = make_graph(world(), Points{kCount, 5});
  const Matrix w = dense(graph);
  Task task = make_task("harmonic", kCount);
  task.solver.parameters["seed_trust"] = 0.6;
  const auto by_sweeps = propagate(graph, std::vector{task}, {kClasses});
  expect_equal(graph, by_sweeps[0], reference(w, task, by_sweeps[0].sweeps), "sweeps");
  task.solver.solver = Solver::conjugate_gradient;
  task.solver.tolerance = 1e-4;
  const auto by_gradient = propagate(graph, std::vector{task}, {kClasses});
  expect_equal(graph, by_gradient[0], reference(w, task, 2000), "conjugate gradient");

  // Seed 9 claims class 1 among neighbors that all say 0.
  task.seeds.clear();
  for (int i = 0; i < kCount; ++i) {
    task.seeds.push_back({Position{i}, Label{i == 9 ? 1 : 0}, 1.0F});
  }
  task.solver.parameters["seed_trust"] = 0.2;
  const auto moved = propagate(graph, std::vector{task}, {kClasses});
  const std::vector<float> scores = gather_scores(graph, moved[0]);
  EXPECT_GT(scores[9 * kClasses], scores[9 * kClasses + 1]);
}

TEST(Methods, CountSeedsByTheirWeightOrTakeThemAtTheirWord) {
  constexpr int kCount = 90;
  const graph::Graph graph = make_graph(world(), Points{kCount, 5});
  for (const Method* method : methods()) {
    if (method->facts().takes_voter) {
      continue;
    }
    Task task = make_task(method->name(), kCount);
    Task with_many_more = task;
    for (int i = kCount / 2; i < kCount; ++i) {
      const auto is_here = [&](const NodeSeed& seed) { return seed.node == Position{i}; };
      if (std::none_of(task.seeds.begin(), task.seeds.end(), is_here)) {
        with_many_more.seeds.push_back({Position{i}, Label{1}, 1e-6F});
      }
    }
    const auto results = propagate(graph, std::vector{task, with_many_more}, {kClasses});
    const std::vector<float> before = gather_scores(graph, results[0]);
    const std::vector<float> after = gather_scores(graph, results[1]);
    float largest = 0;
    float change = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      largest = std::max(largest, std::abs(before[i]));
      change = std::max(change, std::abs(after[i] - before[i]));
    }
    EXPECT_EQ(change < 1e-3F * largest, method->facts().weighs_seeds)
        << method->name() << " " << change << " of " << largest;
  }
}

TEST(Registry, SharedParametersAreTheSame) {
  for (const Parameter& known : all_parameters()) {
    for (const Method* method : methods()) {
      for (const Parameter& parameter : method->facts().parameters) {
        if (parameter.name == known.name) {
          EXPECT_EQ(parameter.fallback, known.fallback) << method->name() << " " << known.name;
          EXPECT_EQ(parameter.range.text(), known.range.text())
              << method->name() << " " << known.name;
          EXPECT_EQ(parameter.help, known.help) << method->name() << " " << known.name;
        }
      }
    }
    EXPECT_TRUE(known.allows(known.fallback)) << known.name;
  }
}

TEST(Registry, FindsEveryMethodByItsName) {
  for (const Method* method : methods()) {
    EXPECT_EQ(find_method(method->name()), method);
    EXPECT_FALSE(method->facts().citation.empty());
    EXPECT_TRUE(method->has(Solver::sweeps));
  }
  EXPECT_EQ(find_method("magic"), nullptr);
}

TEST(PoissonVolume, FollowsAPriorOfItsOwn) {
  constexpr int kCount = 90;
  const graph::Graph graph = make_graph(world(), Points{kCount, 5});
  Task task = make_task("poisson_volume", kCount);
  task.prior = {0.5, 0.3, 0.2};

  const auto results = propagate(graph, std::vector{task}, {kClasses});

  expect_equal(graph, results[0], reference(dense(graph), task, task.solver.max_sweeps), "prior");
  EXPECT_TRUE(results[0].stop == StopReason::settled || results[0].stop == StopReason::finished);
}

}  // namespace
}  // namespace kith::propagate
