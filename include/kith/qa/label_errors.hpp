/// Which given labels are wrong: confident learning (C. Northcutt, L. Jiang, I. Chuang, "Confident
/// learning: estimating uncertainty in dataset labels", JAIR 70, 2021, section 3).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/label_rows.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {

using Matrix = std::vector<std::vector<double>>;

/// This rank's share of the items whose labels are in question; every item is at one rank only.
struct GivenLabels {
  std::span<const GlobalId> ids;
  std::span<const Label> given;          // none: the item is left out
  std::span<const float> probabilities;  // items x K, by models that have not seen the item's label
  int num_classes = 0;
  /// P(label is wrong), as calibrate::suspect_labels() gives it: for the filter likely_wrong, and
  /// for the joint.
  std::span<const double> wrong = {};

  [[nodiscard]] std::span<const float> row(std::size_t item) const {
    return probabilities.subspan(item * to_size(num_classes), to_size(num_classes));
  }
};

/// How given and true classes occur together. Matrices are [given][true] unless they say otherwise.
struct ConfidentJoint {
  Count items = 0;
  std::vector<Count> given;        // items a given class
  std::vector<double> thresholds;  // mean p_k of the items given k; infinite if there are none
  std::vector<std::vector<Count>> counts;  // items given i that are confidently j
  Matrix calibrated;                       // counts, weighed, scaled so that row i sums to given[i]
  Matrix joint;                            // calibrated / items
  Matrix noise;                            // P(given i | true j); a column sums to 1
  Matrix inverse_noise;                    // P(true j | given i); a row sums to 1
  std::vector<double> true_shares;         // of the true classes
};

/// What an item that is confidently another class counts off the diagonal.
enum class Weighing {
  whole,      // 1: the paper's
  by_chance,  // labels.wrong, and the rest on the diagonal
};

/// Collective. An item counts as confidently j if j has the largest probability *among* the classes
/// whose threshold it reaches (within 1e-6), ties to the smaller class. A given class without any
/// confident item keeps its labels: all its mass is put on the diagonal. Cost O(items K).
///
/// The paper takes every item off the diagonal for a wrong label, also where it is the models that
/// err: of models that are right on 79 % of the items, two of three labels so found are right.
/// by_chance takes the models' errors out of `calibrated` and of all that follows from it; `counts`
/// and `thresholds` are the paper's.
[[nodiscard]] ConfidentJoint confident_joint(const comm::Communicator& comm,
                                             const GivenLabels& labels,
                                             Weighing weighing = Weighing::whole);

/// Section 3.3 of the paper, the plain ranking, and a model of the noise.
enum class LabelErrorFilter {
  predicted_neq_given,  // the largest probability is another class's
  confident_learning,   // off the diagonal of the counts; the paper's, with any weighing
  prune_by_class,       // in class i as many as its row has off the diagonal: lowest p_i
  prune_by_noise_rate,  // for every (i, j) as many as calibrated[i][j]: largest p_j - p_i
  both,                 // chosen by both prunings
  low_self_confidence,  // of all items as many as the joint has off the diagonal: lowest p_given
  likely_wrong,         // more likely wrong than right by calibrate::fit_label_noise()
};

/// Does a filter need a table of class by class?
[[nodiscard]] bool needs_class_tables(LabelErrorFilter filter);

/// Collective. One flag an item of this rank: 1 = the label is taken for an error. Exact at any
/// number of ranks; equal keys are cut by hash(seed, id). Cost O(items K), in up to K selections.
[[nodiscard]] std::vector<std::uint8_t> find_label_errors(const comm::Communicator& comm,
                                                          const GivenLabels& labels,
                                                          const ConfidentJoint& joint,
                                                          LabelErrorFilter filter,
                                                          std::uint64_t seed);

/// How trustworthy the labels of one class are.
struct ClassHealth {
  Count given = 0;
  Count flagged = 0;              // by the filter
  std::optional<double> quality;  // P(true k | given k)
  std::optional<double> noise;    // 1 - quality
  std::optional<double> missed;   // P(given other | true k), the inverse noise
};
struct LabelHealth {
  Proportion flagged;  // of all items; health = 1 - its value
  std::vector<ClassHealth> classes;
};
/// Collective. flags: of find_label_errors.
[[nodiscard]] LabelHealth measure_label_health(const comm::Communicator& comm,
                                               const GivenLabels& labels,
                                               const ConfidentJoint& joint,
                                               std::span<const std::uint8_t> flags);

/// Two classes and how much of the corpus is given one while it is the other.
struct ClassOverlap {
  Label first;
  Label second;
  double share = 0;  // joint[first][second] + joint[second][first]
};
/// All pairs with a positive share, largest first; equal ones in order of (first, second).
[[nodiscard]] std::vector<ClassOverlap> overlapping_classes(const ConfidentJoint& joint);

/// Scores of one given label in [0, 1], low = suspicious (J. Kuan, J. Mueller, "Model-agnostic
/// label quality scoring to detect real-world label errors", ICML DataPerf 2022). row:
/// probabilities.
[[nodiscard]] double self_confidence(const LabelRow<float>& row, Label given);
/// (p_given - max of the others + 1) / 2.
[[nodiscard]] double normalized_margin(const LabelRow<float>& row, Label given);
/// ln(1 + c) / c with c = (entropy / ln K) / p_given; 1 as c goes to 0, 0 where p_given is 0.
[[nodiscard]] double confidence_weighted_entropy(const LabelRow<float>& row, Label given);

}  // namespace kith::qa
