// Every method against a dense serial reference, and the same bytes at any number of ranks.
#include "kith/propagate/propagate.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"

#include "support/mpi_world.hpp"

namespace kith::propagate {
namespace {

using test::world;

using Matrix = std::vector<std::vector<double>>;

constexpr int kClasses = 3;
constexpr int kNeighbors = 4;

/// Random points in the plane, every third in a cluster far away.
struct Points {
  std::vector<double> x;
  std::vector<double> y;

  Points(int count, std::uint64_t seed) {
    for (int i = 0; i < count; ++i) {
      x.push_back(random_uniform(seed, Purpose::tie, i, 0) + (i % 3 == 0 ? 100 : 0));
      y.push_back(random_uniform(seed, Purpose::tie, i, 1));
    }
  }
  [[nodiscard]] float squared(int i, int j) const {
    const double dx = x[to_size(i)] - x[to_size(j)];
    const double dy = y[to_size(i)] - y[to_size(j)];
    return static_cast<float>(dx * dx + dy * dy);
  }
  [[nodiscard]] std::vector<int> nearest(int i) const {
    std::vector<int> others;
    for (int j = 0; j < static_cast<int>(x.size()); ++j) {
      if (j != i) {
        others.push_back(j);
      }
    }
    std::sort(others.begin(), others.end(), [&](int a, int b) {
      return std::pair{squared(i, a), a} < std::pair{squared(i, b), b};
    });
    others.resize(kNeighbors);
    return others;
  }
};

std::vector<Position> even_partition(int count, int ranks) {
  std::vector<Position> first;
  for (int rank = 0; rank <= ranks; ++rank) {
    first.emplace_back(Count{count} * rank / ranks);
  }
  return first;
}

graph::Graph make_graph(const comm::Communicator& comm, const Points& points) {
  const int count = static_cast<int>(points.x.size());
  const std::vector<Position> first = even_partition(count, comm.size());
  graph::KnnLists lists;
  lists.k = kNeighbors;
  for (auto i = static_cast<int>(first[to_size(comm.rank())].value());
       i < first[to_size(comm.rank()) + 1].value(); ++i) {
    for (const int j : points.nearest(i)) {
      lists.neighbors.emplace_back(j);
      lists.distances.push_back(points.squared(i, j));
    }
  }
  return graph::build_graph(comm, first, lists, graph::GraphConfig{});
}

/// Weights of the whole graph on every rank.
Matrix dense(const graph::Graph& graph) {
  struct Entry {
    Position row;
    Position column;
    double weight;
  };
  std::vector<Entry> mine;
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const auto columns = graph.neighbors(row);
    const auto weights = graph.weights(row);
    for (std::size_t e = 0; e < columns.size(); ++e) {
      mine.push_back({graph.position(row), graph.position(columns[e]), double{weights[e]}});
    }
  }
  const auto n = to_size(graph.num_nodes());
  Matrix w(n, std::vector<double>(n, 0.0));
  for (const Entry& entry : comm::gather_to_all<Entry>(graph.comm(), mine).items) {
    w[to_size(entry.row)][to_size(entry.column)] = entry.weight;
  }
  return w;
}

std::vector<double> degrees(const Matrix& w) {
  std::vector<double> d;
  for (const auto& row : w) {
    d.push_back(std::accumulate(row.begin(), row.end(), 0.0));
  }
  return d;
}

Matrix product(const Matrix& w, const Matrix& f) {
  Matrix result(w.size(), std::vector<double>(f[0].size(), 0.0));
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t j = 0; j < w.size(); ++j) {
      for (std::size_t c = 0; c < f[0].size() && w[i][j] != 0; ++c) {
        result[i][c] += w[i][j] * f[j][c];
      }
    }
  }
  return result;
}

Matrix one_hot(const Task& task, std::size_t n) {
  Matrix y(n, std::vector<double>(kClasses, 0.0));
  for (const NodeSeed& seed : task.seeds) {
    y[to_size(seed.node)][to_size(seed.label)] += seed.weight;
  }
  return y;
}

void normalize(Matrix& f) {
  for (auto& row : f) {
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    for (double& value : row) {
      value /= sum > 0 ? sum : 1;
    }
  }
}

Matrix reference_harmonic(const Matrix& w, const Task& task, int sweeps) {
  Matrix y = one_hot(task, w.size());
  normalize(y);
  const auto d = degrees(w);
  Matrix f = y;
  for (int t = 0; t < sweeps; ++t) {
    Matrix next = product(w, f);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const bool is_seed = std::accumulate(y[i].begin(), y[i].end(), 0.0) > 0;
      for (std::size_t c = 0; c < kClasses; ++c) {
        next[i][c] = is_seed ? y[i][c] : next[i][c] / (d[i] > 0 ? d[i] : 1);
      }
    }
    f = next;
  }
  normalize(f);
  return f;
}

Matrix reference_spreading(const Matrix& w, const Task& task, int sweeps) {
  const Matrix y = one_hot(task, w.size());
  const auto d = degrees(w);
  const double alpha = task.solver.alpha;
  Matrix s = w;
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t j = 0; j < w.size(); ++j) {
      s[i][j] = w[i][j] > 0 ? w[i][j] / std::sqrt(d[i] * d[j]) : 0;
    }
  }
  Matrix f(w.size(), std::vector<double>(kClasses, 0.0));
  for (int t = 0; t <= sweeps; ++t) {
    f = product(s, f);
    for (std::size_t i = 0; i < w.size(); ++i) {
      for (std::size_t c = 0; c < kClasses; ++c) {
        f[i][c] = alpha * f[i][c] + (1 - alpha) * y[i][c];
      }
    }
  }
  normalize(f);
  return f;
}

Matrix reference_poisson(const Matrix& w, const Task& task, int sweeps) {
  const Matrix y = one_hot(task, w.size());
  const auto d = degrees(w);
  std::vector<double> mean(kClasses, 0.0);
  double total = 0;
  for (const NodeSeed& seed : task.seeds) {
    mean[to_size(seed.label)] += seed.weight;
    total += seed.weight;
  }
  Matrix u(w.size(), std::vector<double>(kClasses, 0.0));
  for (int t = 0; t <= sweeps; ++t) {
    Matrix next = product(w, u);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double weight = std::accumulate(y[i].begin(), y[i].end(), 0.0);
      for (std::size_t c = 0; c < kClasses; ++c) {
        const double source = (y[i][c] - weight * mean[c] / total) / total;
        next[i][c] = d[i] > 0 ? (next[i][c] + source) / d[i] : source;
      }
    }
    u = next;
  }
  return u;
}

std::vector<NodeSeed> some_seeds(int count) {
  std::vector<NodeSeed> seeds;
  for (int s = 0; s < 9; ++s) {
    seeds.push_back(
        {Position{(s * 7919 + 3) % count}, Label{s % kClasses}, s % 2 == 0 ? 1.0F : 1.5F});
  }
  return seeds;
}

Task make_task(Method method, int count) {
  Task task;
  task.name = to_string(method);
  task.solver.method = method;
  task.solver.alpha = 0.9;
  task.solver.max_sweeps = 60;
  task.solver.tolerance = 1e-12;
  task.seeds = some_seeds(count);
  return task;
}

std::vector<float> gather_scores(const graph::Graph& graph, const TaskResult& result) {
  return comm::gather_to_all<float>(graph.comm(), result.scores).items;
}

class EveryMethod : public testing::TestWithParam<Method> {};

TEST_P(EveryMethod, EqualsTheDenseSerialReference) {
  constexpr int kCount = 90;
  const Points points{kCount, 5};
  const graph::Graph graph = make_graph(world(), points);
  const Task task = make_task(GetParam(), kCount);

  const std::vector<TaskResult> results = propagate(graph, std::vector{task}, {kClasses, 0});

  const Matrix w = dense(graph);
  const int sweeps = results[0].sweeps;
  const Matrix expected = GetParam() == Method::harmonic    ? reference_harmonic(w, task, sweeps)
                          : GetParam() == Method::spreading ? reference_spreading(w, task, sweeps)
                                                            : reference_poisson(w, task, sweeps);
  const std::vector<float> scores = gather_scores(graph, results[0]);
  EXPECT_EQ(scores.size(), to_size(kCount * kClasses));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(scores[i], expected[i / kClasses][i % kClasses], 1e-5) << "node " << i / kClasses;
  }
}

TEST_P(EveryMethod, GivesTheSameBytesAtAnyNumberOfRanksAndWhateverRunsAlong) {
  constexpr int kCount = 120;
  const Points points{kCount, 11};
  const graph::Graph graph = make_graph(world(), points);
  const auto self = comm::Communicator::duplicate(MPI_COMM_SELF);
  const graph::Graph whole = make_graph(self, points);
  const Task task = make_task(GetParam(), kCount);
  std::vector<Task> crowd;
  for (int i = 0; i < 7; ++i) {
    crowd.push_back(make_task(static_cast<Method>(i % 3), kCount));
    crowd.back().solver.max_sweeps = 10 * (i + 1);  // some leave early
  }
  crowd.insert(crowd.begin() + 3, task);

  const auto together = propagate(graph, crowd, {kClasses, 0});
  const auto in_passes = propagate(graph, crowd, {kClasses, 1});
  const auto alone = propagate(whole, std::vector{task}, {kClasses, 0});

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

INSTANTIATE_TEST_SUITE_P(Propagate, EveryMethod,
                         testing::Values(Method::harmonic, Method::spreading, Method::poisson),
                         [](const auto& test) { return to_string(test.param); });

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
