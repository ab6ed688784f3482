/// The items that a person should look at first.
#pragma once

#include <vector>

#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// An item for a person to look at.
struct ReviewItem {
  Count row;
  std::int32_t best;  // class
  std::uint8_t status;
  float probability;
  float vote_entropy;
  float bald;
  float margin;
};

/// Of the items whose status is review, abstain or outlier those with the most mutual information
/// (BALD), ties to the smaller row.
class ReviewQueue final : public Statistic {
 public:
  static constexpr const char* kKey = "review";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;

 private:
  std::vector<ReviewItem> items_;
};

}  // namespace kith::statistics
