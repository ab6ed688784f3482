/// From which probability on labels may be used without a look, and how many those are.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/io/output_file.hpp"
#include "kith/qa/acceptance.hpp"

#include "pipeline/workspace.hpp"

namespace kith::pipeline {

/// What this rank's rows need to be counted: stated and probable class, seeds left out.
struct AcceptRows {
  IdRange<GlobalId> block;
  std::span<const std::int32_t> best;  // -1 = not to be counted
  std::span<const float> probability;
};

/// For one error that a user can live with.
struct AcceptLevel {
  double error = 0;
  qa::AcceptThreshold together;              // one threshold for all classes
  Count accepted = 0;                        // by it
  std::vector<qa::AcceptThreshold> classes;  // risk shared out evenly: all hold at once
  std::vector<Count> class_accepted;
  Count fewest_known = 0;  // labels that must be known and right for any threshold to pass
  std::optional<Count> labels_needed;  // in all, for one to pass; none: more than there are items
};

struct Acceptance {
  std::string basis;  // what the known labels are
  double confidence = 0.95;
  std::vector<AcceptLevel> levels;
  qa::RiskCoverage risk;
  Count countable = 0;  // items that could be accepted
};

/// Collective. known: items with known labels, on every rank.
[[nodiscard]] Acceptance measure_acceptance(const Workspace& workspace, const AcceptRows& rows,
                                            std::span<const qa::AuditedItem> known,
                                            std::string basis);

/// The held-out seeds as known items: each drawn with the same chance.
[[nodiscard]] std::vector<qa::AuditedItem> held_out_items(const ensemble::HeldOut& judged);

/// Collective. /accepted_error of qa.h5: the smallest error of the levels at which the one
/// threshold for all classes accepts the row; NaN if none does.
void write_acceptance(io::OutputFile& file, const AcceptRows& rows, const Acceptance& acceptance,
                      Count num_items);

/// "acceptance" of report.json.
[[nodiscard]] io::Json acceptance_json(const Workspace& workspace, const Acceptance& acceptance);

/// What values of qa.accept_errors are legal, for help and messages.
[[nodiscard]] std::string errors_range();

/// "0.01, 0.05" as numbers, ascending. Throws Error with one sentence.
[[nodiscard]] std::vector<double> parse_errors(const std::string& text);

}  // namespace kith::pipeline
