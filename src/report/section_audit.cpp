#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

std::string audit_estimates(const Audit& audit) {
  return table({"estimator", "share right, 95 % interval", "rests on"},
               {{"stratified", share_text(audit.accuracy),
                 "the design alone (Cochran 1977; Korn and Graubard 1998)"},
                {"Haj&#225;k", share_text(audit.hajek), "inclusion probabilities (1971)"},
                {"difference", share_text(audit.difference),
                 fmt::format("probabilities as a forecast, weight {:.2f} (Angelopoulos et al. "
                             "2023)",
                             audit.difference.lambda)}});
}

std::string audit_by_class(const Audit& audit) {
  std::vector<std::vector<std::string>> rows;
  for (const ClassAudit& of_class : audit.per_class) {
    rows.push_back({escape(of_class.name), grouped(of_class.audited),
                    share_text(of_class.precision), share_text(of_class.recall)});
  }
  return table({"class", "audited", "precision", "recall"}, rows);
}

}  // namespace

std::string audit_section(const Report& report) {
  if (!report.audit) {
    return {};
  }
  const Audit& audit = *report.audit;
  const std::string answered =
      audit.audited == audit.drawn
          ? std::string{}
          : fmt::format(
                " {} items were drawn; the estimates assume that the others are missing at random.",
                grouped(audit.drawn));
  return paragraph(fmt::format("People labeled {} items, drawn at random within strata of "
                               "predicted class and probability. They represent {} items.{}",
                               grouped(audit.audited), grouped(audit.population), answered)) +
         audit_estimates(audit) + audit_by_class(audit);
}

}  // namespace kith::report
