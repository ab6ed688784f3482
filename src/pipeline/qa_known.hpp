/// Items whose true label is known from somewhere else than the run: what errors are counted on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/qa/accuracy.hpp"

#include "pipeline/qa_audit.hpp"
#include "pipeline/qa_rows.hpp"
#include "pipeline/qa_seeds.hpp"

namespace kith::pipeline {

/// One of this rank's rows.
struct KnownRow {
  std::size_t at;  // in QaRows
  Label truth;
  Label stated;          // by the run; of a held-out seed by members that had not seen it
  double inclusion = 1;  // probability with which it was drawn
};

/// The best source there is: gold labels, else an audit, else the held-out seeds.
struct KnownRows {
  std::string basis;  // "gold labels", "the audit" or "held-out seeds"
  bool is_weighted = false;
  std::vector<KnownRow> rows;  // this rank's
};

/// audit: the same on every rank, as are the seeds. Does not communicate but for the number of gold
/// labels: collective.
[[nodiscard]] KnownRows known_rows(const Workspace& workspace, const QaRows& rows,
                                   const std::optional<AuditFindings>& audit,
                                   const SeedCheck& seeds, const ensemble::HeldOut& judged);

/// Collective. Over all ranks.
[[nodiscard]] qa::Confusion confusion_of(const Workspace& workspace, const KnownRows& known);

}  // namespace kith::pipeline
