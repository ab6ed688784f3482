/// The ensemble: its members, the folds that measure them, and the consensus of all.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/calibrate/isotonic.hpp"
#include "kith/calibrate/vector_scaling.hpp"
#include "kith/core/label_rows.hpp"
#include "kith/ensemble/candidates.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/task.hpp"

namespace kith::ensemble {

enum class ClassMass {
  none,
  normalize,  // CMN: Zhu, Ghahramani, Lafferty 2003, section 4
  bidding,    // label bidding: Zhu, Ghahramani 2002, section 2.5
  volume,     // volume projection: GraphLearning (Calder)
};
[[nodiscard]] const char* to_string(ClassMass class_mass);

/// What makes a member's probabilities true; fitted on its held-out scores.
enum class Calibration {
  temperature,  // one number: C. Guo et al., ICML 2017, section 4.2
  vector,       // a scale and a shift of each class' logit: the same, section 4.2
  isotonic,     // a monotone map of each class' probability: B. Zadrozny, C. Elkan, KDD 2002
};
[[nodiscard]] const char* to_string(Calibration calibration);

/// One voter made from the graph.
struct MemberConfig {
  std::string name;
  propagate::SolverConfig solver;
  ClassMass class_mass = ClassMass::none;
  std::string voter;    // correct_smooth: whose probabilities are corrected
  std::string graph;    // that its labels spread on; empty = the shared one
  int k = 0;            // nearest neighbors of its graph; 0 = as many as there are
  std::string weights;  // of its graph's edges, as GraphConfig's; empty = as the shared graph's
  int bootstrap = 0;    // 0 = all seeds; b > 0 = the b-th resample of the seeds, class by class
  double weight =
      1;  // in the consensus; in the measures of disagreement all members count the same

  bool operator==(const MemberConfig&) const = default;
};

struct EnsembleConfig {
  std::vector<MemberConfig> members;  // empty = default_members()
  int top_labels = 0;                 // that a row keeps; 0 = see labels_kept()
  int folds = 5;                      // held-out folds of the seeds; 0 = none
  std::string prior =
      "seeds";  // class shares for class mass: seeds | uniform | estimated | K numbers
  ClassMass class_mass = ClassMass::normalize;  // of the consensus
  Calibration calibration = Calibration::temperature;
  double auto_probability = 0.9;     // consensus probability from which a label is used as it is
  double abstain_probability = 0.4;  // below it no label is stated
  double outside_weight = 1;         // of each external voter in the consensus
  double outlier_factor = 4.0;       // mean neighbor distance over the median from which: outlier
  std::uint64_t seed = 1;
};

/// Eight that err differently, chosen for what they are and not by their accuracy on any corpus:
/// clamped seeds (harmonic), damped walks (spreading), walks that give up where the graph is dense
/// (adsorption), sources and sinks (poisson), a correction for few seeds (wnll), paths instead of
/// averages (nearest-seed), and two resamples of the seeds.
[[nodiscard]] std::vector<MemberConfig> default_members();

/// Those of default_members() that have a form for rows of few labels, by ten sweeps: the first
/// ones are often the best (M. Douze et al., "Low-shot learning with large-scale diffusion", CVPR
/// 2018), and later ones mix what rows cannot keep. Seeds count from any distance.
[[nodiscard]] std::vector<MemberConfig> many_class_members();

inline constexpr int kMostDenseClasses = 64;
inline constexpr int kTopLabels = 16;

/// Labels that a row of scores keeps: all `num_classes`, or `top_labels`; if that is 0, all of up
/// to 64 classes and the 16 largest of more.
[[nodiscard]] int labels_kept(const EnsembleConfig& config, int num_classes);

/// Where rows keep only some labels: takes many_class_members() in place of default_members(), and
/// throws Error with one sentence if a member or an option needs rows of all classes. True if
/// members were replaced.
bool fit_to_classes(EnsembleConfig& config, int num_classes);

/// Throws Error with one sentence.
void validate(const EnsembleConfig& config);

/// What an item's label is. The numbers are those of labels.h5.
enum class Status : std::uint8_t {
  automatic = 0,
  seed = 1,
  review = 2,
  abstain = 3,
  unreachable = 4,
  outlier = 5,
  duplicate = 6,
};
inline constexpr int kNumStatuses = 7;
[[nodiscard]] const char* to_string(Status status);

/// A class without a score still has a chance: logits stay finite.
inline constexpr double kSmallestScore = 1e-9;

/// How a member's scores become probabilities: softmax(logits / temperature) with the logits
/// log(score * factor) of distributions, score * factor of potentials. Vector scaling takes the
/// place of the temperature; isotonic maps come after it, p = (n map(q) + q) / (n + 1) with q the
/// softmax and n the items that the maps were fitted on: no class gets 0, and equal values of a map
/// keep their order. Rows may be sparse; vector and isotonic need dense ones.
struct CalibratedOutput {
  bool takes_log = true;
  ClassFactors factors;  // class mass and scale
  double temperature = 1;
  Calibration calibration = Calibration::temperature;
  calibrate::VectorScaling vector{};          // if calibration is vector
  calibrate::IsotonicCalibration isotonic{};  // if it is isotonic
  Count fitted_items = 0;                     // known labels that the calibration rests on

  /// Writes a logit a column at temperature 1. False (and zeros) where no label came.
  bool logits(const LabelRow<float>& scores, const Candidates& columns,
              std::span<double> out) const;
  /// Writes softmax(logits / temperature).
  void soften(const Candidates& columns, std::span<const double> logits,
              std::span<double> out) const;
  /// Writes a probability a column, of each class that it stands for. False (and zeros) where no
  /// label came.
  bool probabilities(const LabelRow<float>& scores, const Candidates& columns,
                     std::span<double> out) const;
};

/// A seed's node with everything the folds need; sorted by node, one entry a (node, label).
struct FoldedSeed {
  propagate::NodeSeed seed;
  int fold = -1;  // -1 = never held out: its class has too few seeds
};

/// Deals the seeds of each class to folds in the order of their hashes, so that every fold has its
/// share of every class. Seeds on the same node share a fold. Classes with one seeded node are
/// never held out, and neither are the nodes of `soft`, whose labels are not sure: nothing can be
/// measured with them.
[[nodiscard]] std::vector<FoldedSeed> deal_folds(std::span<const propagate::NodeSeed> seeds,
                                                 std::span<const Position> soft,
                                                 const EnsembleConfig& config);

/// The tasks of all members: first each member on all its seeds, then each member on each fold's
/// complement, with the seeds held out as validation nodes.
[[nodiscard]] std::vector<propagate::Task> make_tasks(std::span<const FoldedSeed> seeds,
                                                      std::span<const MemberConfig> members,
                                                      const EnsembleConfig& config,
                                                      int num_classes);

/// What values of ensemble.prior are legal, for help and messages.
[[nodiscard]] std::string prior_range();

/// Throws Error unless ensemble.prior is a word or a list of shares, and that of all classes;
/// num_classes 0 = not known yet.
void validate_prior(const EnsembleConfig& config, int num_classes);

/// Shares of the classes that class mass aims at: of the seeds by weight, equal for all that have a
/// seed, or as listed. "estimated": those of the seeds, from which the estimate starts.
[[nodiscard]] std::vector<double> class_prior(std::span<const FoldedSeed> seeds,
                                              const EnsembleConfig& config, int num_classes);

/// Where a member's scores come from: propagation, or an external voter of the corpus.
enum class Source : std::uint8_t { graph, votes, probabilities };
[[nodiscard]] const char* to_string(Source source);

/// A member after propagation.
struct Member {
  MemberConfig config;
  Source source = Source::graph;
  CalibratedOutput output;
  propagate::TaskResult result;      // without its scores
  LabelRows<float> scores;           // of owned nodes
  LabelRows<float> held_out_scores;  // of seeds, in the order of FoldedSeed; zero where fold < 0
};

/// Joins tasks' results to members and fits each one's temperature on its held-out scores (Guo et
/// al., ICML 2017). Collective: the scale of potentials is a mean over all nodes.
[[nodiscard]] std::vector<Member> join_results(const graph::Graph& graph,
                                               std::span<const FoldedSeed> seeds,
                                               std::vector<propagate::TaskResult> results,
                                               const EnsembleConfig& config, int num_classes);

/// Fits every member's calibration on its held-out scores; voters that gave bare votes keep the
/// temperature that they have. Does not communicate.
void calibrate(std::span<Member> members, std::span<const FoldedSeed> seeds,
               Calibration calibration);

/// What an external voter says. scores: of owned nodes, its probabilities or one-hot votes, zero
/// where it abstains; on_seeds: the same in the order of the seeds.
struct ExternalVoter {
  std::string name;
  Source source = Source::votes;
  LabelRows<float> scores;
  LabelRows<float> on_seeds;
};

/// An external voter as a member, calibrated on the seeds: probabilities by temperature (Guo et
/// al., ICML 2017), votes by the share of the seeds on which they are right, by the rule of
/// succession, the rest spread evenly (the one-coin model of Dawid and Skene, 1979). It takes part
/// like any other member, but no fold of the seeds is kept from it: where it has learned from the
/// seeds, its held-out accuracy is too high. Does not communicate.
[[nodiscard]] Member external_member(ExternalVoter voter, std::span<const FoldedSeed> seeds,
                                     int num_classes, double weight);

/// The consensus of all members on every owned node.
struct Consensus {
  std::vector<Label> labels;         // none where abstaining or unreachable
  std::vector<Label> best;           // most probable class whatever the status; none if unreachable
  std::vector<float> probabilities;  // of `best`; 1 for seeds
  std::vector<Status> statuses;
  std::vector<std::int32_t> votes;    // nodes x members, -1 = abstains
  LabelRows<float> distributions;     // of nodes: the members' mean, balanced, calibrated
  std::vector<double> class_factors;  // K: what balances it; 1 without class mass
  double temperature = 1;             // of the balanced mean, from the held-out seeds
  std::vector<float> vote_entropy;    // nats, of the votes
  std::vector<float> bald;            // nats, mutual information (Houlsby 2011)
  std::vector<float> margin;          // best minus second probability of the mean
};

/// What consensus needs beside the members. neighbor_distance: mean distance of each owned node to
/// its neighbors; typical_distance: its median over the corpus.
struct ConsensusInputs {
  std::span<const FoldedSeed> seeds;
  std::span<const float> neighbor_distance;
  double typical_distance = 0;
  int num_classes = 0;
  int top_labels = num_classes;  // that a row of the consensus keeps
};

/// Collective. Weighted mean of the members' calibrated probabilities, its classes balanced towards
/// the prior (class-mass normalization of the mean), then at the temperature that fits the held-out
/// seeds: the mean of calibrated members is less sure than it could be (R. Rahaman, A. Thiery,
/// "Uncertainty quantification and deep ensembles", NeurIPS 2021). Seeds keep their given label.
[[nodiscard]] Consensus form_consensus(const graph::Graph& graph, std::span<const Member> members,
                                       const ConsensusInputs& inputs, const EnsembleConfig& config);

/// The members' joint opinion of each held-out seed, from tasks that had not seen it, at
/// temperatures fitted without its fold: nothing here has looked at the seed's label.
struct HeldOutPredictions {
  std::vector<Label> truth;                             // one a held-out seed
  std::vector<std::vector<Label>> member_votes;         // [member][seed]
  std::vector<LabelRows<double>> member_probabilities;  // [member], of seeds, calibrated
  std::vector<LabelRows<double>> raw_probabilities;     // [member], of seeds, uncalibrated
  std::vector<Label> consensus;
  LabelRows<double> probabilities;  // of seeds, of the consensus
  LabelRows<double> raw_mean;       // of the members' uncalibrated probabilities
};
/// class_factors: those of the consensus.
[[nodiscard]] HeldOutPredictions predict_held_out(std::span<const FoldedSeed> seeds,
                                                  std::span<const Member> members,
                                                  std::span<const double> class_factors);

}  // namespace kith::ensemble
