/// What can be said of the accuracy without true labels of the corpus, each under its assumption,
/// beside what is known from true ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/qa/without_gold.hpp"

#include "pipeline/qa_audit.hpp"
#include "pipeline/qa_votes.hpp"

namespace kith::pipeline {

/// One estimate of an accuracy.
struct AssumedEstimate {
  std::string name;
  std::string of;  // "consensus", "model" (its own labels) or "voter" (one drawn at random)
  std::string assumption;
  std::optional<double> value;
  std::string reason;  // why there is no value
};

/// The same on every rank.
struct WithoutGold {
  std::vector<AssumedEstimate> estimates;
  std::optional<double> disagreement_bound;    // of the disagreement's error, from held-out seeds
  std::optional<double> confidence_threshold;  // of the thresholded confidence
  std::vector<qa::AssumedAccuracy> triplets;   // one a voter
};

/// Collective.
[[nodiscard]] WithoutGold measure_without_gold(const Workspace& workspace, const QaRows& rows,
                                               const VoteFindings& votes,
                                               const ensemble::HeldOut& judged);

/// What true labels say, by voter; the same on every rank.
struct KnownAccuracies {
  std::string basis;
  io::Json consensus;  // a proportion or an estimate of one
  std::vector<std::optional<double>> voters;
};

/// "accuracy_without_gold" of report.json.
[[nodiscard]] io::Json without_gold_json(const Workspace& workspace, const WithoutGold& findings,
                                         const VoteFindings& votes, const KnownAccuracies& known);

}  // namespace kith::pipeline
