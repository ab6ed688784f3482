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
      "{} At least {} labels of high probability must be known, and all of them must be right. "
      "<code>kith review export --audit N</code> draws items to label.",
      level.labels_needed
          ? fmt::format("With about {} known labels of randomly drawn items, a threshold passes in "
                        "four of five cases if the probabilities are right.",
                        grouped(*level.labels_needed))
          : "According to the probabilities, even the most certain labels have so many errors that "
            "the test needs more known labels than the corpus has items.",
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
  return html + details("By class, valid for all classes at once", table(head, rows));
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
         paragraph(fmt::format("The area under this curve (AURC) is {:.4f}. With the best order of "
                               "the probabilities it would be smaller by {:.4f}.",
                               acceptance.aurc, acceptance.excess_aurc));
}

std::string promise_text(const Acceptance& acceptance) {
  return paragraph(
      fmt::format("Labels with a probability at or above a threshold have at most the stated share "
                  "of errors. This holds with {:.0f}&#160;% confidence for all shares at once, and "
                  "in the tables by class for all classes at once. Thresholds come from {}. They "
                  "are tested in order, the strictest first; if none passes, no label is accepted. "
                  "<code>/accepted_error</code> of qa.h5 marks the accepted items.",
                  acceptance.confidence * 100, escape(acceptance.basis)));
}

}  // namespace

std::string acceptance_section(const Report& report) {
  const Acceptance& acceptance = report.acceptance;
  if (report.run.corpus.seeds == 0 && !is_from_audit(acceptance)) {
    return paragraph(
        "There are no seeds to judge labels by, so no threshold is known. kith review export "
        "--audit "
        "N draws items to label; their labels give thresholds.");
  }
  std::string html = promise_text(acceptance);
  if (!is_from_audit(acceptance)) {
    html += paragraph(
        "The members, weights and temperatures that predicted a seed were fitted without it. The "
        "promise holds if the seeds are labeled right and were drawn at random from all items, or "
        "at random within each class; seeds drawn by class count by the estimated share of their "
        "class. Hand-picked seeds break it. An audit (kith review export) gives thresholds that "
        "need no such assumption.");
  }
  for (const AcceptanceLevel& level : acceptance.levels) {
    html += level_part(level);
  }
  return html + risk_chart(acceptance);
}

}  // namespace kith::report
