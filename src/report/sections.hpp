/// The sections of the page, in its order. Each gives HTML, or nothing where the run has no such
/// numbers; a missing key that every run has throws nlohmann::json::exception.
#pragma once

#include <string>

#include "report/text.hpp"

namespace kith::report {

/// How many labels, how accurate, what to review, what looks wrong.
[[nodiscard]] std::string overview(const Json& report);

[[nodiscard]] std::string accuracy_section(const Json& report);
[[nodiscard]] std::string class_section(const Json& report);
[[nodiscard]] std::string certainty_section(const Json& report);
[[nodiscard]] std::string member_section(const Json& report);
/// How the members settled, sweep by sweep.
[[nodiscard]] std::string convergence_section(const Json& report);
[[nodiscard]] std::string agreement_section(const Json& report);
[[nodiscard]] std::string review_section(const Json& report);
[[nodiscard]] std::string seed_section(const Json& report);
[[nodiscard]] std::string acceptance_section(const Json& report);
/// Only of a run that was audited.
[[nodiscard]] std::string audit_section(const Json& report);
[[nodiscard]] std::string without_gold_section(const Json& report);
[[nodiscard]] std::string calibration_section(const Json& report);
[[nodiscard]] std::string slice_section(const Json& report);
[[nodiscard]] std::string value_section(const Json& report);
[[nodiscard]] std::string diversity_section(const Json& report);
[[nodiscard]] std::string methods_section(const Json& report);

}  // namespace kith::report
