#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::string audit_estimates(const Json& audit) {
  return table(
      {"estimator", "share right, 95 % interval", "rests on"},
      {{"stratified", share_text(audit.at("accuracy")),
        "the design alone (Cochran 1977; Korn and Graubard 1998)"},
       {"Haj&#225;k", share_text(audit.at("hajek")), "inclusion probabilities (1971)"},
       {"difference", share_text(audit.at("difference")),
        fmt::format("probabilities as a forecast, weight {:.2f} (Angelopoulos et al. 2023)",
                    audit["difference"].at("lambda").get<double>())}});
}

std::string audit_by_class(const Json& audit) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& of_class : audit.at("per_class")) {
    rows.push_back({escape(of_class.at("class").get<std::string>()),
                    count_text(of_class.at("audited")), share_text(of_class.at("precision")),
                    share_text(of_class.at("recall"))});
  }
  return table({"class", "audited", "precision", "recall"}, rows);
}

}  // namespace

std::string audit_section(const Json& report) {
  if (!report.contains("audit")) {
    return {};
  }
  const Json& audit = report["audit"];
  const std::string answered =
      audit.at("audited") == audit.at("drawn")
          ? std::string{}
          : fmt::format(" Of {} drawn; the estimates take the others for missing at random.",
                        count_text(audit["drawn"]));
  return section("audit", "Audit",
                 paragraph(fmt::format("{} items, drawn at random within strata of predicted class "
                                       "and probability, were labeled by people; they stand for {} "
                                       "items.{}",
                                       count_text(audit["audited"]),
                                       count_text(audit.at("population")), answered)) +
                     audit_estimates(audit) + audit_by_class(audit));
}

}  // namespace kith::report
