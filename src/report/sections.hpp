/// The sections of the page.
#pragma once

#include <span>
#include <string>

#include "kith/report/view.hpp"

namespace kith::report {

/// content: HTML below the heading; empty where the report has nothing to show.
struct Section {
  const char* anchor;  // what links go to
  const char* title;
  std::string (*content)(const Report& report);
};

/// All sections in the order of the page; sections.cpp lists them.
[[nodiscard]] std::span<const Section> sections();

[[nodiscard]] std::string accuracy_section(const Report& report);
[[nodiscard]] std::string audit_section(const Report& report);
[[nodiscard]] std::string acceptance_section(const Report& report);
[[nodiscard]] std::string review_section(const Report& report);
[[nodiscard]] std::string slice_section(const Report& report);
[[nodiscard]] std::string seed_section(const Report& report);
[[nodiscard]] std::string value_section(const Report& report);
[[nodiscard]] std::string example_section(const Report& report);
[[nodiscard]] std::string class_section(const Report& report);
[[nodiscard]] std::string share_section(const Report& report);
[[nodiscard]] std::string calibration_section(const Report& report);
[[nodiscard]] std::string label_model_section(const Report& report);
[[nodiscard]] std::string reference_section(const Report& report);
[[nodiscard]] std::string unsupervised_section(const Report& report);
[[nodiscard]] std::string certainty_section(const Report& report);
[[nodiscard]] std::string member_section(const Report& report);
[[nodiscard]] std::string convergence_section(const Report& report);
[[nodiscard]] std::string agreement_section(const Report& report);
[[nodiscard]] std::string diversity_section(const Report& report);
[[nodiscard]] std::string methods_section(const Report& report);

}  // namespace kith::report
