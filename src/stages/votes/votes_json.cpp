// What `kith votes` writes for programs.
#include "stages/votes/votes_report.hpp"

namespace kith::stages {
namespace {

io::Json json_of(const qa::Proportion& share) {
  io::Json json;
  json["value"] = share.value ? io::Json(*share.value) : io::Json(nullptr);
  json["low"] = share.interval.low;
  json["high"] = share.interval.high;
  json["right"] = share.successes;
  json["of"] = share.trials;
  return json;
}

io::Json voter_json(const VotesReport& report, std::size_t m) {
  const qa::VoterStatistics& voter = report.votes.voters[m];
  const label_model::FittedModel& model = report.best().model;
  io::Json json;
  json["name"] = report.voters[m];
  json["votes"] = voter.num_votes;
  json["coverage"] = report.votes.share(voter.num_votes);
  json["overlap"] = report.votes.share(voter.num_overlaps);
  json["conflict"] = report.votes.share(voter.num_conflicts);
  json["contradicted"] = report.votes.share(voter.num_contradicted);
  json["alone"] = voter.num_alone;
  json["accuracy"] = json_of(voter.accuracy);
  json["estimated_accuracy"] = model.is_majority
                                   ? io::Json(nullptr)
                                   : io::Json(model.voters[m].expected_accuracy(model.prior));
  json["weight"] = model.is_majority ? 1.0 : model.voters[m].weight;
  json["changes_without"] = report.changes_without[m];
  json["mistakes"] = io::Json::array();
  for (const qa::Mistake& mistake : voter.mistakes) {
    json["mistakes"].push_back({{"truth", report.classes[to_size(mistake.truth)]},
                                {"vote", report.classes[to_size(mistake.vote)]},
                                {"items", mistake.items}});
  }
  json["classes"] = io::Json::array();
  for (std::size_t k = 0; k < voter.votes_by_class.size(); ++k) {
    if (voter.votes_by_class[k] > 0) {
      json["classes"].push_back({{"name", report.classes[k]},
                                 {"votes", voter.votes_by_class[k]},
                                 {"precision", json_of(voter.precision[k])}});
    }
  }
  return json;
}

io::Json accuracy_json(const VotesReport& report, const qa::Accuracy& accuracy) {
  io::Json json = json_of(accuracy.overall);
  json["macro_f1"] = accuracy.macro_f1 ? io::Json(*accuracy.macro_f1) : io::Json(nullptr);
  json["classes"] = io::Json::array();
  for (std::size_t k = 0; k < accuracy.classes.size(); ++k) {
    const qa::ClassAccuracy& one = accuracy.classes[k];
    json["classes"].push_back({{"name", report.classes[k]},
                               {"precision", json_of(one.precision)},
                               {"recall", json_of(one.recall)},
                               {"f1", one.f1 ? io::Json(*one.f1) : io::Json(nullptr)}});
  }
  return json;
}

io::Json model_json(const VotesReport& report, const ModelResult& result) {
  const label_model::FittedModel& model = result.model;
  io::Json json;
  json["method"] = model.method;
  json["reason"] = model.reason;
  if (!model.reason.empty()) {
    return json;
  }
  json["class_shares"] = model.prior;
  json["log_likelihood"] = model.log_likelihood;
  json["iterations"] = model.iterations;
  json["converged"] = model.converged;
  json["expected_accuracy"] = result.expected_accuracy;
  json["accuracy"] = result.on_gold ? accuracy_json(report, *result.on_gold) : io::Json(nullptr);
  return json;
}

io::Json choice_json(const VotesReport& report) {
  const label_model::Choice& choice = report.choice;
  io::Json json;
  json["method"] = choice.method;
  json["why"] = choice.why;
  json["reference"] = choice.reference;
  json["criterion"] = explain(choice);
  json["items"] = choice.items;
  json["candidates"] = io::Json::array();
  for (const label_model::Candidate& one : choice.candidates) {
    io::Json candidate = {{"method", one.method}, {"reason", one.reason}};
    if (one.reason.empty()) {
      candidate["held_out"] = one.held_out;
      candidate["standard_error"] = one.standard_error;
      candidate["gain"] = one.gain;
      candidate["gain_error"] = one.gain_error;
    }
    json["candidates"].push_back(candidate);
  }
  return json;
}

io::Json correlated_json(const VotesReport& report) {
  const auto name = [&](std::int32_t voter) { return report.voters[to_size(voter)]; };
  io::Json json;
  json["reason"] = report.correlated.reason;
  json["effective_voters"] = report.correlated.effective_voters;
  json["groups"] = io::Json::array();
  for (const label_model::CorrelatedGroup& group : report.correlated.groups) {
    io::Json voters = io::Json::array();
    for (std::size_t i = 0; i < group.voters.size(); ++i) {
      voters.push_back({{"name", name(group.voters[i])}, {"weight", group.weights[i]}});
    }
    io::Json pairs = io::Json::array();
    for (const label_model::CorrelatedPair& pair : group.pairs) {
      pairs.push_back({{"voters", {name(pair.a), name(pair.b)}},
                       {"items", pair.items},
                       {"agreement", pair.agreement},
                       {"expected", pair.expected},
                       {"z", pair.z},
                       {"phi", pair.phi}});
    }
    json["groups"].push_back({{"voters", voters}, {"pairs", pairs}});
  }
  return json;
}

}  // namespace

io::Json to_json(const VotesReport& report) {
  const qa::VoteStatistics& votes = report.votes;
  io::Json json;
  json["items"] = votes.num_items;
  json["classes"] = report.classes;
  json["coverage"] = votes.share(votes.num_covered);
  json["overlap"] = votes.share(votes.num_overlaps);
  json["conflict"] = votes.share(votes.num_conflicts);
  json["items_by_votes"] = votes.items_by_votes;
  json["known_items"] = report.num_known;
  json["accuracy_on"] = !report.truth
                            ? io::Json(nullptr)
                            : io::Json(*report.truth == qa::Truth::gold ? "gold" : "seeds");
  json["notes"] = report.notes;
  json["voters"] = io::Json::array();
  for (std::size_t m = 0; m < report.voters.size(); ++m) {
    json["voters"].push_back(voter_json(report, m));
  }
  json["models"] = io::Json::array();
  for (const ModelResult& result : report.models) {
    json["models"].push_back(model_json(report, result));
  }
  json["choice"] = choice_json(report);
  json["correlated"] = correlated_json(report);
  return json;
}

}  // namespace kith::stages
