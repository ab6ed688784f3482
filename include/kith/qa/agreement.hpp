/// How far voters agree, from the histogram of their vote patterns. All numbers are exact functions
/// of integer counts taken in pattern order: the same at any number of ranks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/label_model/vote_patterns.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {

/// A statistic with its 95 % interval and what it rests on. No value where it is undefined.
struct Estimate {
  std::optional<double> value;
  std::optional<Interval> interval;
  Count items = 0;
  std::string reason;  // why there is no value
};

/// What one voter does beside the others (A. Ratner et al., VLDB 2017; the definitions of Snorkel's
/// LFAnalysis): shares of all items on which it votes; votes and so does another; votes while any
/// two votes differ.
struct VoterSummary {
  double coverage = 0;
  double overlap = 0;
  double conflict = 0;
};

/// Two voters on the items on which both vote.
struct PairAgreement {
  int first = 0;
  int second = 0;
  Count both = 0;
  Count same = 0;
  Estimate kappa;  // J. Cohen, 1960; interval: J. Fleiss, J. Cohen, B. Everitt, 1969
};

struct Agreement {
  std::vector<VoterSummary> voters;
  std::vector<PairAgreement> pairs;           // first < second, in order
  Count pairable_votes = 0;                   // on items with two votes or more
  Estimate mean_pair_agreement;               // items with two votes or more, weighed equally
  Estimate fleiss;                            // J. Fleiss, 1971; items weighed equally
  Estimate krippendorff;                      // nominal alpha, missing votes allowed
  Estimate gwet_ac1;                          // K. Gwet, 2008
  Estimate pabak;                             // (K p - 1) / (K - 1), T. Byrt et al., 1993
  std::vector<Estimate> class_kappas;         // Fleiss' kappa of each class against the rest; with
                                              // more than kTableClasses classes without intervals
  Proportion no_majority;                     // of items with a vote: largest class under half
  Proportion unanimous;                       // of items with two votes or more
  double mean_vote_entropy = 0;               // nats, over items with a vote
  std::vector<std::vector<Count>> conflicts;  // [k][l]: items on which both classes got votes;
                                              // with more than kTableClasses classes empty
};

/// bootstrap_draws: Poisson(1) resamples of the pattern counts behind the intervals (percentiles).
/// Without any, and where patterns x draws exceed 3e7, the intervals are normal ones from the
/// linearized variance, to which the bootstrap's tends.
[[nodiscard]] Agreement measure_agreement(const label_model::PatternCounts& patterns,
                                          int bootstrap_draws, std::uint64_t seed);

/// Collective. The same from rows themselves, in two passes and without a histogram: for votes with
/// more patterns than label_model::try_count_patterns() holds. votes: this rank's items x
/// num_voters, -1 = abstains. Intervals from the linearized variance. The same at any number of
/// ranks.
[[nodiscard]] Agreement stream_agreement(const comm::Communicator& comm,
                                         std::span<const std::int32_t> votes, int num_voters,
                                         int num_classes);

}  // namespace kith::qa
