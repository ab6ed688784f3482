/// What labels the run states, how sure they are, and how often they are right.
#pragma once

#include <optional>
#include <vector>

#include "kith/qa/accuracy.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// Equal bins.
struct Histogram {
  std::vector<double> edges;  // bins + 1
  std::vector<Count> counts;
};

/// /confusion of qa.h5.
class ConsensusSummary final : public Statistic {
 public:
  static constexpr const char* kKey = "consensus";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;
  void write_tables(const RunResults& run, io::OutputFile& file) const override;

  /// On the held-out seeds.
  [[nodiscard]] const qa::Confusion& held_out() const { return held_out_; }
  /// Against gold labels; none if there are none.
  [[nodiscard]] const std::optional<qa::Confusion>& gold() const { return gold_; }

 private:
  std::vector<Count> status_counts_;
  std::vector<Count> class_counts_;  // by best class
  Histogram probability_;
  Histogram vote_entropy_;
  Histogram bald_;
  Histogram margin_;
  qa::Confusion held_out_;
  std::optional<qa::Confusion> gold_;
  qa::Confusion gold_auto_;
};

}  // namespace kith::statistics
