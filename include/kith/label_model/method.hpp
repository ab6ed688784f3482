/// Label models: what the true labels would have to be for the votes to come out as they did. One
/// object a method: configuration, help, citation and report follow from it. To add one: its file
/// under src/label_model/methods/, its line in the registry (methods/registry.cpp).
///
/// Nothing here communicates: every rank holds the table, and gets the same bytes with any number
/// of threads.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/parameter.hpp"
#include "kith/core/types.hpp"
#include "kith/label_model/vote_table.hpp"

namespace kith::label_model {

/// How a voter's votes depend on the true class, in one of two forms.
/// Coin: it copies the truth with probability `copies`, and draws from `guesses` otherwise:
///   P(l | k) = copies [l = k] + (1 - copies) guesses[l]; copies < 0 is a voter below chance.
/// Table: P(l | k) as it is. Abstentions are left out of both: P is of votes that were cast.
struct VoterModel {
  double copies = 0;
  std::vector<double> guesses = {};        // K; empty: even
  std::vector<double> table = {};          // K true x K voted; empty: the coin
  std::vector<std::int32_t> classes = {};  // P is of these only; rising; empty: of all classes
  double weight = 1;  // of its log-likelihood, 0 to 1: less for voters that repeat others

  /// At least kLeastChance, so that no vote makes a class impossible.
  [[nodiscard]] double chance(int num_classes, int truth, int vote) const;
  /// Expected share of its votes that are right: sum_k prior_k P(k | k).
  [[nodiscard]] double expected_accuracy(std::span<const double> prior) const;
  /// Adds weight log P(vote | k) to the sum of each class k. Cost O(K), times its classes if it
  /// has a list of them.
  void add_log_chances(std::int32_t vote, std::span<double> sums) const;
};

inline constexpr double kLeastChance = 1e-12;

/// What a method learns from; seen by methods only.
struct Task;

/// A label model that has been fitted.
struct FittedModel {
  std::string method = {};
  std::string reason = {};         // why there is no model; empty = there is one
  std::vector<double> prior = {};  // K shares of the true classes
  std::vector<VoterModel> voters = {};
  /// voters x K, P(votes | k): how likely a voter votes on an item of the class; a vote counts with
  /// it too. Empty: whether a voter votes says nothing.
  std::vector<double> propensities = {};
  bool abstentions_count = false;  // then a vote that is not cast counts with 1 - propensity
  bool is_majority = false;        // posteriors are the shares of the votes, voters count alike
  bool learns_prior = false;       // the shares come from the votes; else they are given, or even
  /// Log-likelihood of the votes that were cast, given who voted, known classes included; nats.
  double log_likelihood = 0;
  int iterations = 0;
  bool converged = true;

  [[nodiscard]] int num_classes() const { return static_cast<int>(prior.size()); }
  /// Call once after the fields above have been set or read: what posterior() adds up from.
  void prepare();
  /// P(true class | these votes), K numbers that sum to 1; the prior where nobody votes and
  /// abstentions do not count. Cost O(K) a vote.
  void posterior(std::span<const Vote> votes, std::span<double> out) const;

 private:
  std::vector<double> base_ = {};  // log prior and, where they count, all abstentions
};

struct FitOptions {
  std::vector<double> prior = {};          // K class shares, where they are known; empty: learned
                                           // where votes can tell them, else even
  std::vector<double> voter_weights = {};  // one a voter, 0 to 1; empty: 1
  std::map<std::string, double> parameters = {};  // by name; others have their fallback; those of
                                                  // other methods do not count
  bool informative_abstention = false;            // learn from whether a voter votes
  Count max_numbers = 100'000'000;                // that a fit may hold in memory, 8 bytes each
};

struct MethodFacts {
  std::string name;      // in configurations, files and reports
  std::string citation;  // as a methods section names it
  std::vector<Parameter> parameters = {};
};

class Method {
 public:
  explicit Method(MethodFacts facts);
  virtual ~Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;

  [[nodiscard]] const MethodFacts& facts() const { return facts_; }
  [[nodiscard]] const std::string& name() const { return facts_.name; }
  [[nodiscard]] bool takes(std::string_view parameter) const;

  /// Rows whose class is known are clamped to it; gold is not looked at. Uses the threads of
  /// parallel_for. Throws Error for options that do not fit the table. A model that cannot be (too
  /// few voters, no votes, too large) says so in its reason.
  [[nodiscard]] FittedModel fit(const VoteTable& table, const FitOptions& options) const;

 private:
  [[nodiscard]] virtual FittedModel learn(const Task& task) const = 0;

  MethodFacts facts_;
};

/// All methods, in the order of their names in help texts, majority first.
[[nodiscard]] std::span<const Method* const> methods();
/// What all methods take, each parameter once.
[[nodiscard]] std::vector<Parameter> all_parameters();
/// nullptr: there is none of that name.
[[nodiscard]] const Method* find_method(std::string_view name);

}  // namespace kith::label_model
