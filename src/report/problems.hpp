/// What a reader should know before trusting the labels.
#pragma once

#include <string>
#include <vector>

#include "kith/report/view.hpp"

namespace kith::report {

/// What the estimate for the corpus rests on: "held-out seeds drawn by class".
[[nodiscard]] std::string estimate_basis(const CorpusEstimate& corpus);

/// How often labels are right, from the best source there is: gold, an audit, held-out seeds.
struct BestAccuracy {
  const Share* accuracy;
  const std::vector<ClassAccuracy>* per_class;
  std::string how;
};
[[nodiscard]] BestAccuracy best_accuracy(const Report& report);

/// Some seeds are certainly wrong; each lowers the accuracy that is measured on seeds.
[[nodiscard]] bool has_noise(const SeedCheck& seeds);

/// Thresholds come from an audit, not from held-out seeds.
[[nodiscard]] bool is_from_audit(const Acceptance& acceptance);

/// What looks wrong, worst first; each a sentence of HTML.
[[nodiscard]] std::vector<std::string> find_problems(const Report& report);

}  // namespace kith::report
