/// Sizes that several stages' plans rest on.
#pragma once

#include <algorithm>
#include <cmath>

#include "kith/run/plan.hpp"

#include "stages/plan_constants.hpp"

namespace kith::stages {

/// The input in doubles, a rank's share of it, and what several stages need.
struct Sizes {
  explicit Sizes(const run::PlanInput& in)
      : items{static_cast<double>(in.items)},
        ranks{static_cast<double>(in.ranks)},
        nodes{items / ranks},
        dim{static_cast<double>(in.dim)},
        k{static_cast<double>(in.k)},
        cells{in.num_cells > 0 ? static_cast<double>(in.num_cells)
                               : std::max(1.0, items / plan_constants::kItemsPerCell)},
        stored_row{dim * static_cast<double>(in.element_bytes)},
        row{dim * (in.element_bytes <= 2 && !in.is_cosine ? plan_constants::kHalf
                                                          : plan_constants::kFloat)},
        edges{nodes * k * plan_constants::kEdgesPerNeighbor},
        cell_ghosts{nodes *
                    in_reach(plan_constants::kCellReach *
                             std::pow(in.searched_cells / 4.0, plan_constants::kProbeGrowth))},
        graph_ghosts{in.is_scattered ? std::floor(std::min(items - nodes, edges))
                                     : nodes * in_reach(plan_constants::kGraphReach)},
        row_labels{run::labels_of_row(in)},
        is_sparse{row_labels < in.classes},
        scores{static_cast<double>(in.members.size()) * row_bytes(plan_constants::kFloat)},
        seeds{static_cast<double>(in.classes) * plan_constants::kSeedsPerClass},
        weak_seeds{static_cast<double>(in.weak_seeds)},
        reference_items{static_cast<double>(in.reference_items)} {}

  /// Of the scores of one item by one member.
  [[nodiscard]] double row_bytes(double value) const {
    return is_sparse ? row_labels * (value + plan_constants::kFloat) + value : row_labels * value;
  }

  /// Items that heads learn from.
  [[nodiscard]] double taught() const { return seeds + weak_seeds + reference_items; }

  /// What a rank holds of the seeds: what members say of them held out, and later on as
  /// probabilities, raw and calibrated.
  [[nodiscard]] double held_out() const { return seeds * scores; }
  [[nodiscard]] double judged(double members) const {
    return seeds * (2 * members + 2) * row_bytes(plan_constants::kDouble);
  }

  /// The sample of nodes that class shares are estimated from, the same on every rank.
  [[nodiscard]] double share_sample() const {
    return is_sparse ? 0.0
                     : plan_constants::kShareCopies * std::min(items, plan_constants::kShareNodes) *
                           row_labels * plan_constants::kDouble;
  }

  /// Nodes of other ranks that a rank looks at, over its own.
  [[nodiscard]] double in_reach(double reach) const {
    const double others = ranks - 1;
    const double unbounded = reach * std::pow(cells / ranks, -plan_constants::kSurface);
    return others > 0 ? 1 / std::hypot(1 / others, 1 / unbounded) : 0.0;
  }

  double items;
  double ranks;
  double nodes;  // of a rank
  double dim;
  double k;
  double cells;
  double stored_row;    // bytes in the corpus
  double row;           // bytes in memory
  double edges;         // of a rank, both directions
  double cell_ghosts;   // in cells that a rank searches
  double graph_ghosts;  // behind its edges
  int row_labels;       // that a row keeps
  bool is_sparse;       // not all classes
  double scores;        // bytes a node of all members
  double seeds;         // their number is not known: a usual one
  double weak_seeds;
  double reference_items;
};

/// What a wave or a pass may take of `wanted`, beside what is there already.
[[nodiscard]] double limited(double wanted, double there, const run::PlanInput& in, double share);

[[nodiscard]] double cache_bytes(const run::PlanInput& in, const Sizes& of);

/// Bytes of rows, probes and items of a rank's nodes.
[[nodiscard]] double shard_bytes(const Sizes& of, double probes);

[[nodiscard]] double list_bytes(const Sizes& of);

/// That a head takes to learn from so many items, and without each of usually five folds, on one
/// core.
[[nodiscard]] double learning_seconds(double items, const run::PlanInput& in,
                                      const run::Rates& rates);

/// What is in memory from the graph on.
[[nodiscard]] double graph_bytes(const Sizes& of);

/// What it takes to send `bytes` out of what all ranks hold, over all of them.
[[nodiscard]] double exchanged(double bytes, const Sizes& of);

[[nodiscard]] double wire_seconds(const run::StagePlan& plan, const Sizes& of,
                                  const run::Rates& rates);

/// With what every stage has besides: the program and its libraries, and the time of its files.
[[nodiscard]] run::StagePlan with_common(run::StagePlan plan, const Sizes& of,
                                         const run::Rates& rates);

}  // namespace kith::stages
