/// What report.json says of the members and their consensus.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/report/estimates.hpp"

namespace kith::report {

struct ReliabilityBin {
  double mean_confidence = 0;
  Proportion accuracy;
};

/// How well probabilities of held-out seeds agree with their labels.
struct Calibration {
  Count items = 0;
  double nll = 0;
  double nll_low = 0;
  double nll_high = 0;
  double brier = 0;
  double brier_low = 0;
  double brier_high = 0;
  double ece = 0;
  double ece_equal_mass = 0;
  double rms_debiased = 0;
  std::vector<ReliabilityBin> reliability;
  std::vector<ReliabilityBin> reliability_equal_mass;
};

/// One check of a propagation; held_out: share of held-out seeds that are right.
struct TraceEntry {
  Count sweep = 0;
  std::optional<double> residual;
  std::optional<double> flips;
  std::optional<double> held_out;
  std::optional<double> energy;
};

/// What only members on a graph have.
struct Propagation {
  std::string method;
  std::string citation;
  std::string graph;  // name of one of Graph::others, or empty
  Count sweeps = 0;
  std::string stop;
  std::optional<double> mean_residual_mass;  // of the classes that truncated rows do not keep
  std::optional<double> largest_residual_mass;
  std::vector<TraceEntry> trace;
};

struct Member {
  std::string name;
  std::string source;  // "graph", or what an external voter gives
  std::optional<Propagation> propagation;
  double temperature = 1;
  Proportion held_out;
  std::optional<Proportion> gold;
  Calibration calibration_before;
  Calibration calibration_after;
};

struct ClassAccuracy {
  std::string name;
  Proportion precision;
  Proportion recall;
  std::optional<double> f1;
};

/// confusion: row = true class; the last column counts items without a label; absent with many
/// classes.
struct Accuracy {
  Proportion accuracy;
  std::vector<ClassAccuracy> per_class;
  std::optional<std::vector<std::vector<double>>> confusion;
};

struct HeldOut : Accuracy {
  Share accuracy_without_noise;
  Calibration calibration_before;
  Calibration calibration_after;
};

/// all: every status in its order, those with a member of their own too.
struct StatusCounts {
  Count automatic = 0;
  Count review = 0;
  Count abstain = 0;
  Count unreachable = 0;
  std::vector<Named<Count>> all;
};

struct Consensus {
  std::vector<double> class_counts;
  StatusCounts status_counts;
  Histogram probability_histogram;
  Histogram vote_entropy_histogram;
  Histogram bald_histogram;
  HeldOut held_out;
  std::optional<Accuracy> gold;
  std::optional<Accuracy> gold_auto;  // of items whose status is auto
};

}  // namespace kith::report
