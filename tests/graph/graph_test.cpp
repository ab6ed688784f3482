// The graph against a serial reference built from the same lists, at any number of ranks.
#include "kith/graph/graph.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"
#include "kith/graph/components.hpp"

#include "support/mpi_world.hpp"

namespace kith::graph {
namespace {

using test::world;

/// The lists of all nodes, as every rank knows them.
struct Lists {
  int k;
  std::vector<std::vector<int>> neighbors;
  std::vector<std::vector<float>> distances;

  [[nodiscard]] int size() const { return static_cast<int>(neighbors.size()); }
};

/// Lists of points on a line, in `num_clusters` far groups dealt round robin; spread 0 = all
/// coincide.
Lists line_lists(int count, int k, int num_clusters, double spread) {
  std::vector<double> x;
  for (int i = 0; i < count; ++i) {
    x.push_back(spread * random_uniform(7, Purpose::tie, i) + 1000.0 * (i % num_clusters));
  }
  Lists lists{k, {}, {}};
  for (int i = 0; i < count; ++i) {
    const auto squared = [&](int j) {
      const double d = x[to_size(i)] - x[to_size(j)];
      return static_cast<float>(d * d);
    };
    std::vector<int> others;
    for (int j = 0; j < count; ++j) {
      if (j != i) {
        others.push_back(j);
      }
    }
    std::sort(others.begin(), others.end(), [&](int a, int b) {
      return std::pair{squared(a), a} < std::pair{squared(b), b};
    });
    others.resize(to_size(k));
    lists.neighbors.push_back(others);
    lists.distances.emplace_back();
    for (const int j : others) {
      lists.distances.back().push_back(squared(j));
    }
  }
  return lists;
}

std::vector<Position> even_partition(int count, int ranks) {
  std::vector<Position> first;
  for (int rank = 0; rank <= ranks; ++rank) {
    first.emplace_back(Count{count} * rank / ranks);
  }
  return first;
}

Graph distribute(const comm::Communicator& comm, const Lists& lists, const GraphConfig& config) {
  const auto first = even_partition(lists.size(), comm.size());
  NeighborLists mine;
  mine.k = lists.k;
  for (Count i = first[to_size(comm.rank())].value(); i < first[to_size(comm.rank()) + 1].value();
       ++i) {
    for (std::size_t n = 0; n < to_size(lists.k); ++n) {
      mine.neighbors.emplace_back(lists.neighbors[to_size(i)][n]);
      mine.distances.push_back(lists.distances[to_size(i)][n]);
    }
  }
  return build_graph(comm, first, mine, config);
}

/// A stored edge, with its place in its row.
struct Edge {
  Position row;
  Position column;
  float weight;
  Count place;
  bool operator==(const Edge&) const = default;
};

std::vector<Edge> gather_edges(const Graph& graph) {
  std::vector<Edge> mine;
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const auto columns = graph.neighbors(row);
    for (std::size_t e = 0; e < columns.size(); ++e) {
      mine.push_back({graph.position(row), graph.position(columns[e]), graph.weights(row)[e],
                      static_cast<Count>(e)});
    }
  }
  return comm::gather_to_all<Edge>(graph.comm(), mine).items;
}

bool lists_contain(const Lists& lists, int from, int to) {
  const auto& row = lists.neighbors[to_size(from)];
  return std::find(row.begin(), row.end(), to) != row.end();
}

/// Weight of an edge straight from the definition; 0 = no edge.
double reference_weight(const Lists& lists, const GraphConfig& config, int i, int j) {
  const bool forward = lists_contain(lists, i, j);
  const bool backward = lists_contain(lists, j, i);
  if (!(config.symmetrize == "mutual" ? forward && backward : forward || backward)) {
    return 0;
  }
  double weight = 1;
  if (config.weights == "gaussian") {
    const int from = forward ? i : j;
    const int to = forward ? j : i;
    const auto& row = lists.neighbors[to_size(from)];
    const auto at = std::find(row.begin(), row.end(), to) - row.begin();
    const double squared = lists.distances[to_size(from)][to_size(at)];
    const auto scale = [&](int node) {
      const int which = std::min(config.scale_neighbor, lists.k) - 1;
      return std::sqrt(double{lists.distances[to_size(node)][to_size(which)]});
    };
    weight = squared == 0 ? 1 : std::exp(-squared / (scale(i) * scale(j)));
  }
  return config.symmetrize == "mean" && forward != backward ? weight / 2 : weight;
}

class EveryConfig : public testing::TestWithParam<GraphConfig> {};

TEST_P(EveryConfig, HoldsJustTheEdgesOfTheDefinition) {
  const Lists lists = line_lists(61, 5, 2, 1.0);

  const Graph graph = distribute(world(), lists, GetParam());

  std::map<std::pair<Count, Count>, float> edges;
  for (const Edge& edge : gather_edges(graph)) {
    edges[{edge.row.value(), edge.column.value()}] = edge.weight;
  }
  EXPECT_EQ(graph.num_edges(), count_of(edges));
  for (int i = 0; i < lists.size(); ++i) {
    for (int j = 0; j < lists.size(); ++j) {
      const double expected = i == j ? 0 : reference_weight(lists, GetParam(), i, j);
      const auto found = edges.find({i, j});
      EXPECT_EQ(found != edges.end(), expected > 0) << i << " " << j;
      if (found != edges.end()) {
        EXPECT_NEAR(found->second, expected, 1e-5 * expected + 1e-29);
        EXPECT_EQ(found->second, (edges[{j, i}])) << "not the same bits both ways";
      }
    }
  }
}

TEST_P(EveryConfig, IsTheSameAtAnyNumberOfRanks) {
  const Lists lists = line_lists(50, 4, 3, 1.0);
  const auto self = comm::Communicator::duplicate(MPI_COMM_SELF);

  const Graph graph = distribute(world(), lists, GetParam());
  const Graph whole = distribute(self, lists, GetParam());

  EXPECT_EQ(gather_edges(graph), gather_edges(whole));
}

GraphConfig make_config(const char* symmetrize, const char* weights) {
  GraphConfig config;
  config.symmetrize = symmetrize;
  config.weights = weights;
  config.scale_neighbor = 3;
  return config;
}

INSTANTIATE_TEST_SUITE_P(Graph, EveryConfig,
                         testing::Values(make_config("union", "gaussian"),
                                         make_config("mean", "gaussian"),
                                         make_config("mutual", "gaussian"),
                                         make_config("union", "binary")));

TEST(Graph, SurvivesCoincidentPointsEmptyRanksAndIsolatedNodes) {
  const Lists coincident = line_lists(6, 2, 1, 0.0);
  for (const Edge& edge : gather_edges(distribute(world(), coincident, GraphConfig{}))) {
    EXPECT_EQ(edge.weight, 1.0F);
  }
  const Lists few = line_lists(3, 1, 1, 1.0);  // fewer nodes than ranks
  const Graph graph = distribute(world(), few, make_config("mutual", "gaussian"));
  EXPECT_EQ(comm::sum_over_ranks(world(), graph.num_owned()), 3);
  EXPECT_EQ(graph.num_edges(), 2);  // the nearest pair; the third node is nobody's
}

TEST(Graph, ConvertsBetweenPositionsAndLocalIds) {
  const Graph graph = distribute(world(), line_lists(40, 3, 1, 1.0), GraphConfig{});
  for (LocalId node{0}; node.value() < graph.num_owned() + graph.num_ghosts(); ++node) {
    EXPECT_EQ(graph.local_id(graph.position(node)), node);
  }
  Count absent = 0;
  for (Count position = 0; position < graph.num_nodes(); ++position) {
    absent += graph.local_id(Position{position}).is_none() ? 1 : 0;
  }
  EXPECT_EQ(absent, graph.num_nodes() - graph.num_owned() - graph.num_ghosts());
}

TEST(Halo, PushesEveryOwnedValueToEachGhostCopy) {
  const Graph graph = distribute(world(), line_lists(47, 4, 1, 1.0), GraphConfig{});
  const Count before = comm::chunk_bytes();
  for (const Count chunk : {before, Count{7}}) {
    comm::set_chunk_bytes(chunk);
    constexpr Count kColumns = 3;
    const Count local = graph.num_owned() + graph.num_ghosts();
    std::vector<float> values(to_size(local * kColumns), -1.0F);
    for (LocalId node{0}; node.value() < graph.num_owned(); ++node) {
      for (Count c = 0; c < kColumns; ++c) {
        values[to_size(node.value() * kColumns + c)] =
            static_cast<float>(graph.position(node).value() * 10 + c);
      }
    }

    graph.halo().push(values, kColumns);

    for (LocalId node{0}; node.value() < local; ++node) {
      for (Count c = 0; c < kColumns; ++c) {
        EXPECT_EQ(values[to_size(node.value() * kColumns + c)],
                  static_cast<float>(graph.position(node).value() * 10 + c));
      }
    }
  }
  comm::set_chunk_bytes(before);
}

TEST(Components, AreListedBySizeWhereNoneOfSomeNodesIs) {
  const Lists lists = line_lists(70, 3, 7, 1.0);
  const Graph graph = distribute(world(), lists, GraphConfig{});
  const Components components = connected_components(graph);
  const Position held{5};
  std::vector<Position> of_node =
      comm::gather_to_all<Position>(world(), components.component).items;
  std::map<Position, Count> sizes;
  for (const Position component : of_node) {
    sizes[component] += component == of_node[to_size(held)] ? 0 : 1;
  }
  sizes.erase(of_node[to_size(held)]);
  std::vector<Count> expected;
  Count nodes = 0;
  for (const auto& [component, size] : sizes) {
    expected.push_back(size);
    nodes += size;
  }
  std::sort(expected.rbegin(), expected.rend());
  ASSERT_GT(expected.size(), 0U);

  const OtherComponents others = components_without(graph, components, std::vector{held});

  EXPECT_EQ(others.num_components, count_of(expected));
  EXPECT_EQ(others.num_nodes, nodes);
  EXPECT_EQ(others.largest_sizes, expected);
  EXPECT_EQ(components_without(graph, components, {}).num_nodes, 70);
}

TEST(Halo, PushesOnlyRowsThatChanged) {
  const Lists lists = line_lists(60, 3, 1, 1.0);
  const Graph graph = distribute(world(), lists, GraphConfig{});
  constexpr Count kColumns = 3;
  const Count num_rows = graph.num_owned() + graph.num_ghosts();
  std::vector<float> before(to_size(num_rows * kColumns));
  for (LocalId node{0}; node.value() < num_rows; ++node) {
    std::fill_n(before.begin() + node.value() * kColumns, kColumns,
                static_cast<float>(graph.position(node).value()));
  }
  std::vector<float> now = before;
  for (Count row = 0; row < graph.num_owned(); ++row) {
    const bool changes = (graph.owned().begin.value() + row) % 4 == 0;
    now[to_size(row * kColumns + 1)] += changes ? 100.0F : 0.0F;
  }
  std::fill(now.begin() + graph.num_owned() * kColumns, now.end(), -1.0F);

  const Count bytes = graph.halo().push_changed(now, before, kColumns);

  for (LocalId node{0}; node.value() < num_rows; ++node) {
    const Count position = graph.position(node).value();
    const float expected = static_cast<float>(position) + (position % 4 == 0 ? 100.0F : 0.0F);
    EXPECT_EQ(now[to_size(node.value() * kColumns + 1)], expected);
    EXPECT_EQ(now[to_size(node.value() * kColumns)], static_cast<float>(position));
  }
  const Count all = graph.halo().bytes_sent(kColumns * static_cast<Count>(sizeof(float)));
  EXPECT_LE(bytes, all / 2 + 16) << "a quarter of the rows, and a bit for each";
  const HaloRows rows = count_halo_rows(graph);
  EXPECT_EQ(rows.sent, comm::sum_over_ranks(world(), graph.halo().bytes_sent(1)));
  // The nodes of line_lists() are numbered at random.
  EXPECT_NEAR(static_cast<double>(rows.sent), rows.if_random, 0.1 * rows.if_random);
}

TEST(Components, EqualThoseOfASerialSearch) {
  for (const int clusters : {1, 3, 7}) {
    const Lists lists = line_lists(70, 3, clusters, 1.0);
    const Graph graph = distribute(world(), lists, GraphConfig{});

    const Components components = connected_components(graph);

    std::vector<Count> label(to_size(lists.size()));  // smallest label until nothing changes
    for (std::size_t i = 0; i < label.size(); ++i) {
      label[i] = static_cast<Count>(i);
    }
    const std::vector<Edge> edges = gather_edges(graph);
    for (bool changed = true; changed;) {
      changed = false;
      for (const Edge& edge : edges) {
        Count& mine = label[to_size(edge.row)];
        changed = changed || label[to_size(edge.column)] < mine;
        mine = std::min(mine, label[to_size(edge.column)]);
      }
    }
    std::map<Count, Count> sizes;
    for (const Count of_node : label) {
      ++sizes[of_node];
    }
    EXPECT_EQ(components.num_components, count_of(sizes));
    for (Count i = 0; i < graph.num_owned(); ++i) {
      EXPECT_EQ(components.component[to_size(i)].value(),
                label[to_size(graph.owned().begin.value() + i)]);
    }
    std::vector<Count> largest;
    for (const auto& [of_node, size] : sizes) {
      largest.push_back(size);
    }
    std::sort(largest.rbegin(), largest.rend());
    largest.resize(std::min<std::size_t>(largest.size(), 10));
    EXPECT_EQ(components.largest_sizes, largest);
  }
}

}  // namespace
}  // namespace kith::graph
