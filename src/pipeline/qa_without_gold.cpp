#include "pipeline/qa_without_gold.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/core/exact_sum.hpp"
#include "kith/qa/accuracy.hpp"

#include "pipeline/report_json.hpp"

namespace kith::pipeline {
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

Confidences held_out_confidences(const ensemble::HeldOut& judged) {
  Confidences confidences;
  for (std::size_t i = 0; i < judged.truth.size(); ++i) {
    if (!judged.consensus[i].is_none()) {
      const double p = judged.probabilities[i][judged.consensus[i]];
      confidences.values.push_back(double{static_cast<float>(p)});
      confidences.is_right.push_back(judged.consensus[i] == judged.truth[i] ? 1 : 0);
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

VoteShares held_out_shares(const ensemble::HeldOut& judged) {
  // A row has as many classes as there are voters at most.
  const auto most = static_cast<int>(judged.member_votes.size());
  VoteShares result;
  result.shares = LabelRows<double>{judged.probabilities.num_classes, most};
  for (std::size_t i = 0; i < judged.truth.size(); ++i) {
    std::map<Label, double> shares;
    double cast = 0;
    for (const std::vector<Label>& votes : judged.member_votes) {
      if (!votes[i].is_none()) {
        ++shares[votes[i]];
        ++cast;
      }
    }
    if (cast > 0) {
      append(shares, cast, result.shares);
      result.truth.push_back(judged.truth[i]);
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
CorpusConfidence corpus_confidence(const Workspace& workspace, const QaRows& rows,
                                   std::optional<double> threshold) {
  std::vector<Count> counts(2, 0);
  std::vector<ExactSum> sum(1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows.best[i] >= 0 && !rows.is(i, ensemble::Status::seed)) {
      const double p = double{rows.probability[i]};
      ++counts[0];
      counts[1] += threshold && p >= *threshold ? 1 : 0;
      sum[0].add(p);
    }
  }
  comm::sum_over_ranks(workspace.comm, counts);
  comm::sum_over_ranks(workspace.comm, sum);
  return {counts[0], counts[1],
          sum[0].value() / static_cast<double>(std::max<Count>(counts[0], 1))};
}

AssumedEstimate without_value(AssumedEstimate estimate, std::string reason) {
  estimate.reason = std::move(reason);
  return estimate;
}

void add_consensus(const CorpusConfidence& corpus, const Confidences& held_out,
                   std::optional<double> threshold, WithoutGold& findings) {
  constexpr const char* kNothing = "nothing was held out";
  const auto count = static_cast<double>(std::max<Count>(corpus.items, 1));
  AssumedEstimate mean{"mean_probability",
                       "consensus",
                       "probabilities are calibrated on the corpus",
                       corpus.mean,
                       {}};
  AssumedEstimate above{"thresholded_confidence",
                        "consensus",
                        "probabilities order held-out seeds and corpus alike",
                        {},
                        {}};
  AssumedEstimate difference{
      "difference_of_confidences",
      "consensus",
      "probabilities are off by the same amount on held-out seeds and corpus",
      {},
      {}};
  if (held_out.values.empty()) {
    above = without_value(above, kNothing);
    difference = without_value(difference, kNothing);
  } else {
    above.value =
        threshold ? std::optional{static_cast<double>(corpus.above) / count} : std::nullopt;
    difference.value =
        qa::difference_of_confidences(held_out.accuracy(), held_out.mean(), corpus.mean);
  }
  findings.estimates.insert(findings.estimates.end(), {mean, above, difference});
}

void add_voters(const VoteFindings& votes, WithoutGold& findings) {
  AssumedEstimate model{"dawid_skene",
                        "model",
                        "voters err independently of each other given the true class",
                        {},
                        votes.model.reason};
  if (votes.model.reason.empty()) {
    model.value = qa::expected_accuracy(*votes.patterns, votes.model);
  }
  AssumedEstimate disagreement{
      "disagreement",
      "voter",
      "shares of votes are calibrated, summed over the classes (off by the bound at most)",
      {},
      votes.agreement.mean_pair_agreement.reason};
  disagreement.value = votes.agreement.mean_pair_agreement.value;
  findings.estimates.insert(findings.estimates.end(), {model, disagreement});
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

}  // namespace

WithoutGold measure_without_gold(const Workspace& workspace, const QaRows& rows,
                                 const VoteFindings& votes, const ensemble::HeldOut& judged) {
  WithoutGold findings;
  const Confidences held_out = held_out_confidences(judged);
  findings.confidence_threshold = qa::thresholded_confidence(held_out.values, held_out.is_right);
  add_consensus(corpus_confidence(workspace, rows, findings.confidence_threshold), held_out,
                findings.confidence_threshold, findings);
  add_voters(votes, findings);
  const VoteShares shares = held_out_shares(judged);
  if (!shares.truth.empty()) {
    findings.disagreement_bound =
        qa::class_aggregated_calibration_error(shares.shares, shares.truth);
  }
  if (votes.patterns) {
    findings.triplets = qa::triplet_accuracies(*votes.patterns);
  } else {
    qa::AssumedAccuracy none;
    none.reason = votes.model.reason;
    findings.triplets.assign(workspace.members.size(), none);
  }
  return findings;
}

io::Json without_gold_json(const Workspace& workspace, const WithoutGold& findings,
                           const VoteFindings& votes, const KnownAccuracies& known) {
  io::Json json;
  json["known"] = {{"basis", known.basis},
                   {"consensus", known.consensus},
                   {"mean_voter", number(mean_of(known.voters))}};
  const io::Json& value = known.consensus.at("value");
  const auto of_consensus = value.is_null() ? std::nullopt : std::optional{value.get<double>()};
  json["estimates"] = io::Json::array();
  for (const AssumedEstimate& estimate : findings.estimates) {
    json["estimates"].push_back(
        estimate_json(estimate, estimate.of == "voter" ? mean_of(known.voters) : of_consensus));
  }
  json["disagreement_bound"] = number(findings.disagreement_bound);
  json["confidence_threshold"] = number(findings.confidence_threshold);
  json["voters"] = io::Json::array();
  for (std::size_t m = 0; m < workspace.members.size(); ++m) {
    const qa::AssumedAccuracy& triplet = findings.triplets[m];
    io::Json voter;
    voter["name"] = workspace.members[m].config.name;
    voter["triplet"] = {{"value", number(triplet.value)}, {"triples", triplet.triples}};
    if (!triplet.reason.empty()) {
      voter["triplet"]["reason"] = triplet.reason;
    }
    voter["dawid_skene"] = votes.model.reason.empty()
                               ? number(votes.model.expected_accuracy(static_cast<int>(m)))
                               : io::Json(nullptr);
    voter["known"] = number(known.voters[m]);
    json["voters"].push_back(voter);
  }
  return json;
}

}  // namespace kith::pipeline
