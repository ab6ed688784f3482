/// What a user can set of the statistics of a run: [qa].
#pragma once

#include <string>

#include "kith/core/types.hpp"
#include "kith/label_model/vote_patterns.hpp"
#include "kith/qa/audit_design.hpp"
#include "kith/qa/label_errors.hpp"

namespace kith::qa {

struct QaConfig {
  int bootstrap_draws = 1000;  // for intervals of agreement statistics
  Count max_patterns =
      label_model::kMaxPatterns;  // of votes that are counted; beyond it rows are streamed
  LabelErrorFilter seed_filter = LabelErrorFilter::likely_wrong;
  std::string accept_errors = "0.01, 0.05";  // shares of wrong labels that a user can live with
  Allocation audit_allocation = Allocation::proportional;
  double accept_confidence = 0.95;     // with which thresholds keep to them
  int review_items = 100;              // length of the list of items to look at in the report
  double false_discovery_rate = 0.05;  // of slices that are flagged as worse than the others
  double balance_ratio = 10;  // largest class over smallest one in the lists of balanced samples
  Count seeds_wanted = 20;    // in every class
};

}  // namespace kith::qa
