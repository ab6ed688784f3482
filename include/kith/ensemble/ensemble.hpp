/// The ensemble: its members, the folds that measure them, and the consensus of all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/calibrate/isotonic.hpp"
#include "kith/calibrate/vector_scaling.hpp"
#include "kith/core/label_rows.hpp"
#include "kith/ensemble/candidates.hpp"
#include "kith/graph/graph.hpp"
#include "kith/heads/heads.hpp"
#include "kith/propagate/task.hpp"
#include "kith/qa/corpus_accuracy.hpp"

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

/// Every parameter of any head at its fallback.
[[nodiscard]] heads::FitConfig default_fit();

/// One member: labels that spread over the graph, or a head, which is a model on the vectors.
struct MemberConfig {
  std::string name;
  const heads::Method* head = nullptr;   // null: labels spread as `solver` says
  heads::FitConfig fit = default_fit();  // of a head
  propagate::SolverConfig solver;
  ClassMass class_mass = ClassMass::none;
  std::string voter;    // correct_smooth, smooth: whose probabilities they start from
  std::string graph;    // whose vectors it learns from; empty = the shared ones
  int k = 0;            // nearest neighbors of its graph; 0 = as many as there are
  std::string weights;  // of its graph's edges, as GraphConfig's; empty = as the shared graph's
  int bootstrap = 0;    // 0 = all seeds; b > 0 = the b-th resample of the seeds, class by class
  double weight =
      1;  // in the consensus; in the measures of disagreement all members count the same

  bool operator==(const MemberConfig&) const = default;
};

struct EnsembleConfig {
  std::vector<MemberConfig> members;                     // empty = default_members()
  int top_labels = 0;                                    // that a row keeps; 0 = see labels_kept()
  int folds = 5;                                         // held-out folds of the seeds; 0 = none
  qa::SeedDesign seed_design = qa::SeedDesign::unknown;  // unknown: by the counts of the seeds
  std::string prior = "estimated";  // the corpus' shares: estimated | seeds | uniform | K numbers
  ClassMass class_mass = ClassMass::none;  // of the consensus
  Calibration calibration = Calibration::temperature;
  double auto_probability = 0.9;  // share of right ones among the labels that are used as they are
  double abstain_probability = 0.4;  // below it no label is stated
  double outside_weight = 1;         // of each external voter in the consensus
  double outlier_factor = 4.0;       // mean neighbor distance over the median from which: outlier
  std::uint64_t seed = 1;
};

/// Eleven that err differently: on the graph clamped seeds (harmonic), damped walks (spreading),
/// sources and sinks (poisson) and two resamples of it; on the vectors three heads (lda,
/// softmax_regression, prototypes), each also smoothed over the graph.
[[nodiscard]] std::vector<MemberConfig> default_members();

/// Where there are class vectors but no seeds: prototypes, and the same smoothed over the graph.
[[nodiscard]] std::vector<MemberConfig> seedless_members();

/// Where there are labels of another corpus only: lda, softmax_regression, prototypes, each of them
/// smoothed, too, and nearest_seed_vectors.
[[nodiscard]] std::vector<MemberConfig> reference_members();

/// Where votes teach: spreading over short ways, poisson and two resamples of it; the three heads,
/// each also smoothed. What clamps seeds is left out: votes are often wrong.
[[nodiscard]] std::vector<MemberConfig> weak_members();

/// For rows of few labels: harmonic, spreading, poisson and a resample of each of the last two by
/// ten sweeps: the first ones are often the best (M. Douze et al., "Low-shot learning with
/// large-scale diffusion", CVPR 2018), and later ones mix what rows cannot keep; nearest-seed,
/// where seeds count from any distance; lda.
[[nodiscard]] std::vector<MemberConfig> many_class_members();

inline constexpr int kMostDenseClasses = 64;
inline constexpr int kTopLabels = 16;

/// Labels that a row of scores keeps: all `num_classes`, or `top_labels`; if that is 0, all of up
/// to 64 classes and the 16 largest of more.
[[nodiscard]] int labels_kept(const EnsembleConfig& config, int num_classes);

/// Where rows keep only some labels: takes many_class_members() in place of default_members() and
/// weak_members(), a head alone in place of seedless_members() and reference_members(), and throws
/// Error with one sentence if a member or an option needs rows of all classes. True if members were
/// replaced.
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
  double neutral_temperature = 1;  // before anything was held out
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

/// The tasks of the members that are no heads: first each member on all its seeds, then each member
/// on each fold's complement, with the seeds held out as validation nodes. weak: what a label model
/// says of nodes. A task learns from it where it has no seed, also of the nodes that are held out
/// from it: at the end items without a seed have their votes, too. Members that need no seeds start
/// from a head that has learned from it; those that take every seed at its word learn from it only
/// if there are no seeds. Nothing is measured with it.
[[nodiscard]] std::vector<propagate::Task> make_tasks(std::span<const FoldedSeed> seeds,
                                                      std::span<const propagate::NodeSeed> weak,
                                                      std::span<const MemberConfig> members,
                                                      const EnsembleConfig& config,
                                                      int num_classes);

/// What values of ensemble.prior are legal, for help and messages.
[[nodiscard]] std::string prior_range();

/// Throws Error unless ensemble.prior is a word or a list of shares, and that of all classes;
/// num_classes 0 = not known yet.
void validate_prior(const EnsembleConfig& config, int num_classes);

/// Shares of the classes that class mass aims at: of the seeds by weight, equal for all that have a
/// seed, or as listed. "estimated": those of the seeds. Without seeds all are equal.
[[nodiscard]] std::vector<double> class_prior(std::span<const FoldedSeed> seeds,
                                              const EnsembleConfig& config, int num_classes);

/// Where a member's scores come from: propagation, a head, an external voter of the corpus, or what
/// a label model makes of the corpus' votes.
enum class Source : std::uint8_t { graph, vectors, votes, probabilities, label_model };
[[nodiscard]] const char* to_string(Source source);
/// Votes and probabilities of the corpus: no fold of the seeds was kept from them.
[[nodiscard]] inline bool is_external(Source source) {
  return source != Source::graph && source != Source::vectors;
}

/// A member after propagation.
struct Member {
  MemberConfig config;
  Source source = Source::graph;
  CalibratedOutput output;
  propagate::TaskResult result;      // without its scores
  LabelRows<float> scores;           // of owned nodes
  LabelRows<float> held_out_scores;  // of seeds, in the order of FoldedSeed; zero where fold < 0
  std::map<std::string, double> chosen;  // parameters that a head was given or has chosen
};

/// The nodes of this rank among those of all.
struct NodeRange {
  const comm::Communicator* comm;
  IdRange<Position> owned;
  Count num_nodes;
};
[[nodiscard]] inline NodeRange nodes_of(const graph::Graph& graph) {
  return {&graph.comm(), graph.owned(), graph.num_nodes()};
}

/// A head as a member: its probabilities on owned nodes, and on the seeds by models that had not
/// seen them. Collective: its neutral temperature is a mean over nodes. seed: of random choices.
[[nodiscard]] Member head_member(const NodeRange& nodes, const MemberConfig& config,
                                 LabelRows<float> scores, LabelRows<float> held_out_scores,
                                 std::span<const FoldedSeed> seeds, std::uint64_t seed);

/// Joins tasks' results to members and fits each one's temperature on its held-out scores (Guo et
/// al., ICML 2017). Collective: scales and neutral temperatures are means over nodes.
[[nodiscard]] std::vector<Member> join_results(const graph::Graph& graph,
                                               std::span<const FoldedSeed> seeds,
                                               std::vector<propagate::TaskResult> results,
                                               const EnsembleConfig& config, int num_classes);

/// Fits every member's calibration on its held-out scores; voters that gave bare votes keep the
/// temperature that they have. Does not communicate.
void calibrate(std::span<Member> members, std::span<const FoldedSeed> seeds,
               Calibration calibration);

/// What members weigh in the consensus before anything is held out, in configured weights: those of
/// one origin (resamples, a head and what smooths it) as much as the heaviest of them.
[[nodiscard]] double total_weight(std::span<const Member> members);

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

/// The members' joint opinion of each held-out seed, from tasks that had not seen it, at weights
/// and temperatures fitted without its fold: nothing here has looked at the seed's label.
struct HeldOutPredictions {
  std::vector<Label> truth;                             // one a held-out seed
  std::vector<std::vector<Label>> member_votes;         // [member][seed]
  std::vector<LabelRows<double>> member_probabilities;  // [member], of seeds, calibrated
  std::vector<LabelRows<double>> raw_probabilities;     // [member], of seeds, uncalibrated
  std::vector<double> added;  // [member]: mean log probability of the truth by the consensus less
                              // that without the member, before classes are balanced
  std::vector<double> sureness;  // of seeds: the members' mean largest probability
  std::vector<Label> consensus;
  LabelRows<double> of_seeds;       // of seeds, of the consensus under the seeds' class shares
  LabelRows<double> probabilities;  // of seeds, of the consensus: of_seeds, balanced
  LabelRows<double> raw_pool;       // of the members' uncalibrated ones, at configured weights
};
/// Before classes are balanced.
[[nodiscard]] HeldOutPredictions predict_held_out(std::span<const FoldedSeed> seeds,
                                                  std::span<const Member> members);
/// Multiplies the classes of the consensus.
void balance_held_out(std::span<const double> class_factors, HeldOutPredictions& held_out);

/// The consensus of all members on every owned node.
struct Consensus {
  std::vector<Label> labels;         // none where abstaining or unreachable
  std::vector<Label> best;           // most probable class whatever the status; none if unreachable
  std::vector<float> probabilities;  // of `best`; 1 for seeds
  std::vector<Status> statuses;
  std::vector<std::int32_t> votes;       // nodes x members, -1 = abstains
  LabelRows<float> distributions;        // of nodes: the members' pool, calibrated, balanced
  std::vector<double> member_weights;    // in the pool
  bool fits_weights = false;             // from held-out seeds; else as configured
  qa::ClassShares shares;                // of the corpus
  std::vector<double> class_factors;     // K: what balances it; 1 where nothing is pulled
  double temperature = 1;                // of the pool, from the held-out seeds
  std::optional<double> auto_threshold;  // of the probability; none: no label is used as it is
  qa::AccuracyEstimate accuracy;         // of the corpus
  HeldOutPredictions held_out;
  std::vector<float> vote_entropy;  // nats, of the votes
  std::vector<float> bald;          // nats, mutual information (Houlsby 2011)
  std::vector<float> margin;        // best minus second probability of the pool
};

/// What consensus needs beside the members. neighbor_distance: mean distance of each owned node to
/// its neighbors; typical_distance: its median over the corpus.
struct ConsensusInputs {
  std::span<const FoldedSeed> seeds;
  std::span<const float> neighbor_distance;
  double typical_distance = 0;
  int num_classes = 0;
  int top_labels = num_classes;  // that a row of the consensus keeps
  /// Where the members learned from something else than seeds: the classes' shares there, K, or
  /// empty; and what is known of those of the corpus.
  std::span<const double> learned_shares{};
  const qa::ClassShares* shares = nullptr;
};

/// Collective. The logarithmic pool of the members' calibrated probabilities at weights, shifts and
/// a temperature fitted on held-out seeds (qa::LogPool). Probabilities then hold for the seeds'
/// class shares; they are multiplied by the corpus' shares over these (M. Saerens et al., Neural
/// Computation 14, 2002), or balanced by the configured class mass. Labels are used as they are
/// from a probability on from which enough of the held-out seeds, weighted as the corpus, are
/// right. Seeds keep their given label.
[[nodiscard]] Consensus form_consensus(const graph::Graph& graph, std::span<const Member> members,
                                       const ConsensusInputs& inputs, const EnsembleConfig& config);

}  // namespace kith::ensemble
