#include "statistics/acceptance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kith/comm/collectives.hpp"
#include "kith/core/numbers.hpp"

#include "statistics/audit_accuracy.hpp"
#include "statistics/json_forms.hpp"

namespace kith::statistics {
namespace {

constexpr std::size_t kCurvePoints = 200;
constexpr std::size_t kConfidenceBins = 1000;
bool passes(const qa::AcceptThreshold& rule, float probability) {
  return rule.threshold && double{probability} >= *rule.threshold;
}

/// Collective. Items of the corpus above the thresholds, seeds left out.
void count_accepted(const RunResults& run, AcceptLevel& level) {
  const ItemColumns& items = run.items;
  std::vector<Count> counts(level.classes.size() + 1, 0);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (const std::int32_t best = items.unseeded_best(i); best >= 0) {
      const std::size_t label = to_size(best);
      counts[label] += passes(level.classes[label], items.probability[i]) ? 1 : 0;
      counts.back() += passes(level.together, items.probability[i]) ? 1 : 0;
    }
  }
  comm::sum_over_ranks(run.comm, counts);
  level.accepted = counts.back();
  counts.pop_back();
  level.class_accepted = std::move(counts);
}

/// Collective. The items that could be accepted, by probability, surest first.
std::vector<qa::ConfidenceCount> count_confidences(const RunResults& run) {
  const ItemColumns& items = run.items;
  std::vector<Count> counts(kConfidenceBins, 0);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items.unseeded_best(i) >= 0) {
      const auto bin = static_cast<std::size_t>(double{items.probability[i]} * kConfidenceBins);
      ++counts[std::min(bin, kConfidenceBins - 1)];
    }
  }
  comm::sum_over_ranks(run.comm, counts);
  std::vector<qa::ConfidenceCount> surest_first;
  for (std::size_t bin = kConfidenceBins; bin-- > 0;) {
    surest_first.push_back({(static_cast<double>(bin) + 0.5) / kConfidenceBins, counts[bin]});
  }
  return surest_first;
}

io::Json rule_json(const qa::AcceptThreshold& rule, Count accepted) {
  return {{"threshold", number(rule.threshold)},
          {"accepted", accepted},
          {"known", rule.audited},
          {"wrong", rule.wrong},
          {"error_bound", rule.error_bound}};
}

/// At most kCurvePoints, the last one among them.
io::Json curve_json(const qa::RiskCoverage& risk) {
  io::Json points = io::Json::array();
  const std::size_t step =
      std::max<std::size_t>(1, (risk.points.size() + kCurvePoints - 1) / kCurvePoints);
  for (std::size_t i = 0; i < risk.points.size(); ++i) {
    if ((i + 1) % step == 0 || i + 1 == risk.points.size()) {
      const qa::RiskPoint& point = risk.points[i];
      points.push_back({{"threshold", point.threshold},
                        {"coverage", point.coverage},
                        {"risk", point.risk},
                        {"low", point.interval.low},
                        {"high", point.interval.high}});
    }
  }
  return points;
}

/// The held-out seeds as known items: drawn with the same chance, or, of seeds by class, with one
/// that goes with the seeds of its class over its share.
std::vector<qa::AuditedItem> held_out_items(const RunResults& run) {
  const ensemble::HeldOutPredictions& held_out = run.held_out;
  const std::vector<double> weights = qa::corpus_weights(held_out.truth, run.consensus.shares);
  double lightest = 1;
  for (const double weight : weights) {
    lightest = weight > 0 ? std::min(lightest, weight) : lightest;
  }
  std::vector<qa::AuditedItem> items;
  for (std::size_t i = 0; i < held_out.truth.size(); ++i) {
    if (!held_out.consensus[i].is_none() && weights[i] > 0) {
      qa::AuditedItem item;
      item.predicted = held_out.consensus[i];
      item.truth = held_out.truth[i];
      item.inclusion = lightest / weights[i];
      // The corpus has its probabilities in single precision: thresholds are compared with those.
      item.confidence = double{static_cast<float>(held_out.probabilities[i][item.predicted])};
      items.push_back(item);
    }
  }
  return items;
}

/// Items with known labels, on every rank, and what they are.
struct KnownItems {
  std::vector<qa::AuditedItem> items;
  const char* basis;
};

KnownItems known_items(const RunResults& run, const Computed& earlier,
                       std::span<const double> errors) {
  const Count fewest =
      errors.empty() ? 0 : qa::acceptance_items(errors.back(), 1 - run.config.accept_confidence);
  const auto& audit = earlier.get<AuditAccuracy>().answers();
  if (audit && audit->answered >= fewest) {
    return {audit->items, "the audit"};
  }
  return {held_out_items(run), "held-out seeds"};
}

std::vector<std::vector<qa::AuditedItem>> by_class(std::span<const qa::AuditedItem> known,
                                                   int num_classes) {
  std::vector<std::vector<qa::AuditedItem>> of_class(to_size(num_classes));
  for (const qa::AuditedItem& item : known) {
    of_class[to_size(item.predicted)].push_back(item);
  }
  return of_class;
}

}  // namespace

void Acceptance::compute(const RunResults& run, const Computed& earlier) {
  const std::vector<double> errors = qa::parse_errors(run.config.accept_errors);
  const KnownItems known = known_items(run, earlier, errors);
  basis_ = known.basis;
  Count mine = 0;
  for (std::size_t i = 0; i < run.items.size(); ++i) {
    mine += run.items.unseeded_best(i) >= 0 ? 1 : 0;
  }
  countable_ = comm::sum_over_ranks(run.comm, mine);
  // All promises hold together at the confidence stated: each has its share of the risk.
  const double delta = (1 - run.config.accept_confidence) / static_cast<double>(errors.size());
  const auto of_class = by_class(known.items, run.num_classes());
  const auto surest_first = count_confidences(run);
  for (const double error : errors) {
    AcceptLevel level;
    level.error = error;
    level.fewest_known = qa::acceptance_items(error, delta);
    level.labels_needed = qa::labels_to_accept(surest_first, error, delta);
    if (level.labels_needed && *level.labels_needed > countable_) {
      level.labels_needed.reset();  // more than there are
    }
    level.together = qa::find_accept_threshold(known.items, error, delta);
    for (const auto& items : of_class) {
      level.classes.push_back(
          qa::find_accept_threshold(items, error, delta / static_cast<double>(of_class.size())));
    }
    count_accepted(run, level);
    levels_.push_back(std::move(level));
  }
  if (!known.items.empty()) {
    risk_ = qa::risk_coverage(known.items);
  }
}

io::Json Acceptance::json(const RunResults& run, const Computed& /*all*/) const {
  io::Json json;
  json["basis"] = basis_;
  json["confidence"] = run.config.accept_confidence;
  json["countable"] = countable_;
  json["levels"] = io::Json::array();
  for (const AcceptLevel& level : levels_) {
    io::Json entry;
    entry["error"] = level.error;
    entry["fewest_known"] = level.fewest_known;
    entry["labels_needed"] =
        level.labels_needed ? io::Json(*level.labels_needed) : io::Json(nullptr);
    entry["accepted"] = level.accepted;
    entry["together"] = rule_json(level.together, level.accepted);
    entry["per_class"] = io::Json::array();
    for (std::size_t k = 0; k < level.classes.size(); ++k) {
      io::Json of_class{{"class", run.corpus.class_names[k]}};
      of_class.update(rule_json(level.classes[k], level.class_accepted[k]));
      entry["per_class"].push_back(of_class);
    }
    json["levels"].push_back(entry);
  }
  json["risk_coverage"] = curve_json(risk_);
  json["aurc"] = risk_.aurc;
  json["excess_aurc"] = risk_.excess;
  return json;
}

void Acceptance::write_tables(const RunResults& run, io::OutputFile& file) const {
  const ItemColumns& items = run.items;
  std::vector<float> errors(items.size(), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < errors.size(); ++i) {
    for (const AcceptLevel& level : levels_) {  // the errors ascend
      if (items.unseeded_best(i) >= 0 && passes(level.together, items.probability[i])) {
        errors[i] = static_cast<float>(level.error);
        break;
      }
    }
  }
  file.write_rows<float>("/accepted_error", errors, items.block.begin.value(),
                         {run.corpus.num_items});
}

}  // namespace kith::statistics
