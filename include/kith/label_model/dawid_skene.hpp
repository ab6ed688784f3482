/// What the true labels would have to be for the votes to come out as they did.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/label_model/vote_patterns.hpp"

namespace kith::label_model {

struct DawidSkeneConfig {
  double right_votes = 2;  // pseudo-votes on the diagonal of every confusion row: they keep the
  double wrong_votes = 1;  // classes from switching places; and off it
  double class_items = 1;  // pseudo-items of every class
  int max_iterations = 200;
  double tolerance = 1e-7;          // of the bound, nats an item
  Count max_numbers = 100'000'000;  // that the fit may hold in memory, 8 bytes each
};

/// Each voter errs in its own way, independently of the others given the true class.
struct DawidSkene {
  std::string reason;             // why there is no model; empty = there is one
  std::vector<double> prior;      // K shares of the true classes
  std::vector<double> confusion;  // voters x K true x K voted; P(vote | true), abstentions left out
  std::vector<double> posteriors;  // patterns x K; P(true | votes)
  double bound = 0;                // evidence lower bound, nats
  int iterations = 0;
  bool converged = false;
  int num_classes = 0;

  [[nodiscard]] double chance(int voter, int truth, int vote) const {
    return confusion[(to_size(voter) * to_size(num_classes) + to_size(truth)) *
                         to_size(num_classes) +
                     to_size(vote)];
  }
  [[nodiscard]] std::span<const double> posterior(std::size_t pattern) const {
    return std::span{posteriors}.subspan(pattern * to_size(num_classes), to_size(num_classes));
  }
  /// Expected share of the voter's votes that are right: sum_k prior_k P(vote k | true k).
  [[nodiscard]] double expected_accuracy(int voter) const;
};

/// EM on the pattern counts from the smoothed majority (A. Dawid, A. Skene, Applied Statistics 28,
/// 1979), with Dirichlet priors. Needs three voters. The prior enters the bound once an item. Cost
/// O(patterns x voters x K) an iteration; the same result with any number of threads. Memory:
/// patterns x K + 65 voters x K x K numbers; no model where that is more than config.max_numbers.
[[nodiscard]] DawidSkene fit_dawid_skene(const PatternCounts& patterns,
                                         const DawidSkeneConfig& config = {});

/// Mean over items of the largest posterior: the accuracy of the model's own labels if it is right.
[[nodiscard]] double expected_accuracy(const PatternCounts& patterns, const DawidSkene& model);

}  // namespace kith::label_model
