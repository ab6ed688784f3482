/// Which label model to use, as the data say.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/label_model/method.hpp"
#include "kith/label_model/vote_table.hpp"

namespace kith::label_model {

struct Candidate {
  std::string method;
  std::string reason;  // why it has no number; empty = it has one
  /// By known items: their log-loss, nats an item, smaller is better. Else: the log-likelihood of
  /// held-out votes, nats an item with votes, larger is better.
  double held_out = 0;
  double standard_error = 0;
  double gain = 0;        // how much better than the reference, nats an item
  double gain_error = 0;  // its standard error, from the differences item by item
};

struct Choice {
  std::string method;     // empty: no candidate can be fitted
  std::string reference;  // what a model must surely be better than
  std::string why;        // a sentence
  bool by_known = false;
  Count items = 0;                    // that were held out, once each
  std::vector<Candidate> candidates;  // in the order given
};

/// Known items with votes from which on models are compared by them: standard errors of a log-loss
/// are then some 0.1 nats, about what models differ by.
inline constexpr Count kEnoughKnownItems = 50;
inline constexpr int kChoiceFolds = 5;

/// So many votes in different rows that one fold decides as well as five.
[[nodiscard]] inline bool has_many_votes(const VoteTable& table) {
  constexpr Count kManyVotes = 1'000'000;
  return count_of(table.votes) > kManyVotes;
}

/// By known items, 5-fold: the class of a fold is hidden while the model is fitted. The reference
/// is majority or weighted_majority, whichever is better; a model must be better by more than one
/// standard error. Shares of votes are smoothed by one vote spread evenly.
/// With fewer: 5 folds of items, and how likely their votes are, each over the classes that its
/// voter ever votes: a rule for one class adds nothing, and no model wins by knowing who votes
/// what. The reference is one_coin; another must be better by more than two standard errors. The
/// majority says nothing of votes; it is chosen where there is no one_coin. Items fall into folds
/// by row and number, so that results are the same on every rank and with any number of threads.
/// Cost: 5 fits a candidate, one with many votes. Does not communicate. candidates empty: all
/// methods.
[[nodiscard]] Choice choose_method(const VoteTable& table,
                                   std::span<const Method* const> candidates,
                                   const FitOptions& options);

}  // namespace kith::label_model
