/// From the numbers of a run to report.json and report.html.
#pragma once

#include <optional>
#include <vector>

#include "kith/ensemble/ensemble.hpp"
#include "kith/qa/accuracy.hpp"

#include "pipeline/qa_acceptance.hpp"
#include "pipeline/qa_audit.hpp"
#include "pipeline/qa_balance.hpp"
#include "pipeline/qa_seeds.hpp"
#include "pipeline/qa_slices.hpp"
#include "pipeline/qa_value.hpp"
#include "pipeline/qa_votes.hpp"
#include "pipeline/qa_without_gold.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {

struct Histogram {
  std::vector<double> edges;  // bins + 1
  std::vector<Count> counts;
};

/// An item for a person to look at.
struct ReviewItem {
  Count row;
  std::int32_t best;  // class
  std::uint8_t status;
  float probability;
  float vote_entropy;
  float bald;
  float margin;
};

/// All that the qa stage found; the same on every rank.
struct Findings {
  std::vector<Count> status_counts;
  std::vector<Count> class_counts;  // by best class
  Histogram probability;
  Histogram vote_entropy;
  Histogram bald;
  Histogram margin;
  VoteFindings votes;
  ensemble::HeldOut judged;
  qa::Confusion held_out;
  std::vector<qa::Confusion> held_out_members;
  std::optional<qa::Confusion> gold;
  qa::Confusion gold_auto;
  std::vector<qa::Confusion> gold_members;
  std::vector<ReviewItem> review;
  SeedCheck seeds;
  Acceptance acceptance;
  std::optional<AuditFindings> audit;
  WithoutGold without_gold;
  SliceFindings slices;
  Balance balance;
  Values values;
};

/// Collective. Writes report.json and report.html.
void write_report(const Workspace& workspace, const Findings& findings);

}  // namespace kith::pipeline
