#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

constexpr std::size_t kShownVoters = 60;

std::string percent_or_dash(std::optional<double> value) {
  return value ? percent(*value) : "&#8211;";
}

/// The head of a column of accuracies.
std::string measured_on(const LabelModel& model) {
  return model.accuracy_on ? "right, on " + *model.accuracy_on : "right";
}

std::string mistakes_text(const Rule& voter) {
  std::vector<std::string> pairs;
  for (const Mistake& mistake : voter.mistakes) {
    pairs.push_back(fmt::format("{} {} as {}", grouped(mistake.items), escape(mistake.truth),
                                escape(mistake.vote)));
  }
  return fmt::format("{}", fmt::join(pairs, "; "));
}

std::string voter_table(const LabelModel& model) {
  const std::vector<Rule>& voters = model.voters;
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
                    grouped(voter->changes_without), mistakes_text(*voter)});
  }
  std::string html =
      table({"voter", "votes", "coverage", "conflict", "alone", measured_on(model),
             "right, by the model", "weight", "labels changed without it", "mostly wrong"},
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

/// What votes teach beside seeds.
std::string weak_seeds(const TeachingWeight& weak) {
  std::string text =
      weak.weight == 0
          ? "That teaches the members nothing here: seeds that were held out are predicted best "
            "without it. Voters still have their part in the consensus."
          : fmt::format("That has taught the members: an item with votes counts as {} of a seed{}.",
                        fmt::format("{:.3g}", weak.weight),
                        weak.tried.empty() ? ""
                                           : ", chosen by how well seeds that were held out are "
                                             "predicted");
  return paragraph(text) + tried_weights(weak, "an item with votes");
}

}  // namespace

std::string label_model_section(const Report& report) {
  if (!report.label_model) {
    return {};
  }
  const LabelModel& model = *report.label_model;
  const bool has_seeds = report.run.corpus.seeds > 0;
  return paragraph(fmt::format(
             "{}{} of the items have a vote; a label model ({}) says how likely each class is on "
             "them{}. The label models assume that voters err independently of each other given "
             "the true class. Rules that share words or sources do not, and then more is wrong "
             "than a model says.",
             has_seeds ? "" : "No label was given. ", percent(model.coverage),
             escape(model.choice.method),
             has_seeds ? ", without a look at the seeds" : ", and that has taught the members")) +
         (has_seeds ? weak_seeds(model.weak_seeds) : std::string{}) + model_table(model) +
         paragraph("Why this one: " + escape(model.choice.why) + ".") +
         details("Voter by voter", voter_table(model));
}

}  // namespace kith::report
