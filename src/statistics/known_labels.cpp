#include "statistics/known_labels.hpp"

#include "statistics/audit_accuracy.hpp"

namespace kith::statistics {
namespace {

std::vector<KnownRow> from_gold(const ItemColumns& items) {
  std::vector<KnownRow> known;
  for (std::size_t i = 0; i < items.gold.size(); ++i) {
    if (!items.gold[i].is_none() && items.best[i] >= 0) {
      known.push_back({i, items.gold[i], Label{items.best[i]}, 1});
    }
  }
  return known;
}

std::vector<KnownRow> from_audit(IdRange<GlobalId> block, const AuditAnswers& audit) {
  std::vector<KnownRow> known;
  for (std::size_t i = 0; i < audit.items.size(); ++i) {
    if (block.contains(GlobalId{audit.rows[i]})) {
      const qa::AuditedItem& item = audit.items[i];
      known.push_back({to_size(audit.rows[i] - block.begin.value()), item.truth, item.predicted,
                       item.inclusion});
    }
  }
  return known;
}

std::vector<KnownRow> from_seeds(const RunResults& run) {
  const IdRange<GlobalId> block = run.items.block;
  const ensemble::HeldOutPredictions& held_out = run.held_out;
  std::vector<KnownRow> known;
  for (std::size_t i = 0; i < run.held_out_rows.size(); ++i) {
    const GlobalId row{run.held_out_rows[i]};
    if (block.contains(row) && !held_out.consensus[i].is_none()) {
      known.push_back({to_size(row.value() - block.begin.value()), held_out.truth[i],
                       held_out.consensus[i], 1});
    }
  }
  return known;
}

}  // namespace

KnownRows known_rows(const RunResults& run, const Computed& earlier) {
  std::vector<KnownRow> gold = from_gold(run.items);
  if (comm::any_rank(run.comm, !gold.empty())) {
    return {"gold labels", false, std::move(gold)};
  }
  if (const auto& audit = earlier.get<AuditAccuracy>().answers()) {
    return {"the audit", true, from_audit(run.items.block, *audit)};
  }
  return {"held-out seeds", false, from_seeds(run)};
}

qa::Confusion confusion_of(const RunResults& run, const KnownRows& known) {
  qa::Confusion counts{run.num_classes()};
  for (const KnownRow& row : known.rows) {
    counts.add(row.truth, row.stated);
  }
  counts.sum_over(run.comm);
  return counts;
}

qa::Confusion held_out_confusion(const RunResults& run, std::span<const Label> stated) {
  qa::Confusion counts{run.num_classes()};
  counts.add_all(run.held_out.truth, stated);
  return counts;
}

bool has_gold(const RunResults& run) {
  return comm::sum_over_ranks(run.comm, count_of(run.items.gold)) > 0;
}

}  // namespace kith::statistics
