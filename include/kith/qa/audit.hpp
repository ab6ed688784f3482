/// The corpus' error from audited items: labels bought on purpose, each drawn with a known
/// probability. Nothing here communicates: the audited items are few and on every rank.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {

/// An item whose true label was bought.
struct AuditedItem {
  Label predicted;
  Label truth;
  double inclusion = 1;   // probability with which it was drawn, in (0, 1]
  double confidence = 1;  // of the predicted label
  std::int32_t stratum = 0;

  [[nodiscard]] bool is_wrong() const { return predicted != truth; }
};

/// A share of the corpus. interval: Clopper-Pearson at the effective sample size (E. Korn, B.
/// Graubard, Survey Methodology 24, 1998); wilson: the score interval at the same size, narrower.
struct AuditEstimate {
  double value = 0;
  double standard_error = 0;
  double effective_items = 0;  // value (1 - value) / variance
  Interval interval;
  Interval wilson;
};

/// One stratum of a stratified audit.
struct StratumAudit {
  Count items = 0;
  Count audited = 0;
  Count wrong = 0;
};

/// Error of the corpus: sum W_h p_h, variance sum W_h^2 (1 - f_h) p_h (1 - p_h) / (n_h - 1)
/// (W. Cochran, Sampling techniques, 1977, section 5.7). With no variance to see (every audited
/// stratum all right or all wrong) the interval adds up exact ones of the strata, Bonferroni.
/// Strata that nobody audited widen the interval by all they could hold, and do not move the value.
[[nodiscard]] AuditEstimate stratified_error(std::span<const StratumAudit> strata,
                                             double confidence = 0.95);

/// sum(z/pi) / sum(1/pi) (J. Hajek, 1971): less variance where N = sum(1/pi) only in expectation.
/// Linearized variance of Poisson sampling. Prefer it.
[[nodiscard]] AuditEstimate hajek_error(std::span<const AuditedItem> audited,
                                        double confidence = 0.95);

/// Kish's (sum w)^2 / sum w^2 of the weights 1 / pi.
[[nodiscard]] double effective_sample_size(std::span<const AuditedItem> audited);

/// What is forecast of all items of a stratum: f = 1 - confidence, an item's expected error.
struct Forecast {
  Count items = 0;
  double mean = 0;
  double variance = 0;
};

struct PredictionPoweredError {
  AuditEstimate error;  // both intervals: normal approximation
  double lambda = 1;    // mean over the strata, by weight
};

/// Difference estimator: lambda mean(f) + mean of (z - lambda f) over audited items, stratum by
/// stratum (A. Angelopoulos et al., "Prediction-powered inference", Science 382, 2023; stratified:
/// A. Fisch et al., NeurIPS 2024). Right whatever the forecast is worth; narrower if it is worth
/// something. lambda = Cov(z, f) / ((1 + n/N) Var f) within [0, 1] where a stratum has 100 audited
/// items or more, else 1. forecasts: indexed by AuditedItem::stratum.
[[nodiscard]] PredictionPoweredError prediction_powered_error(std::span<const AuditedItem> audited,
                                                              std::span<const Forecast> forecasts,
                                                              double confidence = 0.95);

/// Precision and recall of a class; no value where no audited item is predicted so (is so).
struct ClassAudit {
  Count audited = 0;  // predicted as this class
  std::optional<AuditEstimate> precision;
  std::optional<AuditEstimate> recall;
};
/// Ratio estimators with weights 1 / pi and linearized variance within strata (W. Cochran, 1977,
/// section 6.11). strata_items: N_h; indexed by AuditedItem::stratum. Cost O(audited K).
[[nodiscard]] std::vector<ClassAudit> audit_classes(std::span<const AuditedItem> audited,
                                                    std::span<const Count> strata_items,
                                                    int num_classes, double confidence = 0.95);

}  // namespace kith::qa
