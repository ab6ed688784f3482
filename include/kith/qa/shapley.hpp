/// What each labeled item is worth to a k-nearest-neighbor vote.
#pragma once

#include <span>

#include "kith/core/types.hpp"

namespace kith::qa {

/// Shapley values of one query's labeled neighbors, as integers: neighbors[r] is the label of the
/// r-th nearest, all k of them count; adds [y_r = y] - [y_last = y] to gains[r]. A seed's value is
/// the sum of its gains over all queries, divided by (k x queries): in [-1, 1], negative = it
/// misleads. Integers add up in any order and over ranks, so nothing but one number a seed is kept.
///
/// The recursion s_k = 0, s_r = s_(r+1) + ([y_r = y] - [y_(r+1) = y]) / k, summed up: R. Jia et
/// al., "Efficient task-specific data valuation for nearest neighbor algorithms", VLDB 2019,
/// theorems 1 and 2 with K* = k. Cost O(k).
void add_knn_shapley_gains(Label query, std::span<const Label> neighbors, std::span<Count> gains);

}  // namespace kith::qa
