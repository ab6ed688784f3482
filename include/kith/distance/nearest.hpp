/// The k nearest items of many queries, found without a distance matrix in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "kith/core/types.hpp"
#include "kith/distance/panels.hpp"

namespace kith::distance {

/// An item and how far it is. Ordered by (distance, index): ties go to the smaller index.
struct Neighbor {
  float distance;
  std::int32_t index;  // -1 = none

  auto operator<=>(const Neighbor&) const = default;
};

/// The k items of `items` nearest to each query, sorted by (distance, index).
///
/// queries: num_queries x dim, row-major; out: num_queries x k. `distance` is the squared Euclidean
/// distance from the dot form, twice the score of Panels (not below 0), or -x.y under
/// inner_product. Where k > num_items the rest is {infinity, -1}. The same bits on every
/// instruction set. Single-threaded: call it inside parallel_for with blocks of 64 or more queries.
void nearest(const Panels& items, std::span<const float> queries, int k, std::span<Neighbor> out);

/// Scans several sets of items for one block of queries, one after another, while each query's
/// current k-th score carries on as the threshold for the next set.
///
/// The result is exactly the k smallest by (score, index), whatever the order of the scans. One
/// scanner a thread; its memory is kept from block to block.
class Scanner {
 public:
  Scanner(Count dim, int k);
  ~Scanner();
  Scanner(Scanner&& other) noexcept;
  Scanner& operator=(Scanner&& other) noexcept;
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  /// Begins a block. queries: num_queries x dim, row-major, borrowed until finish(). thresholds:
  /// one a query, items with a larger score are not wanted; empty = all are.
  void start(std::span<const float> queries, std::span<const float> thresholds = {});

  /// Compares some queries of the block (ascending numbers) with all of `items`; item i is recorded
  /// as first_index + i. An item must not be scanned twice for one query.
  void scan(const Panels& items, std::int32_t first_index,
            std::span<const std::int32_t> query_numbers);

  /// The k nearest of each query, `distance` being the score, sorted by (score, index); num_queries
  /// x k entries, rest {infinity, -1}.
  void finish(std::span<Neighbor> out);

  /// After finish(): no item with a smaller score was left out.
  [[nodiscard]] float threshold(Count query) const;
  /// After finish(), for ScoreError: the largest |x-o|^2 / 2 of the query and the origin of items
  /// that it was compared with, without those that are certainly farther than threshold().
  [[nodiscard]] float reach(Count query) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kith::distance
