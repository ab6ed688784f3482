#include "pipeline/qa_known.hpp"

#include "kith/comm/collectives.hpp"

namespace kith::pipeline {
namespace {

std::vector<KnownRow> from_gold(const QaRows& rows) {
  std::vector<KnownRow> known;
  for (std::size_t i = 0; i < rows.gold.size(); ++i) {
    if (!rows.gold[i].is_none() && rows.best[i] >= 0) {
      known.push_back({i, rows.gold[i], Label{rows.best[i]}, 1});
    }
  }
  return known;
}

std::vector<KnownRow> from_audit(const QaRows& rows, const AuditFindings& audit) {
  std::vector<KnownRow> known;
  for (std::size_t i = 0; i < audit.items.size(); ++i) {
    if (rows.block.contains(GlobalId{audit.rows[i]})) {
      const qa::AuditedItem& item = audit.items[i];
      known.push_back({to_size(audit.rows[i] - rows.block.begin.value()), item.truth,
                       item.predicted, item.inclusion});
    }
  }
  return known;
}

std::vector<KnownRow> from_seeds(const QaRows& rows, const SeedCheck& seeds,
                                 const ensemble::HeldOut& judged) {
  std::vector<KnownRow> known;
  for (std::size_t i = 0; i < seeds.rows.size(); ++i) {
    if (rows.block.contains(GlobalId{seeds.rows[i]}) && !judged.consensus[i].is_none()) {
      known.push_back({to_size(seeds.rows[i] - rows.block.begin.value()), judged.truth[i],
                       judged.consensus[i], 1});
    }
  }
  return known;
}

}  // namespace

KnownRows known_rows(const Workspace& workspace, const QaRows& rows,
                     const std::optional<AuditFindings>& audit, const SeedCheck& seeds,
                     const ensemble::HeldOut& judged) {
  std::vector<KnownRow> gold = from_gold(rows);
  if (comm::any_rank(workspace.comm, !gold.empty())) {
    return {"gold labels", false, std::move(gold)};
  }
  if (audit) {
    return {"the audit", true, from_audit(rows, *audit)};
  }
  return {"held-out seeds", false, from_seeds(rows, seeds, judged)};
}

qa::Confusion confusion_of(const Workspace& workspace, const KnownRows& known) {
  qa::Confusion counts{workspace.num_classes()};
  for (const KnownRow& row : known.rows) {
    counts.add(row.truth, row.stated);
  }
  counts.sum_over(workspace.comm);
  return counts;
}

}  // namespace kith::pipeline
