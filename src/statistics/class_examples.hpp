/// What each class looks like: a few items of it.
#pragma once

#include <vector>

#include "kith/review/previews.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// Of each class the items that get it with the largest and with the smallest lead over the second
/// class, ties by a hash; no seeds, no duplicates. Only where the corpus has something to show, and
/// of the first kMostClasses classes.
class ClassExamples final : public Statistic {
 public:
  static constexpr const char* kKey = "examples";
  static constexpr int kMostClasses = 40;

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;

 private:
  struct Example {
    Count row = 0;
    std::int32_t best = 0;
    float probability = 0;
    float margin = 0;
  };

  struct Shown {
    std::vector<Example> examples;  // by class
    std::vector<review::Preview> previews;
  };

  /// Collective. Those of each class with the smallest sign * margin.
  [[nodiscard]] static Shown choose(const RunResults& run, float sign);
  [[nodiscard]] static io::Json json_of(const Shown& shown, std::int32_t label);

  Shown typical_;
  Shown unsure_;
};

}  // namespace kith::statistics
