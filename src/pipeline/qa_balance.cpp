#include "pipeline/qa_balance.hpp"

#include <cmath>
#include <utility>

#include "kith/comm/collectives.hpp"
#include "kith/qa/audit_design.hpp"

#include "pipeline/report_json.hpp"

namespace kith::pipeline {
namespace {

constexpr double kBeta = 0.9999;  // of the effective number

/// The share of each true class by the audit's design: its items drawn with unequal chances are no
/// plain sample of their predicted class.
std::vector<qa::ClassShare> audited_shares(std::span<const Count> stated,
                                           const AuditFindings& audit) {
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

/// Collective. Items to train on: with a stated label, each vector once.
void draw_samples(const Workspace& workspace, const QaRows& rows, Balance& balance) {
  const auto num_classes = to_size(workspace.num_classes());
  std::vector<std::int32_t> usable_class;
  std::vector<GlobalId> ids;
  balance.usable.assign(num_classes, 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_usable = rows.label[i] >= 0 && !rows.is(i, ensemble::Status::duplicate);
    usable_class.push_back(is_usable ? rows.label[i] : -1);
    ids.emplace_back(rows.block.begin.value() + static_cast<Count>(i));
    if (is_usable) {
      ++balance.usable[to_size(rows.label[i])];
    }
  }
  comm::sum_over_ranks(workspace.comm, balance.usable);
  const double ratio = workspace.config.qa.balance_ratio;
  balance.kept = qa::undersampled_counts(balance.usable, ratio);
  balance.repeats = qa::oversampling_repeats(balance.usable, ratio);
  balance.is_kept =
      qa::draw_audit(workspace.comm, ids, usable_class, balance.kept, workspace.config.run.seed);
  for (const std::int32_t label : usable_class) {
    balance.times_kept.push_back(
        label >= 0 ? static_cast<std::int32_t>(balance.repeats[to_size(label)]) : 0);
  }
}

/// Null where so many would be needed that the number says nothing.
io::Json random_labels(double share, Count seeds) {
  constexpr double kSmallestShare = 1e-6;
  return seeds > 0 && share < kSmallestShare ? io::Json(nullptr)
                                             : io::Json(qa::random_labels_for(share, seeds));
}

}  // namespace

Balance measure_balance(const Workspace& workspace, const QaRows& rows, const KnownRows& known,
                        const std::optional<AuditFindings>& audit) {
  Balance balance;
  balance.basis = known.basis;
  balance.stated.assign(to_size(workspace.num_classes()), 0);
  for (const std::int32_t best : rows.best) {
    if (best >= 0) {
      ++balance.stated[to_size(best)];
    }
  }
  comm::sum_over_ranks(workspace.comm, balance.stated);
  const qa::Confusion confusion = confusion_of(workspace, known);
  balance.shares = known.is_weighted && audit
                       ? audited_shares(balance.stated, *audit)
                       : qa::corrected_class_shares(balance.stated, confusion);
  Count items = 0;
  for (const Count count : balance.stated) {
    items += count;
  }
  for (const qa::ClassShare& share : balance.shares) {
    balance.corrected.push_back(std::llround(share.corrected * static_cast<double>(items)));
  }
  balance.mix = qa::measure_class_mix(balance.corrected);
  balance.inverse = qa::inverse_weights(balance.corrected);
  balance.effective = qa::effective_number_weights(balance.corrected, kBeta);
  draw_samples(workspace, rows, balance);
  balance.seeds.assign(balance.stated.size(), 0);
  GlobalId last;
  for (const corpus::Seed& seed : workspace.seeds) {  // a soft one by its heaviest label
    if (std::exchange(last, seed.row) != seed.row) {
      ++balance.seeds[to_size(seed.label)];
    }
  }
  balance.seeds_missing = qa::seeds_needed(balance.seeds, workspace.config.qa.seeds_wanted);
  return balance;
}

io::Json balance_json(const Workspace& workspace, const Balance& balance) {
  io::Json json;
  json["basis"] = balance.basis;
  json["ratio"] = number(balance.mix.ratio);
  json["entropy"] = balance.mix.entropy;
  json["effective_classes"] = balance.mix.effective_classes;
  json["absent_classes"] = balance.mix.absent;
  json["effective_number_beta"] = kBeta;
  json["sample_ratio"] = workspace.config.qa.balance_ratio;
  json["seeds_wanted"] = workspace.config.qa.seeds_wanted;
  json["per_class"] = io::Json::array();
  for (std::size_t k = 0; k < balance.stated.size(); ++k) {
    const qa::ClassShare& share = balance.shares[k];
    json["per_class"].push_back(
        {{"class", workspace.corpus.class_names[k]},
         {"stated_share", share.stated},
         {"corrected_share", share.corrected},
         {"low", share.interval.low},
         {"high", share.interval.high},
         {"inverse_weight", balance.inverse[k]},
         {"effective_number_weight", balance.effective[k]},
         {"usable", balance.usable[k]},
         {"undersampled", balance.kept[k]},
         {"repeats", balance.repeats[k]},
         {"seeds", balance.seeds[k]},
         {"seeds_missing", balance.seeds_missing[k]},
         {"random_labels_for_missing", random_labels(share.corrected, balance.seeds_missing[k])}});
  }
  return json;
}

void write_balance(io::OutputFile& file, const Workspace& workspace, IdRange<GlobalId> block,
                   const Balance& balance) {
  const Count first = block.begin.value();
  const std::vector<Count> shape{workspace.corpus.num_items};
  file.write_rows<std::uint8_t>("/balance/undersample", balance.is_kept, first, shape);
  file.write_rows<std::int32_t>("/balance/repeats", balance.times_kept, first, shape);
}

}  // namespace kith::pipeline
