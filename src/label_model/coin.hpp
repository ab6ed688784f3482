// Voters with one accuracy each.
#pragma once

#include <algorithm>
#include <cmath>

#include "kith/label_model/method.hpp"

#include "label_model/em.hpp"

namespace kith::label_model {

/// What is held of a voter before its votes are seen: votes of one that copies the truth with this
/// probability. Weak, it lets votes of rules turn into evidence against their own class: conflicts
/// say that some rule errs, not which, and EM makes the most of the first guess. So narrow voters
/// have more of it, in proportion to their votes on items of unknown class. On 20 keyword rules
/// 30, 100, 300 and 1000 votes make 47.4, 47.9, 48.0 and 47.2 % right (majority 47.3):
/// perf/label_models.py -- --votes.prior_votes N.
struct CoinPrior {
  double votes = 30;
  double copies = 0.8;
  double narrow_share = 0.25;  // of a narrow voter's votes on unknown items, where that is more
};

/// A voter with an accuracy over all classes: P(l | k) = accuracy if l = k, else what remains,
/// spread evenly. A constant voter's accuracy is its precision for its own class, and it guesses
/// with the class shares: of its votes, nothing else is known. Then P(k | vote) is the precision
/// under any shares, and one that is no more precise than its class is frequent says nothing.
class CoinRule {
 public:
  explicit CoinRule(const Task& task) : index_{task.index}, num_classes_{task.table.num_classes} {}

  /// How often its guesses are right.
  [[nodiscard]] double guess(int voter, std::span<const double> shares) const {
    const Breadth& own = index_.breadth(voter);
    return own.is_constant() ? shares[to_size(own.classes[0])] : 1.0 / num_classes_;
  }
  [[nodiscard]] VoterModel model(int voter, double accuracy, std::span<const double> shares) const {
    const double by_chance = guess(voter, shares);
    VoterModel model;
    model.copies = by_chance < 1 ? (accuracy - by_chance) / (1 - by_chance) : 0.0;
    if (index_.breadth(voter).is_constant()) {
      model.guesses.assign(shares.begin(), shares.end());
    }
    return model;
  }
  /// Pseudo-votes of the prior, and those of them that are right.
  [[nodiscard]] double prior_votes(int voter, const CoinPrior& prior) const {
    const Breadth& own = index_.breadth(voter);
    return own.is_broad(num_classes_) ? prior.votes
                                      : std::max(prior.votes, prior.narrow_share * own.unknown);
  }
  [[nodiscard]] double prior_right(int voter, const CoinPrior& prior,
                                   std::span<const double> shares) const {
    const double by_chance = guess(voter, shares);
    return prior_votes(voter, prior) * (by_chance + prior.copies * (1 - by_chance));
  }
  /// The M-step: the expected share of its votes that are right.
  [[nodiscard]] LearnedVoter learn(const VoterStep& step, const CoinPrior& prior) const {
    double right = 0;
    double votes = 0;
    for (const CastVote& vote : step.votes) {
      right += step.count(vote) * step.posterior(vote)[vote.label];
      votes += step.count(vote);
    }
    const double before = prior_votes(step.voter, prior);
    const double right_before = prior_right(step.voter, prior, step.shares);
    const double accuracy = (right + right_before) / (votes + before);
    return {model(step.voter, accuracy, step.shares),
            right_before * std::log(accuracy) + (before - right_before) * std::log(1 - accuracy)};
  }

 private:
  const VoterIndex& index_;
  int num_classes_;
};

}  // namespace kith::label_model
