/// How far the voters agree.
#pragma once

#include <optional>
#include <vector>

#include "kith/label_model/vote_patterns.hpp"
#include "kith/qa/agreement.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// /patterns and /agreement of qa.h5.
class VoterAgreement final : public Statistic {
 public:
  static constexpr const char* kKey = "agreement";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;
  void write_tables(const RunResults& run, io::OutputFile& file) const override;

  /// None where there are more than qa.max_patterns: agreement is then computed from the rows, and
  /// what needs the patterns has no value.
  [[nodiscard]] const std::optional<label_model::PatternCounts>& patterns() const {
    return patterns_;
  }
  [[nodiscard]] const qa::Agreement& agreement() const { return agreement_; }

 private:
  std::optional<label_model::PatternCounts> patterns_;
  qa::Agreement agreement_;
  std::vector<Count> class_items_;  // items on which a class got a vote
};

/// The coefficients of an agreement with their intervals.
[[nodiscard]] io::Json coefficients_json(const qa::Agreement& agreement);

}  // namespace kith::statistics
