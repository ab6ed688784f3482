#include "stages/votes/votes_report.hpp"

#include <algorithm>

#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/parallel.hpp"

namespace kith::stages {
namespace {

using label_model::FittedModel;
using label_model::Vote;
using label_model::VoteTable;

constexpr Count kRowsAtOnce = 4096;

/// Labels of the rows that have a vote, and what the model says of their accuracy.
ModelResult judge(const VoteTable& table, FittedModel model, bool has_gold) {
  ModelResult result{std::move(model), 0, std::nullopt};
  if (!result.model.reason.empty()) {
    return result;
  }
  std::vector<std::int32_t> label(table.size());
  std::vector<double> largest(table.size());
  parallel_for(count_of(table.counts), kRowsAtOnce, [&](Count begin, Count end) {
    std::vector<double> shares(to_size(table.num_classes));
    for (std::size_t row = to_size(begin); row < to_size(end); ++row) {
      result.model.posterior(table.row(row), shares);
      const auto best = std::max_element(shares.begin(), shares.end());
      label[row] = static_cast<std::int32_t>(best - shares.begin());
      largest[row] = *best;
    }
  });
  qa::Confusion confusion{table.num_classes};
  double sum = 0;
  double items = 0;
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (table.row(row).empty()) {
      continue;
    }
    const auto count = static_cast<double>(table.counts[row]);
    sum += count * largest[row];
    items += count;
    if (table.gold[row] >= 0) {
      confusion.add(Label{table.gold[row]}, Label{label[row]}, table.counts[row]);
    }
  }
  result.expected_accuracy = items > 0 ? sum / items : 0;
  if (has_gold) {
    result.on_gold = qa::measure_accuracy(confusion);
  }
  return result;
}

/// All models; the chosen one once more with less weight for voters that repeat others.
void fit_models(const VoteTable& table, const label_model::VotesConfig& config, bool has_gold,
                VotesReport& report) {
  label_model::FitOptions options = config.fit_options();
  report.choice = label_model::choose_method(table, {}, options);
  if (config.method != nullptr) {
    report.choice.method = config.method->name();
    report.choice.why = "votes.method asks for it";
  }
  if (report.choice.method.empty()) {
    fail("votes: no label model can be fitted: {}", report.choice.why);
  }
  const label_model::Method& chosen = *label_model::find_method(report.choice.method);
  report.correlated = label_model::find_correlated(table, chosen, options);
  if (report.correlated.reason.empty()) {
    options.voter_weights = report.correlated.weights;
  }
  for (const label_model::Method* method : label_model::methods()) {
    const bool is_plain = method->name() == "majority" || method->name() == "weighted_majority";
    if (label_model::has_many_votes(table) && method != &chosen && !is_plain) {
      FittedModel none;
      none.method = method->name();
      none.reason = "not fitted to so many votes; votes.method asks for it";
      report.models.push_back({std::move(none), 0, std::nullopt});
      continue;
    }
    log::info("votes: fits {}", method->name());
    if (method == &chosen) {
      report.chosen = report.models.size();
    }
    report.models.push_back(judge(table, method->fit(table, options), has_gold));
  }
  const std::string reason = report.best().model.reason;
  if (!reason.empty() && config.method != nullptr) {
    fail("votes.method = {}, which cannot be fitted to these votes: {}", chosen.name(), reason);
  }
  if (!reason.empty()) {  // it could be fitted to parts of the votes, or before voters had weights
    report.choice.why = fmt::format("{} cannot be fitted to all votes: {}", chosen.name(), reason);
    report.choice.method = report.models.front().model.method;
    report.chosen = 0;
  }
}

VoteTable without_known(VoteTable table) {
  std::fill(table.known.begin(), table.known.end(), -1);
  return table;
}

}  // namespace

VotesReport make_report(const VoteSource& source, const VoteTable& table,
                        const label_model::VotesConfig& config, KnownClasses known) {
  VotesReport report;
  report.classes = source.classes();
  report.voters = source.voters();
  report.notes = source.notes();
  for (std::size_t row = 0; row < table.size(); ++row) {
    report.num_known += table.known[row] >= 0 ? table.counts[row] : 0;
  }
  if (source.has_gold()) {
    report.truth = qa::Truth::gold;
  } else if (report.num_known > 0) {
    report.truth = qa::Truth::known;
  }
  if (table.votes.empty()) {
    fail("votes: no voter votes on any item");
  }
  if (table.num_classes < 2) {
    fail("votes: all are for \"{}\", and there is no other class", report.classes.front());
  }
  report.votes = qa::measure_voters(table, report.truth.value_or(qa::Truth::known));
  if (known == KnownClasses::taught) {
    fit_models(table, config, source.has_gold(), report);
  } else {
    fit_models(without_known(table), config, source.has_gold(), report);
    report.num_known = 0;
  }
  report.changes_without =
      qa::changes_without(table, [&](std::span<const Vote> votes, std::span<double> shares) {
        report.best().model.posterior(votes, shares);
      });
  return report;
}

}  // namespace kith::stages
