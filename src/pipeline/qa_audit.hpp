/// The audit of a run: drawing it, and what its answers say of the corpus.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kith/qa/audit.hpp"
#include "kith/review/audit_file.hpp"

#include "pipeline/workspace.hpp"

namespace kith::pipeline {

inline constexpr const char* kAuditFile = "audit.json";

/// Labels of this rank's rows that an audit may ask for: -1 where there is none or a seed gives it.
struct LabeledRows {
  IdRange<GlobalId> block;
  std::span<const std::int32_t> best;
  std::span<const float> probability;
};

/// Collective. Draws `budget` items, stratified by predicted class, probability and the first of
/// the user's groupings.
[[nodiscard]] review::Audit draw_audit(const comm::Communicator& comm, const corpus::Corpus& corpus,
                                       const Config& config, const LabeledRows& rows, Count budget);

/// Collective. The audit of the run directory, on every rank; none if nothing was drawn.
/// Throws CollectiveError if the file is damaged or is of another corpus.
[[nodiscard]] std::optional<review::Audit> read_audit(const comm::Communicator& comm,
                                                      const Config& config,
                                                      const corpus::Corpus& corpus);

/// What the answers say, with the labels as they are now; the same on every rank.
struct AuditFindings {
  Count drawn = 0;
  Count answered = 0;    // and not a seed since
  Count population = 0;  // items that were drawn from
  std::vector<qa::AuditedItem> items;
  std::vector<Count> rows;          // of the items
  std::vector<Count> strata_items;  // by AuditedItem::stratum
  qa::AuditEstimate error;          // stratified
  qa::AuditEstimate hajek;
  qa::PredictionPoweredError difference;
  std::vector<qa::ClassAudit> classes;
};

/// Collective. None if no drawn item has an answer.
[[nodiscard]] std::optional<AuditFindings> measure_audit(const Workspace& workspace,
                                                         const LabeledRows& rows);

/// "audit" of report.json.
[[nodiscard]] io::Json audit_json(const Workspace& workspace, const AuditFindings& findings);

}  // namespace kith::pipeline
