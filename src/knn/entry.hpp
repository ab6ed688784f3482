// Neighbor lists while they are being made.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/types.hpp"
#include "kith/distance/nearest.hpp"
#include "kith/distance/rows.hpp"

namespace kith::knn {

/// One entry of a list. key is what order goes by: the squared distance, or minus the inner
/// product.
struct Entry {
  Position position;  // none = the list is not full
  float key = std::numeric_limits<float>::infinity();
  float distance = std::numeric_limits<float>::infinity();  // squared Euclidean
};

/// The order of a list.
[[nodiscard]] inline bool is_nearer(const Entry& left, const Entry& right) {
  return left.key != right.key ? left.key < right.key : left.position < right.position;
}

/// Owned nodes x k.
struct EntryLists {
  int k = 0;
  std::vector<Entry> entries;

  [[nodiscard]] std::span<Entry> of(Count row) {
    return std::span{entries}.subspan(to_size(row * k), to_size(k));
  }
  [[nodiscard]] std::span<const Entry> of(Count row) const {
    return std::span{entries}.subspan(to_size(row * k), to_size(k));
  }
};

/// What the ranks found for the same nodes, each rank's part nodes x k, merged to the k nearest.
void merge_lists(const comm::Received<Entry>& found, int num_ranks, int k, std::span<Entry> out);

/// Throws Error unless every node has k others.
void require_k(const cells::Shard& shard, int k);

/// How vectors of a metric are compared. Vectors have unit length under cosine, so it is l2.
[[nodiscard]] inline distance::Nearness nearness_of(corpus::Metric metric) {
  return metric == corpus::Metric::inner_product ? distance::Nearness::inner_product
                                                 : distance::Nearness::l2;
}

/// Nodes to compare with a query, and their keys and distances after rate(). Memory is kept.
class Candidates {
 public:
  void clear() {
    entries_.clear();
    rows_.clear();
  }
  /// row: its vector, of the type that rate() is told.
  void add(Position position, const std::byte* row) {
    entries_.push_back({position});
    rows_.push_back(row);
  }
  /// Computes key and distance of all in direct form.
  void rate(distance::Nearness nearness, distance::RowType type, std::span<const float> query);
  /// Sorts and copies the nearest to `list`; if there are fewer, its rest is none.
  void keep_nearest(std::span<Entry> list);
  /// The same with the entries of another list, which may be `list`; none of these is in it.
  void merge_nearest(std::span<const Entry> others, std::span<Entry> list);
  [[nodiscard]] std::span<const Entry> entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  std::vector<const std::byte*> rows_;
  std::vector<float> keys_;
  std::vector<float> distances_;
};

/// How many candidates the scan keeps beyond k: itself, and some whose order the dot form may have
/// mistaken by rounding.
[[nodiscard]] constexpr int num_candidates(int k) {
  return k + 1 + 2 + k / 8;
}

}  // namespace kith::knn
