/// What each item's label is worth to those around it.
#pragma once

#include <vector>

#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// A seed and its value.
struct SeedValue {
  Count row;
  Label label;
  double value;
};

/// kNN-Shapley values (R. Jia et al., VLDB 2019, with K* = k) of every labeled item, where every
/// item asks its k nearest others for its own label, times the number of items that ask: positive =
/// so many of them it helps to their label, negative = it speaks against the labels around it.
/// Duplicates have their node's value. /value of qa.h5: of all rows.
///
/// Streams over the neighbor lists: memory of one number a node and one a ghost neighbor, cost
/// O(nodes x k).
class SeedValues final : public Statistic {
 public:
  static constexpr const char* kKey = "seed_values";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;
  void write_tables(const RunResults& run, io::OutputFile& file) const override;

 private:
  Count queries_ = 0;
  std::vector<float> of_rows_;    // this rank's; NaN where the item has no label
  std::vector<SeedValue> seeds_;  // on every rank, by row
};

}  // namespace kith::statistics
