// What a method is asked for.
#pragma once

#include "kith/label_model/method.hpp"

#include "label_model/voter_index.hpp"

namespace kith::label_model {

struct Task {
  const VoteTable& table;
  const VoterIndex& index;
  const FitOptions& options;
  const MethodFacts& facts;

  [[nodiscard]] double parameter(const Parameter& parameter) const;
  /// The class shares that are given, else even.
  [[nodiscard]] std::vector<double> first_prior() const;
  [[nodiscard]] bool learns_prior() const { return options.prior.empty() && index.tells_shares(); }
  /// Why there is no model: agreement says who is right only among three. Empty: there may be one.
  [[nodiscard]] std::string missing_voters(const char* who) const;
};

}  // namespace kith::label_model
