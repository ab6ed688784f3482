/// Are the seeds right? By what members say that had not seen them: a model of the noise, and
/// confident learning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/io/output_file.hpp"
#include "kith/qa/label_errors.hpp"
#include "kith/qa/label_noise.hpp"

#include "pipeline/workspace.hpp"

namespace kith::pipeline {

/// Of the seeds that were held out, in the order of ensemble::HeldOut; the same on every rank.
struct SeedCheck {
  std::vector<Count> rows;
  std::vector<std::string> ids;  // empty if the corpus has none
  std::vector<Label> given;
  std::vector<Label> suggested;  // most probable by the held-out consensus
  std::vector<double> self_confidence;
  std::vector<double> normalized_margin;
  std::vector<double> weighted_entropy;  // confidence-weighted entropy
  qa::LabelNoise noise;
  qa::LabelSuspicion suspicion;
  std::vector<std::vector<std::uint8_t>> flags;  // [filter][seed], filters in the enum's order
  std::optional<qa::ConfidentJoint> joint;       // none with more than qa::kTableClasses classes
  qa::LabelHealth health;                        // by the configured filter
};

/// Does a filter need a table of class by class?
[[nodiscard]] bool needs_class_tables(qa::LabelErrorFilter filter);

/// Collective.
[[nodiscard]] SeedCheck check_seeds(const Workspace& workspace, const ensemble::HeldOut& judged);

/// Collective. /seeds/... of qa.h5.
void write_seed_check(io::OutputFile& file, const SeedCheck& check);

/// "seeds" of report.json.
[[nodiscard]] io::Json seed_check_json(const Workspace& workspace, const SeedCheck& check);

}  // namespace kith::pipeline
