/// What the answers of an audit say of the labels as they are now.
#pragma once

#include <optional>
#include <vector>

#include "kith/qa/audit.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// The same on every rank.
struct AuditAnswers {
  Count answered = 0;  // and not a seed since
  std::vector<qa::AuditedItem> items;
  std::vector<Count> rows;          // of the items
  std::vector<Count> strata_items;  // by AuditedItem::stratum
};

/// Has no key if no drawn item has an answer.
class AuditAccuracy final : public Statistic {
 public:
  static constexpr const char* kKey = "audit";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;

  [[nodiscard]] const std::optional<AuditAnswers>& answers() const { return answers_; }
  /// Stratified.
  [[nodiscard]] const qa::AuditEstimate& error() const { return error_; }

 private:
  std::optional<AuditAnswers> answers_;
  qa::AuditEstimate error_;  // stratified
  qa::AuditEstimate hajek_;
  qa::PredictionPoweredError difference_;
  std::vector<qa::ClassAudit> classes_;
};

}  // namespace kith::statistics
