#include "kith/graph/components.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "kith/comm/collectives.hpp"

namespace kith::graph {
namespace {

constexpr std::size_t kListedSizes = 10;

/// Disjoint sets of local nodes; a root is the set's smallest index.
class UnionFind {
 public:
  explicit UnionFind(Count size) : parent_(to_size(size)) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }
  std::int32_t root(std::int32_t node) {
    while (parent_[to_size(node)] != node) {
      parent_[to_size(node)] = parent_[to_size(parent_[to_size(node)])];
      node = parent_[to_size(node)];
    }
    return node;
  }
  void join(std::int32_t a, std::int32_t b) {
    const std::int32_t first = root(a);
    const std::int32_t second = root(b);
    parent_[to_size(std::max(first, second))] = std::min(first, second);
  }

 private:
  std::vector<std::int32_t> parent_;
};

/// Every local node's root in the graph of this rank's rows.
std::vector<std::int32_t> local_roots(const Graph& graph) {
  UnionFind sets{graph.num_owned() + graph.num_ghosts()};
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    for (const LocalId neighbor : graph.neighbors(row)) {
      sets.join(row.value(), neighbor.value());
    }
  }
  std::vector<std::int32_t> roots(to_size(graph.num_owned() + graph.num_ghosts()));
  for (std::size_t node = 0; node < roots.size(); ++node) {
    roots[node] = sets.root(static_cast<std::int32_t>(node));
  }
  return roots;
}

/// Gives every local set the smallest label of its nodes; true if an owned label changed.
bool settle(std::span<const std::int32_t> roots, Count num_owned, std::span<Count> labels) {
  std::vector<Count> smallest(labels.begin(), labels.end());
  for (std::size_t node = 0; node < labels.size(); ++node) {
    Count& of_set = smallest[to_size(roots[node])];
    of_set = std::min(of_set, labels[node]);
  }
  bool changed = false;
  for (std::size_t node = 0; node < labels.size(); ++node) {
    const Count label = smallest[to_size(roots[node])];
    changed = changed || (static_cast<Count>(node) < num_owned && label != labels[node]);
    labels[node] = label;
  }
  return changed;
}

/// Collective. Sizes of all components, each counted where its smallest node lives.
std::vector<Count> count_sizes(const Graph& graph, std::span<const Position> component) {
  struct Tally {
    Position component;
    Count nodes;
  };
  std::map<Position, Count> mine;
  for (const Position of_node : component) {
    ++mine[of_node];
  }
  std::vector<Position> starts =
      comm::gather_to_all<Position>(graph.comm(), std::vector{graph.owned().begin}).items;
  std::vector<Tally> tallies;
  std::vector<Rank> owners;
  for (const auto& [of_nodes, nodes] : mine) {
    tallies.push_back({of_nodes, nodes});
    const auto next = std::upper_bound(starts.begin(), starts.end(), of_nodes);
    owners.emplace_back(static_cast<int>(next - starts.begin()) - 1);
  }
  std::map<Position, Count> total;
  for (const Tally& tally : comm::exchange_to<Tally>(graph.comm(), tallies, owners).items) {
    total[tally.component] += tally.nodes;
  }
  std::vector<Count> sizes;
  for (const auto& [of_nodes, nodes] : total) {
    sizes.push_back(nodes);
  }
  return sizes;
}

/// Collective. The ten largest over all ranks, descending.
std::vector<Count> largest_of(const comm::Communicator& comm, std::vector<Count> sizes) {
  const auto keep_largest = [](std::vector<Count>& counts) {
    std::sort(counts.begin(), counts.end(), std::greater<>());
    counts.resize(std::min(counts.size(), kListedSizes));
  };
  keep_largest(sizes);
  std::vector<Count> all = comm::gather_to_all<Count>(comm, sizes).items;
  keep_largest(all);
  return all;
}

}  // namespace

Components connected_components(const Graph& graph) {
  const std::vector<std::int32_t> roots = local_roots(graph);
  std::vector<Count> labels(roots.size());
  for (std::size_t node = 0; node < labels.size(); ++node) {
    labels[node] = graph.position(LocalId{static_cast<std::int32_t>(node)}).value();
  }
  (void)settle(roots, graph.num_owned(), labels);
  bool changed = true;
  while (changed) {
    graph.halo().push(labels, 1);
    changed = comm::any_rank(graph.comm(), settle(roots, graph.num_owned(), labels));
  }
  Components result;
  for (Count node = 0; node < graph.num_owned(); ++node) {
    result.component.emplace_back(labels[to_size(node)]);
  }
  const std::vector<Count> sizes = count_sizes(graph, result.component);
  result.num_components = comm::sum_over_ranks(graph.comm(), count_of(sizes));
  result.largest_sizes = largest_of(graph.comm(), sizes);
  return result;
}

OtherComponents components_without(const Graph& graph, const Components& components,
                                   std::span<const Position> nodes) {
  std::vector<Position> held;
  for (const Position node : nodes) {
    if (graph.owned().contains(node)) {
      held.push_back(components.component[to_size(graph.local_id(node))]);
    }
  }
  held = comm::gather_to_all<Position>(graph.comm(), held).items;
  std::sort(held.begin(), held.end());
  std::vector<Position> others;
  for (const Position component : components.component) {
    if (!std::binary_search(held.begin(), held.end(), component)) {
      others.push_back(component);
    }
  }
  const std::vector<Count> sizes = count_sizes(graph, others);
  OtherComponents result;
  result.num_components = comm::sum_over_ranks(graph.comm(), count_of(sizes));
  result.num_nodes = comm::sum_over_ranks(graph.comm(), count_of(others));
  result.largest_sizes = largest_of(graph.comm(), sizes);
  return result;
}

}  // namespace kith::graph
