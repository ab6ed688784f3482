/// How far the voters agree, and what their votes alone say of how often they are right.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/io/output_file.hpp"
#include "kith/qa/agreement.hpp"
#include "kith/qa/diversity.hpp"
#include "kith/qa/label_model.hpp"

#include "pipeline/qa_rows.hpp"

namespace kith::pipeline {

/// The same on every rank.
struct VoteFindings {
  /// None where there are more than qa.max_patterns: agreement is then computed from the rows, and
  /// what needs a model of the patterns has no value.
  std::optional<qa::PatternCounts> patterns;
  qa::Agreement agreement;
  std::vector<Count> class_items;  // items on which a class got a vote
  qa::DawidSkene model;
  qa::Diversity expected;             // by the model
  std::optional<qa::Diversity> gold;  // against gold labels, where there are any
};

/// Collective.
[[nodiscard]] VoteFindings measure_votes(const Workspace& workspace, const QaRows& rows);

/// Collective. Votes with one more column before or after them, for patterns that tell its values
/// apart.
[[nodiscard]] std::vector<std::int32_t> with_first_column(std::span<const std::int32_t> column,
                                                          std::span<const std::int32_t> votes);

/// "agreement" and "diversity" of report.json.
[[nodiscard]] io::Json agreement_json(const Workspace& workspace, const VoteFindings& findings);
[[nodiscard]] io::Json diversity_json(const VoteFindings& findings);

/// The coefficients of an agreement with their intervals.
[[nodiscard]] io::Json coefficients_json(const qa::Agreement& agreement);

/// Collective. /patterns, /agreement, /diversity and /dawid_skene of qa.h5.
void write_votes(io::OutputFile& file, const Workspace& workspace, const VoteFindings& findings);

}  // namespace kith::pipeline
