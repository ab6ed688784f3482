#include <fmt/format.h>

#include "report/problems.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

std::vector<std::string> rule_row(const std::string& name, const AcceptanceRule& rule) {
  return {
      name,
      rule.threshold ? fmt::format("&#8805;&#160;{:.3f}", *rule.threshold) : "no threshold passes",
      grouped(rule.accepted), fmt::format("{} of {}", grouped(rule.wrong), grouped(rule.known)),
      percent(rule.error_bound)};
}

/// How many labels more it takes until a threshold can pass.
std::string needed_text(const AcceptanceLevel& level) {
  return fmt::format(
      "{} At the very least {} labels of high probability must be known, all of them right. "
      "<code>kith review export --audit N</code> draws items to have labeled.",
      level.labels_needed
          ? fmt::format("About {} known labels, drawn like the items, would let a threshold pass "
                        "in four of five cases, if errors are what the probabilities say.",
                        grouped(*level.labels_needed))
          : "By the probabilities, errors are so many even among the surest labels that more "
            "labels would have to be known than there are.",
      grouped(level.fewest_known));
}

std::string level_part(const AcceptanceLevel& level) {
  const std::vector<std::string> head{"class", "probability", "items accepted", "wrong among known",
                                      "upper bound of the error"};
  std::vector<std::vector<std::string>> rows;
  for (const ClassAcceptanceRule& of_class : level.per_class) {
    rows.push_back(rule_row(escape(of_class.name), of_class));
  }
  std::string html = fmt::format("<h3>At {:.3g}&#160;% error</h3>\n", level.error * 100) +
                     table(head, {rule_row("all together", level.together)});
  if (!level.together.threshold) {
    html += paragraph(needed_text(level));
  }
  return html + details("Class by class, all holding at once", table(head, rows));
}

std::string risk_chart(const Acceptance& acceptance) {
  Curve curve;
  for (const RiskPoint& point : acceptance.risk_coverage) {
    curve.x.push_back(point.coverage * 100);
    curve.y.push_back(point.risk * 100);
    curve.low.push_back(point.low * 100);
    curve.high.push_back(point.high * 100);
  }
  if (curve.x.empty()) {
    return {};
  }
  return band_chart("Error against the share of labels used", "% of items used, surest first",
                    "% wrong, 95 % interval", curve) +
         paragraph(
             fmt::format("Area under this curve (AURC): {:.4f}, of which {:.4f} is due to the "
                         "order of the probabilities, the rest to the labels.",
                         acceptance.aurc, acceptance.excess_aurc));
}

std::string promise_text(const Acceptance& acceptance) {
  return paragraph(fmt::format(
      "Labels whose probability is at or above a threshold have at most the stated share of "
      "errors, "
      "with {:.0f}&#160;% confidence for all shares together; by class, for all classes too. "
      "Thresholds come from {} and are tested from the strictest "
      "down; nothing is accepted where none passes. <code>/accepted_error</code> of qa.h5 marks "
      "the "
      "items.",
      acceptance.confidence * 100, escape(acceptance.basis)));
}

}  // namespace

std::string acceptance_section(const Report& report) {
  const Acceptance& acceptance = report.acceptance;
  std::string html = promise_text(acceptance);
  if (!is_from_audit(acceptance)) {
    html += paragraph(
        "Each seed was judged by members and at temperatures that had not seen it. The promise "
        "holds if the seeds were drawn at random, from all items or within classes as frequent "
        "among the seeds as among the items, and are labeled right. If they were picked otherwise, "
        "have an audit labeled (kith review export): its thresholds need no such assumption.");
  }
  for (const AcceptanceLevel& level : acceptance.levels) {
    html += level_part(level);
  }
  return html + risk_chart(acceptance);
}

}  // namespace kith::report
