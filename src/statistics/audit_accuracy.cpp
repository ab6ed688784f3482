#include "statistics/audit_accuracy.hpp"

#include <algorithm>

#include "kith/comm/collectives.hpp"

#include "statistics/json_forms.hpp"

namespace kith::statistics {
namespace {

/// A row of the audit as it is labeled now.
struct Current {
  Count entry;
  std::int32_t best;
  float probability;
};

/// Collective. The answered entries with their labels now, in order; without those that have become
/// seeds.
std::vector<Current> current_labels(const RunResults& run, const review::Audit& audit) {
  const IdRange<GlobalId> block = run.items.block;
  std::vector<Current> mine;
  for (std::size_t e = 0; e < audit.entries.size(); ++e) {
    const GlobalId row{audit.entries[e].row};
    if (!audit.entries[e].truth.is_none() && block.contains(row)) {
      const std::size_t at = to_size(row.value() - block.begin.value());
      mine.push_back(
          {static_cast<Count>(e), run.items.unseeded_best(at), run.items.probability[at]});
    }
  }
  std::vector<Current> all = comm::gather_to_all<Current>(run.comm, mine).items;
  std::sort(all.begin(), all.end(),
            [](const Current& a, const Current& b) { return a.entry < b.entry; });
  std::erase_if(all, [](const Current& entry) { return entry.best < 0; });
  return all;
}

/// How many of each stratum's answers are wrong.
std::vector<qa::StratumAudit> count_wrong(const review::Audit& audit,
                                          std::span<const Current> current) {
  std::vector<qa::StratumAudit> strata;
  for (const review::AuditStratum& stratum : audit.strata) {
    strata.push_back({stratum.items, 0, 0});
  }
  for (const Current& entry : current) {
    const review::AuditEntry& drawn = audit.entries[to_size(entry.entry)];
    ++strata[to_size(drawn.stratum)].audited;
    strata[to_size(drawn.stratum)].wrong += entry.best == drawn.truth.value() ? 0 : 1;
  }
  return strata;
}

AuditAnswers answers_of(const review::Audit& audit, std::span<const Current> current,
                        std::span<const qa::StratumAudit> strata) {
  AuditAnswers answers;
  answers.answered = count_of(current);
  for (const Current& entry : current) {
    const review::AuditEntry& drawn = audit.entries[to_size(entry.entry)];
    const qa::StratumAudit& stratum = strata[to_size(drawn.stratum)];
    qa::AuditedItem item;
    item.predicted = Label{entry.best};
    item.truth = drawn.truth;
    item.inclusion = static_cast<double>(stratum.audited) / static_cast<double>(stratum.items);
    item.confidence = double{entry.probability};
    item.stratum = drawn.stratum;
    answers.items.push_back(item);
    answers.rows.push_back(drawn.row);
  }
  for (const review::AuditStratum& stratum : audit.strata) {
    answers.strata_items.push_back(stratum.items);
  }
  return answers;
}

/// With the forecasts that were made when the items were drawn.
qa::PredictionPoweredError difference_of(const review::Audit& audit,
                                         std::span<const Current> current,
                                         std::vector<qa::AuditedItem> items) {
  std::vector<qa::Forecast> forecasts;
  for (const review::AuditStratum& stratum : audit.strata) {
    forecasts.push_back({stratum.items, stratum.forecast_mean, stratum.forecast_variance});
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].confidence = audit.entries[to_size(current[i].entry)].confidence;
  }
  return qa::prediction_powered_error(items, forecasts);
}

io::Json optional_json(const std::optional<qa::AuditEstimate>& estimate) {
  return estimate ? to_json(*estimate) : io::Json{{"value", nullptr}};
}

}  // namespace

void AuditAccuracy::compute(const RunResults& run, const Computed& /*earlier*/) {
  if (!run.audit) {
    return;
  }
  const std::vector<Current> current = current_labels(run, *run.audit);
  if (current.empty()) {
    return;
  }
  const std::vector<qa::StratumAudit> strata = count_wrong(*run.audit, current);
  answers_ = answers_of(*run.audit, current, strata);
  error_ = qa::stratified_error(strata);
  hajek_ = qa::hajek_error(answers_->items);
  difference_ = difference_of(*run.audit, current, answers_->items);
  classes_ = qa::audit_classes(answers_->items, answers_->strata_items, run.num_classes());
}

io::Json AuditAccuracy::json(const RunResults& run, const Computed& /*all*/) const {
  if (!answers_) {
    return nullptr;
  }
  io::Json json;
  json["drawn"] = count_of(run.audit->entries);
  json["audited"] = answers_->answered;
  json["population"] = run.audit->population();
  json["accuracy"] = complement_json(error_);
  json["hajek"] = complement_json(hajek_);
  json["difference"] = complement_json(difference_.error);
  json["difference"]["lambda"] = difference_.lambda;
  json["per_class"] = io::Json::array();
  for (std::size_t k = 0; k < classes_.size(); ++k) {
    json["per_class"].push_back({{"class", run.corpus.class_names[k]},
                                 {"audited", classes_[k].audited},
                                 {"precision", optional_json(classes_[k].precision)},
                                 {"recall", optional_json(classes_[k].recall)}});
  }
  return json;
}

}  // namespace kith::statistics
