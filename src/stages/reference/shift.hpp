/// How far the items of two corpora are from being draws of one.
#pragma once

#include <optional>
#include <span>

#include "kith/core/types.hpp"

namespace kith::stages {

struct VectorShift {
  /// Of the items here that are farther from every reference item than 99 % of reference items are
  /// from each other.
  double novel_share = 0;
  /// Of the items here that have the very vector of a reference item.
  double same_vector_share = 0;
  /// Of the nearest neighbors in a pool of as many items of each corpus, those of an item's own
  /// corpus: M. Schilling, "Multivariate two-sample tests based on nearest neighbors", JASA 81,
  /// 1986. Where both are draws of one it is own_if_alike, where they have nothing in common 1.
  double own_neighbors = 0;
  double own_if_alike = 0;

  /// From 0, alike, to 1, nothing in common.
  [[nodiscard]] double separation() const;
};

/// From at most 2,000 items here and of the pool, and 20,000 of the reference. None where one of
/// the corpora has fewer than 20 items. Rows of `dim` floats, in an order that says nothing. Uses
/// the threads of parallel_for. Distances are squared Euclidean ones, the same bits on every
/// machine.
[[nodiscard]] std::optional<VectorShift> measure_shift(std::span<const float> here,
                                                       std::span<const float> reference, Count dim);

}  // namespace kith::stages
