#include "statistics/voter_diversity.hpp"

#include <fmt/format.h>

#include <cmath>

#include "kith/comm/collectives.hpp"

#include "statistics/json_forms.hpp"
#include "statistics/voter_agreement.hpp"

namespace kith::statistics {
namespace {

/// Collective. None without gold labels, or with more patterns than wanted.
std::optional<qa::Diversity> measure_against_gold(const RunResults& run) {
  const std::size_t width = run.members.size();
  std::vector<std::int32_t> votes;
  for (std::size_t i = 0; i < run.items.gold.size(); ++i) {
    if (!run.items.gold[i].is_none()) {
      const auto row = std::span{run.items.votes}.subspan(i * width, width);
      votes.insert(votes.end(), row.begin(), row.end());
      votes.push_back(run.items.gold[i].value());
    }
  }
  if (comm::sum_over_ranks(run.comm, count_of(votes)) == 0) {
    return std::nullopt;
  }
  const auto patterns = label_model::try_count_patterns(
      run.comm, votes, static_cast<int>(width) + 1, run.num_classes(), run.config.max_patterns);
  return patterns ? std::optional{qa::measure_diversity(*patterns)} : std::nullopt;
}

io::Json pair_json(const qa::PairDiversity& pair) {
  return {{"first", pair.first},
          {"second", pair.second},
          {"both_right", pair.both_right},
          {"first_right", pair.first_right},
          {"second_right", pair.second_right},
          {"both_wrong", pair.both_wrong},
          {"q", number(pair.q)},
          {"rho", number(pair.rho)},
          {"disagreement", number(pair.disagreement)},
          {"double_fault", number(pair.double_fault)},
          {"kappa", number(pair.kappa)}};
}

io::Json diversity_table_json(const qa::Diversity& diversity) {
  const qa::GroupDiversity& group = diversity.group;
  io::Json json;
  json["group"] = {{"items", group.items},
                   {"entropy", number(group.entropy)},
                   {"kohavi_wolpert", number(group.kw)},
                   {"kappa", number(group.kappa)},
                   {"difficulty", number(group.difficulty)},
                   {"generalized_diversity", number(group.generalized)},
                   {"coincident_failure_diversity", number(group.coincident_failure)}};
  json["pairs"] = io::Json::array();
  for (const qa::PairDiversity& pair : diversity.pairs) {
    json["pairs"].push_back(pair_json(pair));
  }
  return json;
}

void write_diversity(io::OutputFile& file, const std::string& name,
                     const qa::Diversity& diversity) {
  std::vector<double> values;
  const auto add = [&](std::optional<double> value) { values.push_back(value.value_or(NAN)); };
  for (const qa::PairDiversity& pair : diversity.pairs) {
    for (const double items :
         {pair.both_right, pair.first_right, pair.second_right, pair.both_wrong}) {
      values.push_back(items);
    }
    add(pair.q);
    add(pair.rho);
    add(pair.disagreement);
    add(pair.double_fault);
    add(pair.kappa);
  }
  file.write_whole<double>(name, values, {count_of(diversity.pairs), 9});
  file.set_attribute(name, "columns",
                     "both right,first right,second right,both wrong,q,rho,disagreement,double "
                     "fault,kappa");
}

void write_model(io::OutputFile& file, const RunResults& run,
                 const label_model::DawidSkene& model) {
  const Count num_classes = run.num_classes();
  file.write_whole<double>("/dawid_skene/prior", model.prior, {num_classes});
  file.write_whole<double>("/dawid_skene/confusion", model.confusion,
                           {count_of(run.members), num_classes, num_classes});
  file.set_attribute("/dawid_skene/confusion", "axes", "member,true class,vote");
}

}  // namespace

void VoterDiversity::compute(const RunResults& run, const Computed& earlier) {
  if (const auto& patterns = earlier.get<VoterAgreement>().patterns()) {
    model_ = label_model::fit_dawid_skene(*patterns);
    expected_ = qa::expected_diversity(*patterns, model_);
  } else {
    model_.reason =
        fmt::format("more than qa.max_patterns = {} vote patterns", run.config.max_patterns);
    expected_.is_expected = true;
  }
  gold_ = measure_against_gold(run);
}

io::Json VoterDiversity::json(const RunResults& /*run*/, const Computed& /*all*/) const {
  io::Json json;
  if (gold_) {
    json["gold"] = diversity_table_json(*gold_);
    json["gold"]["basis"] = "gold labels";
  }
  json["expected"] = diversity_table_json(expected_);
  json["expected"]["basis"] = "model-based: posteriors of Dawid and Skene's model of the votes";
  if (!model_.reason.empty()) {
    json["expected"]["reason"] = model_.reason;
  }
  return json;
}

void VoterDiversity::write_tables(const RunResults& run, io::OutputFile& file) const {
  if (gold_) {
    write_diversity(file, "/diversity/gold", *gold_);
  }
  if (model_.reason.empty()) {
    write_diversity(file, "/diversity/expected", expected_);
    write_model(file, run, model_);
  }
}

}  // namespace kith::statistics
