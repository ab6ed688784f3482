#include "pipeline/qa_acceptance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kith/comm/collectives.hpp"
#include "kith/core/numbers.hpp"

#include "pipeline/report_json.hpp"

namespace kith::pipeline {
namespace {

constexpr std::size_t kCurvePoints = 200;
constexpr std::size_t kConfidenceBins = 1000;
// A smaller error asks for more known labels than people give; a larger one for none.
constexpr NumberRange<double> kErrorRange{1e-6, 0.9};
constexpr std::size_t kMostErrors = 20;

bool passes(const qa::AcceptThreshold& rule, float probability) {
  return rule.threshold && double{probability} >= *rule.threshold;
}

/// Collective. Items of the corpus above the thresholds.
void count_accepted(const comm::Communicator& comm, const AcceptRows& rows, AcceptLevel& level) {
  std::vector<Count> counts(level.classes.size() + 1, 0);
  for (std::size_t i = 0; i < rows.best.size(); ++i) {
    if (rows.best[i] >= 0) {
      const std::size_t label = to_size(rows.best[i]);
      counts[label] += passes(level.classes[label], rows.probability[i]) ? 1 : 0;
      counts.back() += passes(level.together, rows.probability[i]) ? 1 : 0;
    }
  }
  comm::sum_over_ranks(comm, counts);
  level.accepted = counts.back();
  counts.pop_back();
  level.class_accepted = std::move(counts);
}

/// Collective. The items that could be accepted, by probability, surest first.
std::vector<qa::ConfidenceCount> count_confidences(const comm::Communicator& comm,
                                                   const AcceptRows& rows) {
  std::vector<Count> counts(kConfidenceBins, 0);
  for (std::size_t i = 0; i < rows.best.size(); ++i) {
    if (rows.best[i] >= 0) {
      const auto bin = static_cast<std::size_t>(double{rows.probability[i]} * kConfidenceBins);
      ++counts[std::min(bin, kConfidenceBins - 1)];
    }
  }
  comm::sum_over_ranks(comm, counts);
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

}  // namespace

Acceptance measure_acceptance(const Workspace& workspace, const AcceptRows& rows,
                              std::span<const qa::AuditedItem> known, std::string basis) {
  const auto num_classes = to_size(workspace.num_classes());
  std::vector<std::vector<qa::AuditedItem>> of_class(num_classes);
  for (const qa::AuditedItem& item : known) {
    of_class[to_size(item.predicted)].push_back(item);
  }
  Acceptance acceptance;
  acceptance.basis = std::move(basis);
  acceptance.confidence = workspace.config.qa.accept_confidence;
  acceptance.countable = comm::sum_over_ranks(
      workspace.comm,
      static_cast<Count>(std::count_if(rows.best.begin(), rows.best.end(),
                                       [](std::int32_t best) { return best >= 0; })));
  const std::vector<double> errors = parse_errors(workspace.config.qa.accept_errors);
  // All promises hold together at the confidence stated: each has its share of the risk.
  const double delta = (1 - acceptance.confidence) / static_cast<double>(errors.size());
  const auto surest_first = count_confidences(workspace.comm, rows);
  for (const double error : errors) {
    AcceptLevel level;
    level.error = error;
    level.fewest_known = qa::acceptance_items(error, delta);
    level.labels_needed = qa::labels_to_accept(surest_first, error, delta);
    if (level.labels_needed && *level.labels_needed > acceptance.countable) {
      level.labels_needed.reset();  // more than there are
    }
    level.together = qa::find_accept_threshold(known, error, delta);
    for (const auto& items : of_class) {
      level.classes.push_back(
          qa::find_accept_threshold(items, error, delta / static_cast<double>(num_classes)));
    }
    count_accepted(workspace.comm, rows, level);
    acceptance.levels.push_back(std::move(level));
  }
  if (!known.empty()) {
    acceptance.risk = qa::risk_coverage(known);
  }
  return acceptance;
}

std::vector<qa::AuditedItem> held_out_items(const ensemble::HeldOut& judged) {
  std::vector<qa::AuditedItem> items;
  for (std::size_t i = 0; i < judged.truth.size(); ++i) {
    if (!judged.consensus[i].is_none()) {
      qa::AuditedItem item;
      item.predicted = judged.consensus[i];
      item.truth = judged.truth[i];
      // The corpus has its probabilities in single precision: thresholds are compared with those.
      item.confidence = double{static_cast<float>(judged.probabilities[i][item.predicted])};
      items.push_back(item);
    }
  }
  return items;
}

void write_acceptance(io::OutputFile& file, const AcceptRows& rows, const Acceptance& acceptance,
                      Count num_items) {
  std::vector<float> errors(rows.best.size(), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < errors.size(); ++i) {
    for (const AcceptLevel& level : acceptance.levels) {  // the errors ascend
      if (rows.best[i] >= 0 && passes(level.together, rows.probability[i])) {
        errors[i] = static_cast<float>(level.error);
        break;
      }
    }
  }
  file.write_rows<float>("/accepted_error", errors, rows.block.begin.value(), {num_items});
}

io::Json acceptance_json(const Workspace& workspace, const Acceptance& acceptance) {
  io::Json json;
  json["basis"] = acceptance.basis;
  json["confidence"] = acceptance.confidence;
  json["countable"] = acceptance.countable;
  json["levels"] = io::Json::array();
  for (const AcceptLevel& level : acceptance.levels) {
    io::Json entry;
    entry["error"] = level.error;
    entry["fewest_known"] = level.fewest_known;
    entry["labels_needed"] =
        level.labels_needed ? io::Json(*level.labels_needed) : io::Json(nullptr);
    entry["accepted"] = level.accepted;
    entry["together"] = rule_json(level.together, level.accepted);
    entry["per_class"] = io::Json::array();
    for (std::size_t k = 0; k < level.classes.size(); ++k) {
      io::Json of_class{{"class", workspace.corpus.class_names[k]}};
      of_class.update(rule_json(level.classes[k], level.class_accepted[k]));
      entry["per_class"].push_back(of_class);
    }
    json["levels"].push_back(entry);
  }
  json["risk_coverage"] = curve_json(acceptance.risk);
  json["aurc"] = acceptance.risk.aurc;
  json["excess_aurc"] = acceptance.risk.excess;
  return json;
}

std::string errors_range() {
  return fmt::format("up to {} shares, {}, separated by commas", kMostErrors, kErrorRange.text());
}

std::vector<double> parse_errors(const std::string& text) {
  auto errors = parse_numbers(text, kErrorRange);
  if (!errors || errors->size() > kMostErrors) {
    fail("qa.accept_errors = {}, must be {}", text, errors_range());
  }
  std::sort(errors->begin(), errors->end());
  return *errors;
}

}  // namespace kith::pipeline
