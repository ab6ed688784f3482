/// What `kith votes` says of voters and label models, for people and for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/io/json.hpp"
#include "kith/label_model/choose.hpp"
#include "kith/label_model/config.hpp"
#include "kith/label_model/correlated.hpp"
#include "kith/label_model/method.hpp"
#include "kith/qa/accuracy.hpp"
#include "kith/qa/voters.hpp"

#include "stages/votes/vote_source.hpp"

namespace kith::stages {

/// A label model on all items that have a vote.
struct ModelResult {
  label_model::FittedModel model;
  double expected_accuracy = 0;         // mean of the largest posterior
  std::optional<qa::Accuracy> on_gold;  // of its labels, where gold is known
};

struct VotesReport {
  std::vector<std::string> classes;
  std::vector<std::string> voters;
  std::vector<std::string> notes;
  qa::VoteStatistics votes;
  std::optional<qa::Truth> truth;  // what accuracies of voters are measured against
  Count num_known = 0;             // items whose class is known to learn from
  label_model::Choice choice;
  std::vector<ModelResult> models;  // all that were fitted, majority first
  std::size_t chosen = 0;           // index of models
  label_model::CorrelatedVoters correlated;
  std::vector<Count> changes_without;  // items, a voter

  [[nodiscard]] const ModelResult& best() const { return models[chosen]; }
};

/// Whether label models learn from the classes that items are known to have.
enum class KnownClasses { taught, only_measured_with };

/// Describes the voters, fits all label models, and chooses one. Does not communicate: the table is
/// the same on every rank. Throws Error if nobody votes or no model can be fitted.
[[nodiscard]] VotesReport make_report(const VoteSource& source, const label_model::VoteTable& table,
                                      const label_model::VotesConfig& config,
                                      KnownClasses known = KnownClasses::taught);

/// What the held-out numbers of a choice are.
[[nodiscard]] std::string explain(const label_model::Choice& choice);

/// A table of the voters (those with most votes, where there are many), the models, the choice.
[[nodiscard]] std::string to_text(const VotesReport& report);

/// All of it.
[[nodiscard]] io::Json to_json(const VotesReport& report);

}  // namespace kith::stages
