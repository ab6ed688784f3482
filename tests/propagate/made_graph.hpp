/// Small random graphs for tests, and all of their weights on every rank.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/propagate.hpp"

namespace kith::propagate::test {

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

inline std::vector<Position> even_partition(int count, int ranks) {
  std::vector<Position> first;
  for (int rank = 0; rank <= ranks; ++rank) {
    first.emplace_back(Count{count} * rank / ranks);
  }
  return first;
}

/// first: of each rank's positions, and how many there are.
inline graph::Graph make_graph_on(const comm::Communicator& comm, const Points& points,
                                  const std::vector<Position>& first, const char* symmetrize) {
  NeighborLists lists;
  lists.k = kNeighbors;
  for (auto i = static_cast<int>(first[to_size(comm.rank())].value());
       i < first[to_size(comm.rank()) + 1].value(); ++i) {
    for (const int j : points.nearest(i)) {
      lists.neighbors.emplace_back(j);
      lists.distances.push_back(points.squared(i, j));
    }
  }
  graph::GraphConfig config;
  config.symmetrize = symmetrize;
  return graph::build_graph(comm, first, lists, config);
}

inline graph::Graph make_graph(const comm::Communicator& comm, const Points& points,
                               const char* symmetrize = "union") {
  const int count = static_cast<int>(points.x.size());
  return make_graph_on(comm, points, even_partition(count, comm.size()), symmetrize);
}

/// All nodes are the last rank's; the others own none.
inline graph::Graph make_graph_of_one_rank(const comm::Communicator& comm, const Points& points) {
  std::vector<Position> first(to_size(comm.size()) + 1, Position{0});
  first.back() = Position{count_of(points.x)};
  return make_graph_on(comm, points, first, "union");
}

/// Weights of the whole graph on every rank.
inline Matrix dense(const graph::Graph& graph) {
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

inline std::vector<NodeSeed> some_seeds(int count) {
  std::vector<NodeSeed> seeds;
  for (int s = 0; s < 9; ++s) {
    seeds.push_back(
        {Position{(s * 7919 + 3) % count}, Label{s % kClasses}, s % 2 == 0 ? 1.0F : 1.5F});
  }
  return seeds;
}

inline Task make_task(std::string_view name, int count) {
  Task task;
  task.name = name;
  task.solver.method = &method(name);
  task.solver.parameters["alpha"] = 0.9;
  task.solver.max_sweeps = 60;
  task.solver.tolerance = 1e-12;
  task.seeds = some_seeds(count);
  return task;
}

inline std::vector<float> gather_scores(const graph::Graph& graph, const TaskResult& result) {
  return comm::gather_to_all<float>(graph.comm(), result.scores).items;
}

}  // namespace kith::propagate::test
