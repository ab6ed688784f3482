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
    const std::string sections = accuracy_section(report) + audit_section(report) +
                                 acceptance_section(report) + review_section(report) +
                                 seed_section(report) + class_section(report) +
                                 certainty_section(report) + member_section(report) +
                                 agreement_section(report) + methods_section(report);
    return page_head(subtitle) + overview(report) + contents(sections) + sections + page_foot();
  } catch (const nlohmann::json::exception& error) {
    fail("report.json: {}", error.what());
  }
}

}  // namespace kith::report
