#include "report/overview.hpp"

#include <fmt/format.h>

#include "report/problems.hpp"
#include "report/svg.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

std::string tile(std::string_view question, std::string_view number, const std::string& note) {
  return fmt::format("<div class=\"tile\"><h2>{}</h2><b>{}</b><p>{}</p></div>\n", question, number,
                     note);
}

std::string accuracy_tile(const Report& report) {
  const BestAccuracy best = best_accuracy(report);
  std::string note = best.how;
  const HeldOut& held_out = report.consensus.held_out;
  const Share& own = report.consensus.corpus.accuracy;
  if (best.accuracy != &own && own.value) {
    note += "; own estimate " + share_text(own);
  }
  if (has_noise(report.seeds)) {
    note += fmt::format("; {} after correction for wrong seeds",
                        share_text(held_out.accuracy_without_noise));
  }
  return tile("How accurate?", share_text(*best.accuracy), note);
}

std::string level_text(const AcceptanceLevel& level, Count countable) {
  const double share = static_cast<double>(level.accepted) / static_cast<double>(countable);
  return fmt::format("{}<span class=\"ci\">{} at {:.2g}&#160;% error</span>",
                     level.accepted > 0 ? grouped(level.accepted) + " " : "None ",
                     level.accepted > 0 ? fmt::format("({:.0f}&#160;%)", 100 * share) : "",
                     level.error * 100);
}

/// What is missing for the errors at which nothing is accepted.
std::string needed_text(const std::vector<AcceptanceLevel>& levels) {
  std::string needed;
  for (const AcceptanceLevel& level : levels) {
    if (!level.together.threshold) {
      needed += fmt::format("; {:.2g}&#160;% {}", level.error * 100,
                            level.labels_needed
                                ? "needs about " + grouped(*level.labels_needed) + " known labels"
                                : "cannot be reached with these probabilities");
    }
  }
  return needed;
}

std::string safe_tile(const Report& report) {
  const Acceptance& acceptance = report.acceptance;
  if (report.run.corpus.seeds == 0 && !is_from_audit(acceptance)) {
    return tile(
        "Safe to use?", "Not known",
        "there are no seeds to judge labels by: kith review export --audit N draws items to "
        "label");
  }
  std::string numbers;
  for (const AcceptanceLevel& level : acceptance.levels) {
    numbers += (numbers.empty() ? "" : "<br/>") + level_text(level, acceptance.countable);
  }
  return tile(
      "Safe to use?", numbers,
      fmt::format("with {:.0f}&#160;% confidence, from {}{}{}; <a "
                  "href=\"#acceptance\">thresholds</a>",
                  acceptance.confidence * 100, escape(acceptance.basis),
                  is_from_audit(acceptance) ? "" : "; valid for items that resemble the seeds",
                  needed_text(acceptance.levels)));
}

std::string labels_tile(const Report& report) {
  const Corpus& corpus = report.run.corpus;
  const StatusCounts& status = report.consensus.status_counts;
  return tile(
      "How many labels?", grouped(corpus.items - status.abstain - status.unreachable),
      fmt::format("of {} items, in {} classes, {}", grouped(corpus.items), corpus.classes.size(),
                  corpus.seeds == 0 ? std::string{report.label_model ? "from votes, without seeds"
                                                                     : "without seeds"}
                                    : "from " + grouped(corpus.seeds) + " seeds"));
}

std::string review_tile(const Report& report) {
  const StatusCounts& status = report.consensus.status_counts;
  return tile(
      "What to review next?", grouped(status.review) + " <span class=\"ci\">items</span>",
      fmt::format("and {} without a stated label; <a href=\"#review\">begin with these {}</a>",
                  grouped(status.abstain), report.review.size()));
}

std::string status_strip(const StatusCounts& status) {
  std::vector<Part> parts;
  for (const auto& [name, count] : status.all) {
    if (count > 0) {
      parts.push_back({name, name, static_cast<double>(count)});
    }
  }
  return stacked_bar("Status of items", parts);
}

}  // namespace

std::string overview(const Report& report) {
  std::string html = "<div class=\"tiles\">\n" + labels_tile(report) + accuracy_tile(report) +
                     safe_tile(report) + review_tile(report) + "</div>\n" +
                     status_strip(report.consensus.status_counts);
  html +=
      "<section id=\"problems\" aria-labelledby=\"problems-h\"><h2 id=\"problems-h\">What looks "
      "wrong?</h2>\n<ul class=\"notes\">";
  const std::vector<std::string> problems = find_problems(report);
  for (const std::string& problem : problems) {
    html += "<li>" + problem + "</li>\n";
  }
  return html + (problems.empty() ? "<li class=\"fine\">Nothing stands out.</li>" : "") +
         "</ul></section>\n";
}

}  // namespace kith::report
