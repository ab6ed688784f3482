// Expectation and maximization over a table of votes.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "kith/label_model/method.hpp"

#include "label_model/task.hpp"

namespace kith::label_model {

/// What a voter's model is learned from in an M-step.
struct VoterStep {
  const VoteTable& table;
  int voter = 0;
  std::span<const CastVote> votes;
  std::span<const double> posteriors;  // rows x K
  std::span<const double> shares;      // K, of this step
  const VoterModel* before = nullptr;  // of the step before; nullptr: the first

  [[nodiscard]] const double* posterior(const CastVote& vote) const {
    return posteriors.data() + vote.row * shares.size();
  }
  [[nodiscard]] double count(const CastVote& vote) const {
    return static_cast<double>(table.counts[vote.row]);
  }
};

/// A voter's model with the logarithm of its prior density, without constants.
struct LearnedVoter {
  VoterModel model;
  double log_density = 0;
};

/// The M-step of one voter. Called for many voters at once.
using LearnVoter = std::function<LearnedVoter(const VoterStep&)>;

struct EmOptions {
  double class_items = 1;  // pseudo-items of every class, where shares are learned
  int max_iterations = 200;
  double tolerance = 1e-7;  // of the objective, nats an item
  Count max_tables = 0;     // voters that may have a table, for the plan of memory
};

/// A. P. Dempster, N. M. Laird, D. B. Rubin (J. Royal Stat. Soc. B 39, 1977), from the smoothed
/// majority of each row; rows of known class stay clamped to it. Climbs the log-likelihood of the
/// votes plus the log priors. A voter's sums run over its own votes in the order of rows, and sums
/// over rows over fixed chunks in order: the same bytes with any number of threads, and no memory a
/// thread. Cost O(rows K + votes) an iteration, K times as much for votes of voters with tables.
/// Memory: rows x K + voters x 2 K numbers, and K x K a table. A reason beyond max_numbers.
[[nodiscard]] FittedModel fit_em(const Task& task, const LearnVoter& learn,
                                 const EmOptions& options = {});

/// The share of each class among a row's votes, with one vote more spread evenly; the known class
/// where there is one.
void smoothed_majority(const VoteTable& table, std::size_t row, std::span<double> out);

/// The class shares that are given; else those of the majority where votes can tell them, else
/// even ones.
[[nodiscard]] std::vector<double> usual_prior(const Task& task);

}  // namespace kith::label_model
