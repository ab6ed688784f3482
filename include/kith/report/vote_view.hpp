/// What report.json concludes from the votes of the members.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/report/estimates.hpp"

namespace kith::report {

struct Coefficients {
  Coefficient mean_pair_agreement;
  Coefficient fleiss_kappa;
  Coefficient krippendorff_alpha;
  Coefficient gwet_ac1;
  Coefficient pabak;
  Proportion unanimous;
  Proportion no_majority;
};

struct ClassAgreement {
  std::string name;
  Count items_with_vote = 0;
  Coefficient fleiss_kappa;
};

/// first, second: indices of members.
struct PairAgreement {
  std::size_t first = 0;
  std::size_t second = 0;
  Proportion agreement;
  Coefficient cohen_kappa;
};

struct Agreement : Coefficients {
  std::optional<Count> patterns;  // none: more than max_patterns
  Count max_patterns = 0;
  std::vector<std::vector<double>> conflicts;  // empty with many classes
  std::vector<ClassAgreement> per_class;
  std::vector<PairAgreement> pairs;
};

struct GroupDiversity {
  std::optional<double> entropy;
  std::optional<double> kohavi_wolpert;
  std::optional<double> kappa;
  std::optional<double> difficulty;
  std::optional<double> generalized_diversity;
  std::optional<double> coincident_failure_diversity;
};

struct PairDiversity {
  std::size_t first = 0;
  std::size_t second = 0;
  std::optional<double> q;
  std::optional<double> rho;
  std::optional<double> disagreement;
  std::optional<double> double_fault;
  std::optional<double> kappa;
};

struct DiversityTable {
  GroupDiversity group;
  std::vector<PairDiversity> pairs;
  std::optional<std::string> reason;  // why there are no values
};

struct Diversity {
  std::optional<DiversityTable> gold;
  DiversityTable expected;
};

struct KnownAccuracy {
  std::string basis;
  Share consensus;
  std::optional<double> mean_voter;
};

/// of: "consensus", "voter" or "model"; gap: estimate minus known accuracy.
struct AccuracyEstimate {
  std::string name;
  std::string of;
  std::optional<double> value;
  std::optional<std::string> reason;
  std::string assumption;
  std::optional<double> gap;
};

struct TripletAccuracy {
  std::optional<double> value;
  std::optional<std::string> reason;
};

struct VoterAccuracy {
  std::string name;
  TripletAccuracy triplet;
  std::optional<double> dawid_skene;
  std::optional<double> known;
};

struct UnsupervisedAccuracy {
  KnownAccuracy known;
  std::vector<AccuracyEstimate> estimates;
  std::optional<double> disagreement_bound;
  std::vector<VoterAccuracy> voters;
};

/// Items of one class that a voter takes for another one.
struct Mistake {
  std::string truth;
  std::string vote;
  Count items = 0;
};

/// A rule, annotator or model of corpus.votes, as the label model sees it.
struct Rule {
  std::string name;
  Count votes = 0;
  double coverage = 0;
  double conflict = 0;
  Count alone = 0;
  Share accuracy;                            // on gold
  std::optional<double> estimated_accuracy;  // none: the majority has none
  double weight = 1;
  Count changes_without = 0;
  std::vector<Mistake> mistakes;  // the most frequent ones
};

struct LabelModelFit {
  std::string method;
  std::string reason;  // why it could not be fitted
  std::optional<double> expected_accuracy;
  std::optional<Share> accuracy;  // on gold
};

struct LabelModelChoice {
  std::string method;
  std::string why;
};

struct TriedWeight {
  double weight = 0;
  double held_out_log_loss = 0;
};

/// What an item with votes, or one of another corpus, teaches beside a seed.
struct TeachingWeight {
  double weight = 1;  // 0: nothing
  std::vector<TriedWeight> tried;
};

/// Where votes have taught the members.
struct LabelModel {
  double coverage = 0;
  std::vector<Rule> voters;
  std::vector<LabelModelFit> models;
  LabelModelChoice choice;
  std::optional<std::string> accuracy_on;  // what voters are measured with: "gold" or "seeds"
  TeachingWeight weak_seeds;
};

}  // namespace kith::report
