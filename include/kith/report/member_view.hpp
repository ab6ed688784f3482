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
  Count sweeps = 0;
  std::string stop;
  std::optional<double> mean_residual_mass;  // of the classes that truncated rows do not keep
  std::optional<double> largest_residual_mass;
  std::vector<TraceEntry> trace;
};

/// What a head was given or has found best on the held-out seeds.
struct ChosenParameters {
  std::vector<Named<double>> parameters;
};

struct Member {
  std::string name;
  std::string source;  // "graph", "vectors", or what an external voter gives
  std::string method;  // empty of external voters, as the next two
  std::string citation;
  std::string graph;        // name of one of Graph::others, or empty
  ChosenParameters chosen;  // of a head
  std::optional<Propagation> propagation;
  double temperature = 1;
  double pool_weight = 0;
  double adds = 0;  // nats a held-out seed, of log probability
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

/// A class' share of the corpus.
struct CorpusShare {
  std::string name;
  double share = 0;
  double low = 0;
  double high = 1;
  std::optional<double> by_confusion;
};

/// What holds for the corpus, from the seeds.
struct CorpusEstimate {
  Share accuracy;
  std::string seed_design;
  std::string shares_from;      // "estimated", "seeds" or "given"
  bool weights_fitted = false;  // of the pool
  bool shares_known = false;
  std::optional<double> auto_threshold;
  std::vector<CorpusShare> shares;
};

struct Consensus {
  CorpusEstimate corpus;
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
