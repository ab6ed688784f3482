#include "pipeline/qa_votes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/qa/accuracy.hpp"

#include "pipeline/report_json.hpp"

namespace kith::pipeline {
namespace {

/// Collective. None without gold labels, or with more patterns than wanted.
std::optional<qa::Diversity> measure_against_gold(const Workspace& workspace, const QaRows& rows) {
  const std::size_t width = workspace.members.size();
  std::vector<std::int32_t> votes;
  for (std::size_t i = 0; i < rows.gold.size(); ++i) {
    if (!rows.gold[i].is_none()) {
      const auto row = std::span{rows.votes}.subspan(i * width, width);
      votes.insert(votes.end(), row.begin(), row.end());
      votes.push_back(rows.gold[i].value());
    }
  }
  if (comm::sum_over_ranks(workspace.comm, count_of(votes)) == 0) {
    return std::nullopt;
  }
  const auto patterns =
      qa::try_count_patterns(workspace.comm, votes, static_cast<int>(width) + 1,
                             workspace.num_classes(), workspace.config.qa.max_patterns);
  return patterns ? std::optional{qa::measure_diversity(*patterns)} : std::nullopt;
}

/// Collective. Items on which each class got a vote.
std::vector<Count> items_by_class(const Workspace& workspace, const QaRows& rows) {
  const std::size_t width = workspace.members.size();
  std::vector<Count> items(to_size(workspace.num_classes()), 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto votes = std::span{rows.votes}.subspan(i * width, width);
    for (std::size_t m = 0; m < width; ++m) {
      const auto earlier = votes.first(m);
      if (votes[m] >= 0 && std::find(earlier.begin(), earlier.end(), votes[m]) == earlier.end()) {
        ++items[to_size(votes[m])];
      }
    }
  }
  comm::sum_over_ranks(workspace.comm, items);
  return items;
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

void write_model(io::OutputFile& file, const Workspace& workspace, const qa::DawidSkene& model) {
  const Count num_classes = workspace.num_classes();
  file.write_whole<double>("/dawid_skene/prior", model.prior, {num_classes});
  file.write_whole<double>("/dawid_skene/confusion", model.confusion,
                           {count_of(workspace.members), num_classes, num_classes});
  file.set_attribute("/dawid_skene/confusion", "axes", "member,true class,vote");
}

}  // namespace

VoteFindings measure_votes(const Workspace& workspace, const QaRows& rows) {
  const QaConfig& config = workspace.config.qa;
  const auto num_voters = static_cast<int>(workspace.members.size());
  VoteFindings findings;
  findings.patterns = qa::try_count_patterns(workspace.comm, rows.votes, num_voters,
                                             workspace.num_classes(), config.max_patterns);
  if (findings.patterns) {
    findings.agreement = qa::measure_agreement(*findings.patterns, config.bootstrap_draws,
                                               workspace.config.run.seed);
    comm::stop_if_asked(workspace.comm);
    findings.model = qa::fit_dawid_skene(*findings.patterns);
    findings.expected = qa::expected_diversity(*findings.patterns, findings.model);
  } else {
    findings.agreement =
        qa::stream_agreement(workspace.comm, rows.votes, num_voters, workspace.num_classes());
    findings.model.reason =
        fmt::format("more than qa.max_patterns = {} vote patterns", config.max_patterns);
    findings.expected.is_expected = true;
  }
  findings.gold = measure_against_gold(workspace, rows);
  findings.class_items = items_by_class(workspace, rows);
  return findings;
}

std::vector<std::int32_t> with_first_column(std::span<const std::int32_t> column,
                                            std::span<const std::int32_t> votes) {
  const std::size_t width = column.empty() ? 0 : votes.size() / column.size();
  std::vector<std::int32_t> joined;
  joined.reserve(votes.size() + column.size());
  for (std::size_t i = 0; i < column.size(); ++i) {
    const auto row = votes.subspan(i * width, width);
    joined.push_back(column[i]);
    joined.insert(joined.end(), row.begin(), row.end());
  }
  return joined;
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

io::Json agreement_json(const Workspace& workspace, const VoteFindings& findings) {
  const qa::Agreement& agreement = findings.agreement;
  io::Json json = coefficients_json(agreement);
  json["patterns"] =
      findings.patterns ? io::Json(count_of(findings.patterns->counts)) : io::Json(nullptr);
  json["max_patterns"] = workspace.config.qa.max_patterns;
  json["conflicts"] = agreement.conflicts;
  json["per_class"] = io::Json::array();
  for (std::size_t k = 0; k < agreement.class_kappas.size(); ++k) {
    json["per_class"].push_back({{"class", workspace.corpus.class_names[k]},
                                 {"items_with_vote", findings.class_items[k]},
                                 {"fleiss_kappa", to_json(agreement.class_kappas[k])}});
  }
  json["pairs"] = io::Json::array();
  for (const qa::PairAgreement& pair : agreement.pairs) {
    json["pairs"].push_back({{"first", pair.first},
                             {"second", pair.second},
                             {"agreement", to_json(qa::proportion(pair.same, pair.both))},
                             {"cohen_kappa", to_json(pair.kappa)}});
  }
  return json;
}

io::Json diversity_json(const VoteFindings& findings) {
  io::Json json;
  if (findings.gold) {
    json["gold"] = diversity_table_json(*findings.gold);
    json["gold"]["basis"] = "gold labels";
  }
  json["expected"] = diversity_table_json(findings.expected);
  json["expected"]["basis"] = "model-based: posteriors of Dawid and Skene's model of the votes";
  if (!findings.model.reason.empty()) {
    json["expected"]["reason"] = findings.model.reason;
  }
  return json;
}

void write_votes(io::OutputFile& file, const Workspace& workspace, const VoteFindings& findings) {
  const Count num_classes = workspace.num_classes();
  if (findings.patterns) {
    const qa::PatternCounts& patterns = *findings.patterns;
    file.write_whole<std::int32_t>("/patterns/votes", patterns.votes,
                                   {count_of(patterns.counts), patterns.num_voters});
    file.write_whole<Count>("/patterns/counts", patterns.counts, {count_of(patterns.counts)});
  }
  std::vector<Count> conflicts;
  for (const std::vector<Count>& row : findings.agreement.conflicts) {
    conflicts.insert(conflicts.end(), row.begin(), row.end());
  }
  if (num_classes <= qa::kTableClasses) {
    file.write_whole<Count>("/agreement/conflicts", conflicts, {num_classes, num_classes});
  }
  std::vector<Count> pairs;
  std::vector<double> kappas;
  for (const qa::PairAgreement& pair : findings.agreement.pairs) {
    pairs.insert(pairs.end(), {pair.first, pair.second, pair.both, pair.same});
    kappas.push_back(pair.kappa.value.value_or(NAN));
  }
  file.write_whole<Count>("/agreement/pairs", pairs, {count_of(kappas), 4});
  file.set_attribute("/agreement/pairs", "columns", "first member,second member,both voted,same");
  file.write_whole<double>("/agreement/cohen_kappa", kappas, {count_of(kappas)});
  if (findings.gold) {
    write_diversity(file, "/diversity/gold", *findings.gold);
  }
  if (findings.model.reason.empty()) {
    write_diversity(file, "/diversity/expected", findings.expected);
    write_model(file, workspace, findings.model);
  }
}

}  // namespace kith::pipeline
