/// Voters that agree more often than a label model of independent voters expects.
#pragma once

#include <string>
#include <vector>

#include "kith/label_model/method.hpp"
#include "kith/label_model/vote_table.hpp"

namespace kith::label_model {

struct CorrelatedPair {
  std::int32_t a = 0;
  std::int32_t b = 0;
  Count items = 0;       // with votes of both
  double agreement = 0;  // share of these on which they agree
  double expected = 0;   // of independent voters under the model
  double z = 0;          // (agreement - expected) / sqrt(expected (1 - expected) / items)
  double phi = 0;        // (agreement - expected) / (1 - expected): 1 = always, 0 = as expected
};

/// Voters that such pairs connect.
struct CorrelatedGroup {
  std::vector<std::int32_t> voters;  // rising
  std::vector<double> weights;       // of each: 1 / (1 + the sum of its phi in the group)
  std::vector<CorrelatedPair> pairs;
};

struct CorrelatedVoters {
  std::string reason;  // why nothing is known; empty = what follows is
  std::vector<CorrelatedGroup> groups;
  std::vector<double> weights;  // of every voter, for FitOptions; 1 outside groups
  double effective_voters = 0;  // the sum of weights over voters that vote
};

struct CorrelationConfig {
  double least_z = 3;  // or more where there are many pairs: 5 % for one false pair in all
  double least_phi = 0.1;
  Count least_items = 30;  // with votes of both: z of fewer is no normal number
};

/// Pairs are those with common items; a group is a connected component of pairs beyond both limits.
/// EM takes two copies that always agree for the truth, and then expects just that. So suspects are
/// found by `triplet`, whose medians copies do not move (by a fit of `method` where it has no
/// model); then `method` is fitted with one voter of each suspect pair at weight 0, of half of the
/// voters at most, and all pairs are held against that model. Two rules for one class
/// cannot disagree, and are no pair. Copies of one voter have 1 / (their number) each. Cost: two
/// fits; pairs of votes in rows, at most 20 million, beyond which there is a reason; and K times
/// the classes of the narrower voter a pair. The same bytes with any number of threads. Does not
/// communicate. Throws Error, as Method::fit.
[[nodiscard]] CorrelatedVoters find_correlated(const VoteTable& table, const Method& method,
                                               const FitOptions& options,
                                               const CorrelationConfig& config = {});

}  // namespace kith::label_model
