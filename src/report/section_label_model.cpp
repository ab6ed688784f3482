#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

constexpr std::size_t kShownVoters = 60;

std::string percent_or_dash(std::optional<double> value) {
  return value ? percent(*value) : "&#8211;";
}

std::string voter_table(const std::vector<Rule>& voters) {
  std::vector<const Rule*> shown;
  for (const Rule& voter : voters) {
    shown.push_back(&voter);
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [](const Rule* a, const Rule* b) { return a->votes > b->votes; });
  shown.resize(std::min(shown.size(), kShownVoters));
  std::vector<std::vector<std::string>> rows;
  for (const Rule* voter : shown) {
    rows.push_back({escape(voter->name), grouped(voter->votes), percent(voter->coverage),
                    percent(voter->conflict), grouped(voter->alone),
                    voter->accuracy.value ? share_text(voter->accuracy) : "&#8211;",
                    percent_or_dash(voter->estimated_accuracy), decimal(voter->weight, 2),
                    grouped(voter->changes_without)});
  }
  std::string html = table({"voter", "votes", "coverage", "conflict", "alone", "right, on gold",
                            "right, by the model", "weight", "labels changed without it"},
                           rows);
  if (voters.size() > shown.size()) {
    html += paragraph(fmt::format("These have most votes; {} more are in label_model.json.",
                                  grouped(count_of(voters) - count_of(shown))));
  }
  return html;
}

std::string model_table(const LabelModel& model) {
  std::vector<std::vector<std::string>> rows;
  for (const LabelModelFit& fit : model.models) {
    rows.push_back({fit.method + (fit.method == model.choice.method ? " (used)" : ""),
                    percent_or_dash(fit.expected_accuracy),
                    fit.accuracy && fit.accuracy->value ? share_text(*fit.accuracy) : "&#8211;",
                    escape(fit.reason)});
  }
  return table({"label model", "right if its assumption holds", "right, on gold", "remark"}, rows,
               {3});
}

}  // namespace

std::string label_model_section(const Report& report) {
  if (!report.label_model) {
    return {};
  }
  const LabelModel& model = *report.label_model;
  return paragraph(fmt::format(
             "No label was given. {} of the items have a vote; a label model ({}) says how likely "
             "each class is on them, and that has taught the members. The label models assume that "
             "voters err independently of each other given the true class. Rules that share words "
             "or sources do not, and then more is wrong than a model says.",
             percent(model.coverage), escape(model.choice.method))) +
         model_table(model) + paragraph("Why this one: " + escape(model.choice.why) + ".") +
         details("Voter by voter", voter_table(model.voters));
}

}  // namespace kith::report
