#include "kith/report/html.hpp"

#include <fmt/format.h>

#include "kith/core/error.hpp"

#include "report/page.hpp"
#include "report/sections.hpp"

namespace kith::report {

std::string render_html(std::string_view report_json) {
  try {
    const Json report = Json::parse(report_json);
    const auto files = report.at("run").at("corpus").at("files");
    const std::string subtitle =
        files.empty()
            ? ""
            : escape(files.front().at("path").get<std::string>()) +
                  (files.size() > 1 ? fmt::format(" and {} more files", files.size() - 1) : "");
    std::string sections;
    for (const auto part :
         {accuracy_section, audit_section, acceptance_section, review_section, slice_section,
          seed_section, value_section, class_section, calibration_section, without_gold_section,
          certainty_section, member_section, convergence_section, agreement_section,
          diversity_section, methods_section}) {
      sections += part(report);
    }
    return page_head(subtitle) + overview(report) + contents(sections) + sections + page_foot();
  } catch (const nlohmann::json::exception&) {
    fail("report.json: something in it has not the form that kith writes");
  }
}

}  // namespace kith::report
