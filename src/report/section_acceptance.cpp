#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::string rule_text(const Json& rule) {
  return rule.at("threshold").is_null()
             ? "no threshold passes"
             : fmt::format("&#8805;&#160;{:.3f}", rule["threshold"].get<double>());
}

std::vector<std::string> rule_row(const std::string& name, const Json& rule) {
  return {name, rule_text(rule), count_text(rule.at("accepted")),
          fmt::format("{} of {}", count_text(rule.at("wrong")), count_text(rule.at("known"))),
          percent(rule.at("error_bound").get<double>())};
}

std::string level_part(const Json& level) {
  const std::vector<std::string> head{"class", "probability", "items accepted", "wrong among known",
                                      "upper bound of the error"};
  std::vector<std::vector<std::string>> rows;
  for (const Json& of_class : level.at("per_class")) {
    rows.push_back(rule_row(escape(of_class.at("class").get<std::string>()), of_class));
  }
  std::string html =
      fmt::format("<h3>At {:.3g}&#160;% error</h3>\n", level.at("error").get<double>() * 100) +
      table(head, {rule_row("all together", level.at("together"))});
  if (level["together"].at("threshold").is_null()) {
    html += paragraph(fmt::format(
        "{} At the very least {} labels of high probability must be known, all of them right. "
        "<code>kith review export --audit N</code> draws items to have labeled.",
        level.at("labels_needed").is_null()
            ? "By the probabilities, errors are so many even among the surest labels that more "
              "labels would have to be known than there are."
            : fmt::format("About {} known labels, drawn like the items, would let a threshold pass "
                          "in four of five cases, if errors are what the probabilities say.",
                          count_text(level["labels_needed"])),
        count_text(level.at("fewest_known"))));
  }
  return html + details("Class by class, all holding at once", table(head, rows));
}

std::string risk_chart(const Json& acceptance) {
  Curve curve;
  for (const Json& point : acceptance.at("risk_coverage")) {
    curve.x.push_back(point.at("coverage").get<double>() * 100);
    curve.y.push_back(point.at("risk").get<double>() * 100);
    curve.low.push_back(point.at("low").get<double>() * 100);
    curve.high.push_back(point.at("high").get<double>() * 100);
  }
  if (curve.x.empty()) {
    return {};
  }
  return band_chart("Error against the share of labels used", "% of items used, surest first",
                    "% wrong, 95 % interval", curve) +
         paragraph(fmt::format(
             "Area under this curve (AURC): {:.4f}, of which {:.4f} is due to the "
             "order of the probabilities, the rest to the labels.",
             acceptance.at("aurc").get<double>(), acceptance.at("excess_aurc").get<double>()));
}

}  // namespace

std::string acceptance_section(const Json& report) {
  const Json& acceptance = report.at("acceptance");
  std::string html = paragraph(fmt::format(
      "Labels whose probability is at or above a threshold have at most the stated share of "
      "errors, "
      "with {:.0f}&#160;% confidence for all shares together; by class, for all classes too. "
      "Thresholds come from {} and are tested from the strictest "
      "down; nothing is accepted where none passes. <code>/accepted_error</code> of qa.h5 marks "
      "the "
      "items.",
      acceptance.at("confidence").get<double>() * 100,
      escape(acceptance.at("basis").get<std::string>())));
  if (acceptance.at("basis") != "the audit") {
    html += paragraph(
        "Each seed was judged by members and at temperatures that had not seen it. The promise "
        "holds if the seeds were drawn at random, from all items or within classes as frequent "
        "among the seeds as among the items, and are labeled right. If they were picked otherwise, "
        "have an audit labeled (kith review export): its thresholds need no such assumption.");
  }
  for (const Json& level : acceptance.at("levels")) {
    html += level_part(level);
  }
  return section("acceptance", "Which labels are safe to use?", html + risk_chart(acceptance));
}

}  // namespace kith::report
