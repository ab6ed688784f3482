#include "statistics/class_balance.hpp"

#include <cmath>
#include <utility>

#include "kith/comm/collectives.hpp"
#include "kith/qa/audit_design.hpp"

#include "statistics/audit_accuracy.hpp"
#include "statistics/json_forms.hpp"
#include "statistics/known_labels.hpp"

namespace kith::statistics {
namespace {

constexpr double kBeta = 0.9999;  // of the effective number

/// The share of each true class by the audit's design: its items drawn with unequal chances are no
/// plain sample of their predicted class.
std::vector<qa::ClassShare> audited_shares(std::span<const Count> stated,
                                           const AuditAnswers& audit) {
  double total = 0;
  for (const Count count : stated) {
    total += static_cast<double>(count);
  }
  std::vector<qa::ClassShare> shares(stated.size());
  for (std::size_t k = 0; k < stated.size(); ++k) {
    std::vector<qa::StratumAudit> strata;
    for (const Count items : audit.strata_items) {
      strata.push_back({items, 0, 0});
    }
    for (const qa::AuditedItem& item : audit.items) {
      qa::StratumAudit& stratum = strata[to_size(item.stratum)];
      ++stratum.audited;
      stratum.wrong += to_size(item.truth) == k ? 1 : 0;  // what is counted is the class here
    }
    const qa::AuditEstimate share = qa::stratified_error(strata);
    shares[k] = {static_cast<double>(stated[k]) / std::max(total, 1.0), share.value,
                 share.interval};
  }
  return shares;
}

/// Null where so many would be needed that the number says nothing.
io::Json random_labels(double share, Count seeds) {
  constexpr double kSmallestShare = 1e-6;
  return seeds > 0 && share < kSmallestShare ? io::Json(nullptr)
                                             : io::Json(qa::random_labels_for(share, seeds));
}

}  // namespace

void ClassBalance::draw_samples(const RunResults& run) {
  const ItemColumns& items = run.items;
  const auto num_classes = to_size(run.num_classes());
  std::vector<std::int32_t> usable_class;
  std::vector<GlobalId> ids;
  usable_.assign(num_classes, 0);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool is_usable = items.label[i] >= 0 && !items.is(i, ensemble::Status::duplicate);
    usable_class.push_back(is_usable ? items.label[i] : -1);
    ids.emplace_back(items.block.begin.value() + static_cast<Count>(i));
    if (is_usable) {
      ++usable_[to_size(items.label[i])];
    }
  }
  comm::sum_over_ranks(run.comm, usable_);
  const double ratio = run.config.balance_ratio;
  kept_ = qa::undersampled_counts(usable_, ratio);
  repeats_ = qa::oversampling_repeats(usable_, ratio);
  is_kept_ = qa::draw_audit(run.comm, ids, usable_class, kept_, run.seed);
  for (const std::int32_t label : usable_class) {
    times_kept_.push_back(label >= 0 ? static_cast<std::int32_t>(repeats_[to_size(label)]) : 0);
  }
}

void ClassBalance::compute(const RunResults& run, const Computed& earlier) {
  const KnownRows known = known_rows(run, earlier);
  const auto& audit = earlier.get<AuditAccuracy>().answers();
  basis_ = known.basis;
  stated_.assign(to_size(run.num_classes()), 0);
  for (const std::int32_t best : run.items.best) {
    if (best >= 0) {
      ++stated_[to_size(best)];
    }
  }
  comm::sum_over_ranks(run.comm, stated_);
  const qa::Confusion confusion = confusion_of(run, known);
  shares_ = known.is_weighted && audit ? audited_shares(stated_, *audit)
                                       : qa::corrected_class_shares(stated_, confusion);
  Count items = 0;
  for (const Count count : stated_) {
    items += count;
  }
  for (const qa::ClassShare& share : shares_) {
    corrected_.push_back(std::llround(share.corrected * static_cast<double>(items)));
  }
  mix_ = qa::measure_class_mix(corrected_);
  inverse_ = qa::inverse_weights(corrected_);
  effective_ = qa::effective_number_weights(corrected_, kBeta);
  draw_samples(run);
  seeds_.assign(stated_.size(), 0);
  GlobalId last;
  for (const corpus::Seed& seed : run.seeds) {  // a soft one by its heaviest label
    if (std::exchange(last, seed.row) != seed.row) {
      ++seeds_[to_size(seed.label)];
    }
  }
  seeds_missing_ = qa::seeds_needed(seeds_, run.config.seeds_wanted);
}

io::Json ClassBalance::json(const RunResults& run, const Computed& /*all*/) const {
  io::Json json;
  json["basis"] = basis_;
  json["ratio"] = number(mix_.ratio);
  json["entropy"] = mix_.entropy;
  json["effective_classes"] = mix_.effective_classes;
  json["absent_classes"] = mix_.absent;
  json["effective_number_beta"] = kBeta;
  json["sample_ratio"] = run.config.balance_ratio;
  json["seeds_wanted"] = run.config.seeds_wanted;
  json["per_class"] = io::Json::array();
  for (std::size_t k = 0; k < stated_.size(); ++k) {
    const qa::ClassShare& share = shares_[k];
    json["per_class"].push_back(
        {{"class", run.corpus.class_names[k]},
         {"stated_share", share.stated},
         {"corrected_share", share.corrected},
         {"low", share.interval.low},
         {"high", share.interval.high},
         {"inverse_weight", inverse_[k]},
         {"effective_number_weight", effective_[k]},
         {"usable", usable_[k]},
         {"undersampled", kept_[k]},
         {"repeats", repeats_[k]},
         {"seeds", seeds_[k]},
         {"seeds_missing", seeds_missing_[k]},
         {"random_labels_for_missing", random_labels(share.corrected, seeds_missing_[k])}});
  }
  return json;
}

void ClassBalance::write_tables(const RunResults& run, io::OutputFile& file) const {
  const Count first = run.items.block.begin.value();
  const std::vector<Count> shape{run.corpus.num_items};
  file.write_rows<std::uint8_t>("/balance/undersample", is_kept_, first, shape);
  file.write_rows<std::int32_t>("/balance/repeats", times_kept_, first, shape);
}

}  // namespace kith::statistics
