#include "report/view/describe.hpp"

namespace kith::report {

void describe(const JsonFields& json, Coefficients& coefficients) {
  json("mean_pair_agreement", coefficients.mean_pair_agreement);
  json("fleiss_kappa", coefficients.fleiss_kappa);
  json("krippendorff_alpha", coefficients.krippendorff_alpha);
  json("gwet_ac1", coefficients.gwet_ac1);
  json("pabak", coefficients.pabak);
  json("unanimous", coefficients.unanimous);
  json("no_majority", coefficients.no_majority);
}

void describe(const JsonFields& json, ClassAgreement& agreement) {
  json("class", agreement.name);
  json("items_with_vote", agreement.items_with_vote);
  json("fleiss_kappa", agreement.fleiss_kappa);
}

void describe(const JsonFields& json, PairAgreement& pair) {
  json("first", pair.first);
  json("second", pair.second);
  json("agreement", pair.agreement);
  json("cohen_kappa", pair.cohen_kappa);
}

void describe(const JsonFields& json, Agreement& agreement) {
  describe(json, static_cast<Coefficients&>(agreement));
  json("patterns", agreement.patterns);
  json("max_patterns", agreement.max_patterns);
  json("conflicts", agreement.conflicts);
  json("per_class", agreement.per_class);
  json("pairs", agreement.pairs);
}

void describe(const JsonFields& json, GroupDiversity& group) {
  json("entropy", group.entropy);
  json("kohavi_wolpert", group.kohavi_wolpert);
  json("kappa", group.kappa);
  json("difficulty", group.difficulty);
  json("generalized_diversity", group.generalized_diversity);
  json("coincident_failure_diversity", group.coincident_failure_diversity);
}

void describe(const JsonFields& json, PairDiversity& pair) {
  json("first", pair.first);
  json("second", pair.second);
  json("q", pair.q);
  json("rho", pair.rho);
  json("disagreement", pair.disagreement);
  json("double_fault", pair.double_fault);
  json("kappa", pair.kappa);
}

void describe(const JsonFields& json, DiversityTable& table) {
  json("group", table.group);
  json("pairs", table.pairs);
  json.if_present("reason", table.reason);
}

void describe(const JsonFields& json, Diversity& diversity) {
  json.if_present("gold", diversity.gold);
  json("expected", diversity.expected);
}

void describe(const JsonFields& json, KnownAccuracy& known) {
  json("basis", known.basis);
  json("consensus", known.consensus);
  json("mean_voter", known.mean_voter);
}

void describe(const JsonFields& json, AccuracyEstimate& estimate) {
  json("name", estimate.name);
  json("of", estimate.of);
  json("value", estimate.value);
  json.if_present("reason", estimate.reason);
  json("assumption", estimate.assumption);
  json("gap", estimate.gap);
}

void describe(const JsonFields& json, TripletAccuracy& accuracy) {
  json("value", accuracy.value);
  json.if_present("reason", accuracy.reason);
}

void describe(const JsonFields& json, VoterAccuracy& voter) {
  json("name", voter.name);
  json("triplet", voter.triplet);
  json("dawid_skene", voter.dawid_skene);
  json("known", voter.known);
}

void describe(const JsonFields& json, Mistake& mistake) {
  json("truth", mistake.truth);
  json("vote", mistake.vote);
  json("items", mistake.items);
}

void describe(const JsonFields& json, Rule& rule) {
  json("name", rule.name);
  json("votes", rule.votes);
  json("coverage", rule.coverage);
  json("conflict", rule.conflict);
  json("alone", rule.alone);
  json("accuracy", rule.accuracy);
  json("estimated_accuracy", rule.estimated_accuracy);
  json("weight", rule.weight);
  json("changes_without", rule.changes_without);
  json.if_present("mistakes", rule.mistakes);  // older runs have none
}

void describe(const JsonFields& json, LabelModelFit& model) {
  json("method", model.method);
  json("reason", model.reason);
  json.if_present("expected_accuracy", model.expected_accuracy);
  json.if_present("accuracy", model.accuracy);
}

void describe(const JsonFields& json, LabelModelChoice& choice) {
  json("method", choice.method);
  json("why", choice.why);
}

void describe(const JsonFields& json, TriedWeight& tried) {
  json("weight", tried.weight);
  json("held_out_log_loss", tried.held_out_log_loss);
}

void describe(const JsonFields& json, TeachingWeight& chosen) {
  json("weight", chosen.weight);
  json("tried", chosen.tried);
}

void describe(const JsonFields& json, LabelModel& model) {
  json("coverage", model.coverage);
  json("voters", model.voters);
  json("models", model.models);
  json("choice", model.choice);
  json("accuracy_on", model.accuracy_on);
  json("weak_seeds", model.weak_seeds);
}

void describe(const JsonFields& json, UnsupervisedAccuracy& accuracy) {
  json("known", accuracy.known);
  json("estimates", accuracy.estimates);
  json("disagreement_bound", accuracy.disagreement_bound);
  json("voters", accuracy.voters);
}

}  // namespace kith::report
