#include "statistics/unsupervised_accuracy.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/core/exact_sum.hpp"
#include "kith/qa/accuracy.hpp"

#include "statistics/audit_accuracy.hpp"
#include "statistics/consensus_summary.hpp"
#include "statistics/json_forms.hpp"
#include "statistics/member_summary.hpp"
#include "statistics/voter_agreement.hpp"
#include "statistics/voter_diversity.hpp"

namespace kith::statistics {
namespace {

/// Largest probabilities of the held-out seeds' consensus, in the corpus' precision, and whether
/// their labels are right.
struct Confidences {
  std::vector<double> values;
  std::vector<std::uint8_t> is_right;

  [[nodiscard]] double mean() const {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  }
  [[nodiscard]] double accuracy() const {
    return static_cast<double>(std::count(is_right.begin(), is_right.end(), std::uint8_t{1})) /
           static_cast<double>(is_right.size());
  }
};

Confidences held_out_confidences(const ensemble::HeldOutPredictions& held_out) {
  Confidences confidences;
  for (std::size_t i = 0; i < held_out.truth.size(); ++i) {
    if (!held_out.consensus[i].is_none()) {
      const double p = held_out.probabilities[i][held_out.consensus[i]];
      confidences.values.push_back(double{static_cast<float>(p)});
      confidences.is_right.push_back(held_out.consensus[i] == held_out.truth[i] ? 1 : 0);
    }
  }
  return confidences;
}

/// Shares of the voters' votes for each class on the held-out seeds on which any votes, with the
/// true labels.
struct VoteShares {
  LabelRows<double> shares;
  std::vector<Label> truth;
};

/// Adds a row of values / cast.
void append(const std::map<Label, double>& values, double cast, LabelRows<double>& rows) {
  std::vector<double> dense(rows.is_dense() ? to_size(rows.num_classes) : 0, 0.0);
  std::vector<double> named;
  std::vector<Label> labels;
  for (const auto& [label, value] : values) {
    if (rows.is_dense()) {
      dense[to_size(label)] = value / cast;
    } else {
      named.push_back(value / cast);
      labels.push_back(label);
    }
  }
  rows.append(rows.is_dense() ? dense_row<double>(dense)
                              : LabelRow<double>{named, labels, 0.0, rows.num_classes});
}

VoteShares held_out_shares(const ensemble::HeldOutPredictions& held_out) {
  // A row has as many classes as there are voters at most.
  const auto most = static_cast<int>(held_out.member_votes.size());
  VoteShares result;
  result.shares = LabelRows<double>{held_out.probabilities.num_classes, most};
  for (std::size_t i = 0; i < held_out.truth.size(); ++i) {
    std::map<Label, double> shares;
    double cast = 0;
    for (const std::vector<Label>& votes : held_out.member_votes) {
      if (!votes[i].is_none()) {
        ++shares[votes[i]];
        ++cast;
      }
    }
    if (cast > 0) {
      append(shares, cast, result.shares);
      result.truth.push_back(held_out.truth[i]);
    }
  }
  return result;
}

/// Items of the corpus that no seed labels: how many, how probable, how many from a threshold on.
struct CorpusConfidence {
  Count items = 0;
  Count above = 0;
  double mean = 0;
};

/// Collective.
CorpusConfidence corpus_confidence(const RunResults& run, std::optional<double> threshold) {
  const ItemColumns& items = run.items;
  std::vector<Count> counts(2, 0);
  std::vector<ExactSum> sum(1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items.unseeded_best(i) >= 0) {
      const double p = double{items.probability[i]};
      ++counts[0];
      counts[1] += threshold && p >= *threshold ? 1 : 0;
      sum[0].add(p);
    }
  }
  comm::sum_over_ranks(run.comm, counts);
  comm::sum_over_ranks(run.comm, sum);
  return {counts[0], counts[1],
          sum[0].value() / static_cast<double>(std::max<Count>(counts[0], 1))};
}

/// Of the consensus. threshold: of the thresholded confidence.
std::vector<AssumedEstimate> consensus_estimates(const CorpusConfidence& corpus,
                                                 const Confidences& held_out,
                                                 std::optional<double> threshold) {
  const std::string reason = held_out.values.empty() ? "nothing was held out" : "";
  AssumedEstimate above{"thresholded_confidence",
                        "consensus",
                        "probabilities order held-out seeds and corpus alike",
                        {},
                        reason};
  AssumedEstimate difference{
      "difference_of_confidences",
      "consensus",
      "probabilities are off by the same amount on held-out seeds and corpus",
      {},
      reason};
  if (threshold) {
    above.value =
        static_cast<double>(corpus.above) / static_cast<double>(std::max<Count>(corpus.items, 1));
  }
  if (reason.empty()) {
    difference.value =
        qa::difference_of_confidences(held_out.accuracy(), held_out.mean(), corpus.mean);
  }
  return {{"mean_probability",
           "consensus",
           "probabilities are calibrated on the corpus",
           corpus.mean,
           {}},
          above,
          difference};
}

/// Of the voters, from their votes.
std::vector<AssumedEstimate> voter_estimates(const VoterAgreement& votes,
                                             const label_model::DawidSkene& model) {
  AssumedEstimate of_model{"dawid_skene",
                           "model",
                           "voters err independently of each other given the true class",
                           {},
                           model.reason};
  if (model.reason.empty()) {
    of_model.value = label_model::expected_accuracy(*votes.patterns(), model);
  }
  const qa::Estimate& agreement = votes.agreement().mean_pair_agreement;
  return {of_model,
          {"disagreement", "voter",
           "shares of votes are calibrated, summed over the classes (off by the bound at most)",
           agreement.value, agreement.reason}};
}

io::Json estimate_json(const AssumedEstimate& estimate, std::optional<double> known) {
  io::Json json;
  json["name"] = estimate.name;
  json["of"] = estimate.of;
  json["value"] = number(estimate.value);
  if (!estimate.reason.empty()) {
    json["reason"] = estimate.reason;
  }
  json["assumption"] = estimate.assumption;
  json["gap"] = estimate.value && known ? number(*estimate.value - *known) : io::Json(nullptr);
  return json;
}

std::optional<double> mean_of(std::span<const std::optional<double>> values) {
  double sum = 0;
  double known = 0;
  for (const std::optional<double>& value : values) {
    sum += value.value_or(0);
    known += value ? 1 : 0;
  }
  return known > 0 ? std::optional{sum / known} : std::nullopt;
}

/// What true labels say, for those who have none to compare with.
struct KnownAccuracies {
  std::string basis;
  io::Json consensus;  // a proportion or an estimate of one
  std::vector<std::optional<double>> voters;
};

KnownAccuracies known_accuracies(const Computed& all) {
  const auto& consensus = all.get<ConsensusSummary>();
  const auto& members = all.get<MemberSummary>();
  const auto& audit = all.get<AuditAccuracy>();
  const bool has_gold = consensus.gold().has_value();
  KnownAccuracies known;
  for (const qa::Confusion& confusion : has_gold ? members.gold() : members.held_out()) {
    known.voters.push_back(qa::measure_accuracy(confusion).overall.value);
  }
  if (has_gold) {
    known.basis = "gold labels";
    known.consensus = to_json(qa::measure_accuracy(*consensus.gold()).overall);
  } else if (audit.answers()) {
    known.basis = "the audit; of voters held-out seeds";
    known.consensus = complement_json(audit.error());
  } else {
    known.basis = "held-out seeds";
    known.consensus = to_json(qa::measure_accuracy(consensus.held_out()).overall);
  }
  return known;
}

io::Json voter_json(const std::string& name, const qa::AssumedAccuracy& triplet,
                    std::optional<double> dawid_skene, std::optional<double> known) {
  io::Json voter;
  voter["name"] = name;
  voter["triplet"] = {{"value", number(triplet.value)}, {"triples", triplet.triples}};
  if (!triplet.reason.empty()) {
    voter["triplet"]["reason"] = triplet.reason;
  }
  voter["dawid_skene"] = number(dawid_skene);
  voter["known"] = number(known);
  return voter;
}

}  // namespace

void UnsupervisedAccuracy::compute(const RunResults& run, const Computed& earlier) {
  const auto& votes = earlier.get<VoterAgreement>();
  const label_model::DawidSkene& model = earlier.get<VoterDiversity>().model();
  const Confidences held_out = held_out_confidences(run.held_out);
  confidence_threshold_ = qa::thresholded_confidence(held_out.values, held_out.is_right);
  estimates_ = consensus_estimates(corpus_confidence(run, confidence_threshold_), held_out,
                                   confidence_threshold_);
  for (AssumedEstimate& estimate : voter_estimates(votes, model)) {
    estimates_.push_back(std::move(estimate));
  }
  const VoteShares shares = held_out_shares(run.held_out);
  if (!shares.truth.empty()) {
    disagreement_bound_ = qa::class_aggregated_calibration_error(shares.shares, shares.truth);
  }
  if (votes.patterns()) {
    triplets_ = qa::triplet_accuracies(*votes.patterns());
  } else {
    qa::AssumedAccuracy none;
    none.reason = model.reason;
    triplets_.assign(run.members.size(), none);
  }
}

io::Json UnsupervisedAccuracy::json(const RunResults& run, const Computed& all) const {
  const KnownAccuracies known = known_accuracies(all);
  const label_model::DawidSkene& model = all.get<VoterDiversity>().model();
  io::Json json;
  json["known"] = {{"basis", known.basis},
                   {"consensus", known.consensus},
                   {"mean_voter", number(mean_of(known.voters))}};
  const io::Json& value = known.consensus.at("value");
  const auto of_consensus = value.is_null() ? std::nullopt : std::optional{value.get<double>()};
  json["estimates"] = io::Json::array();
  for (const AssumedEstimate& estimate : estimates_) {
    json["estimates"].push_back(
        estimate_json(estimate, estimate.of == "voter" ? mean_of(known.voters) : of_consensus));
  }
  json["disagreement_bound"] = number(disagreement_bound_);
  json["confidence_threshold"] = number(confidence_threshold_);
  json["voters"] = io::Json::array();
  for (std::size_t m = 0; m < run.members.size(); ++m) {
    std::optional<double> expected;
    if (model.reason.empty()) {
      expected = model.expected_accuracy(static_cast<int>(m));
    }
    json["voters"].push_back(
        voter_json(run.members[m].config.name, triplets_[m], expected, known.voters[m]));
  }
  return json;
}

}  // namespace kith::statistics
