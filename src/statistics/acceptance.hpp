/// From which probability on labels may be used without a look, and how many those are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/qa/acceptance.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// For one error that a user can live with.
struct AcceptLevel {
  double error = 0;
  qa::AcceptThreshold together;              // one threshold for all classes
  Count accepted = 0;                        // by it
  std::vector<qa::AcceptThreshold> classes;  // risk shared out evenly: all hold at once
  std::vector<Count> class_accepted;
  Count fewest_known = 0;  // labels that must be known and right for any threshold to pass
  std::optional<Count> labels_needed;  // in all, for one to pass; none: more than there are items
};

/// Thresholds from the audit where it is large enough for the mildest error, else from the held-out
/// seeds. /accepted_error of qa.h5: the smallest error of the levels at which the one threshold for
/// all classes accepts the row; NaN if none does. Asks for AuditAccuracy.
class Acceptance final : public Statistic {
 public:
  static constexpr const char* kKey = "acceptance";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;
  void write_tables(const RunResults& run, io::OutputFile& file) const override;

 private:
  std::string basis_;  // what the known labels are
  std::vector<AcceptLevel> levels_;
  qa::RiskCoverage risk_;
  Count countable_ = 0;  // items that could be accepted
};

}  // namespace kith::statistics
