/// The p nearest seeds of every node along the edges.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "kith/propagate/memory.hpp"

#include "propagate/engine.hpp"

namespace kith::propagate {

/// Graph nearest neighbor: a node takes the labels of the p seeds from which the path to it is
/// shortest, an edge being 1 / w long (its resistance; a hop where weights are binary), as "graph
/// nearest neighbor" in J. Calder's GraphLearning and, for p = 1, E. Dijkstra, Numer. Math. 1
/// (1959). Each seed's label counts with its weight and d_1 / d_s, d_1 the distance of the nearest
/// (D. Shepard, ACM 1968); a seed takes its own only. Relaxed by R. Bellman's rule, every node at
/// once, until nothing changes: sweeps grow with the number of edges of the longest of these paths.
/// Ties go to the smaller node.
class NearestSeeds : public Engine {
 public:
  /// The lists and the next ones.
  static constexpr ColumnBytes kColumnBytes{2 * sizeof(Count), 2 * sizeof(Count), sizeof(Count)};

  /// Collective. tasks: kept alive by the caller.
  NearestSeeds(const graph::Graph& graph, std::span<const Task* const> tasks, int num_classes);

  void step(bool measured) override;
  void read_row(std::size_t task, LocalId row, std::span<float> values) const override;
  void retire(std::size_t task) override;
  void go_on(int steps) override;

  /// Calls work(label, share) for every label of the seeds nearest to a node, nearest first.
  void visit_labels(std::size_t task, LocalId row,
                    const std::function<void(Label, float)>& work) const;

 protected:
  void measure(std::size_t task, Measure& measure) override;
  [[nodiscard]] Count state_bytes(std::size_t task) const override;
  void save_state(std::size_t task, Count row, std::byte* to) const override;
  void load_state(std::size_t task, Count row, const std::byte* from) override;

 private:
  /// A seeded node of a task with the weights of its labels.
  struct Seed {
    Position node;
    std::vector<std::pair<Label, float>> labels;
  };
  struct Slot {
    int nearest = 1;
    Count first_column = 0;
    std::vector<Seed> seeds;  // sorted by node
    bool changed = true;
    bool running = true;
  };

  void relax_row(const Slot& slot, Count row);

  Count stride_ = 0;
  std::vector<Slot> slots_;
  // (owned + ghost) x stride; distance (float bits) << 32 | number of the seed, sorted: a smaller
  // entry is a nearer seed. kNothing behind the last.
  std::vector<Count> state_;
  std::vector<Count> next_;
};

}  // namespace kith::propagate
