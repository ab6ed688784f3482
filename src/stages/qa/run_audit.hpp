/// The audit of a run: drawing it, and reading it back.
#pragma once

#include <optional>
#include <span>

#include "kith/review/audit_file.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

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
                                       const config::Config& config, const LabeledRows& rows,
                                       Count budget);

/// Collective. The audit of the run directory, on every rank; none if nothing was drawn.
/// Throws CollectiveError if the file is damaged or is of another corpus.
[[nodiscard]] std::optional<review::Audit> read_audit(const comm::Communicator& comm,
                                                      const config::Config& config,
                                                      const corpus::Corpus& corpus);

}  // namespace kith::stages
