#include "statistics/voter_agreement.hpp"

#include <algorithm>
#include <cmath>

#include "kith/comm/collectives.hpp"
#include "kith/qa/accuracy.hpp"

#include "statistics/json_forms.hpp"

namespace kith::statistics {
namespace {

/// Collective. Items on which each class got a vote.
std::vector<Count> items_by_class(const RunResults& run) {
  const std::size_t width = run.members.size();
  std::vector<Count> items(to_size(run.num_classes()), 0);
  for (std::size_t i = 0; i < run.items.size(); ++i) {
    const auto votes = std::span{run.items.votes}.subspan(i * width, width);
    for (std::size_t m = 0; m < width; ++m) {
      const auto earlier = votes.first(m);
      if (votes[m] >= 0 && std::find(earlier.begin(), earlier.end(), votes[m]) == earlier.end()) {
        ++items[to_size(votes[m])];
      }
    }
  }
  comm::sum_over_ranks(run.comm, items);
  return items;
}

}  // namespace

void VoterAgreement::compute(const RunResults& run, const Computed& /*earlier*/) {
  const auto num_voters = static_cast<int>(run.members.size());
  patterns_ = label_model::try_count_patterns(run.comm, run.items.votes, num_voters,
                                              run.num_classes(), run.config.max_patterns);
  agreement_ = patterns_
                   ? qa::measure_agreement(*patterns_, run.config.bootstrap_draws, run.seed)
                   : qa::stream_agreement(run.comm, run.items.votes, num_voters, run.num_classes());
  class_items_ = items_by_class(run);
}

io::Json coefficients_json(const qa::Agreement& agreement) {
  io::Json json;
  json["mean_pair_agreement"] = to_json(agreement.mean_pair_agreement);
  json["fleiss_kappa"] = to_json(agreement.fleiss);
  json["krippendorff_alpha"] = to_json(agreement.krippendorff);
  json["gwet_ac1"] = to_json(agreement.gwet_ac1);
  json["pabak"] = to_json(agreement.pabak);
  json["unanimous"] = to_json(agreement.unanimous);
  json["no_majority"] = to_json(agreement.no_majority);
  json["mean_vote_entropy"] = agreement.mean_vote_entropy;
  return json;
}

io::Json VoterAgreement::json(const RunResults& run, const Computed& /*all*/) const {
  io::Json json = coefficients_json(agreement_);
  json["patterns"] = patterns_ ? io::Json(count_of(patterns_->counts)) : io::Json(nullptr);
  json["max_patterns"] = run.config.max_patterns;
  json["conflicts"] = agreement_.conflicts;
  json["per_class"] = io::Json::array();
  for (std::size_t k = 0; k < agreement_.class_kappas.size(); ++k) {
    json["per_class"].push_back({{"class", run.corpus.class_names[k]},
                                 {"items_with_vote", class_items_[k]},
                                 {"fleiss_kappa", to_json(agreement_.class_kappas[k])}});
  }
  json["pairs"] = io::Json::array();
  for (const qa::PairAgreement& pair : agreement_.pairs) {
    json["pairs"].push_back({{"first", pair.first},
                             {"second", pair.second},
                             {"agreement", to_json(qa::proportion(pair.same, pair.both))},
                             {"cohen_kappa", to_json(pair.kappa)}});
  }
  return json;
}

void VoterAgreement::write_tables(const RunResults& run, io::OutputFile& file) const {
  const Count num_classes = run.num_classes();
  if (patterns_) {
    const label_model::PatternCounts& patterns = *patterns_;
    file.write_whole<std::int32_t>("/patterns/votes", patterns.votes,
                                   {count_of(patterns.counts), patterns.num_voters});
    file.write_whole<Count>("/patterns/counts", patterns.counts, {count_of(patterns.counts)});
  }
  std::vector<Count> conflicts;
  for (const std::vector<Count>& row : agreement_.conflicts) {
    conflicts.insert(conflicts.end(), row.begin(), row.end());
  }
  if (num_classes <= qa::kTableClasses) {
    file.write_whole<Count>("/agreement/conflicts", conflicts, {num_classes, num_classes});
  }
  std::vector<Count> pairs;
  std::vector<double> kappas;
  for (const qa::PairAgreement& pair : agreement_.pairs) {
    pairs.insert(pairs.end(), {pair.first, pair.second, pair.both, pair.same});
    kappas.push_back(pair.kappa.value.value_or(NAN));
  }
  file.write_whole<Count>("/agreement/pairs", pairs, {count_of(kappas), 4});
  file.set_attribute("/agreement/pairs", "columns", "first member,second member,both voted,same");
  file.write_whole<double>("/agreement/cohen_kappa", kappas, {count_of(kappas)});
}

}  // namespace kith::statistics
