#include "report/view/describe.hpp"

namespace kith::report {

void describe(const JsonFields& json, ReliabilityBin& bin) {
  json("mean_confidence", bin.mean_confidence);
  json("accuracy", bin.accuracy);
}

void describe(const JsonFields& json, Calibration& calibration) {
  json("items", calibration.items);
  json("nll", calibration.nll);
  json("nll_low", calibration.nll_low);
  json("nll_high", calibration.nll_high);
  json("brier", calibration.brier);
  json("brier_low", calibration.brier_low);
  json("brier_high", calibration.brier_high);
  json("ece", calibration.ece);
  json("ece_equal_mass", calibration.ece_equal_mass);
  json("rms_debiased", calibration.rms_debiased);
  json("reliability", calibration.reliability);
  json("reliability_equal_mass", calibration.reliability_equal_mass);
}

void describe(const JsonFields& json, TraceEntry& entry) {
  json("sweep", entry.sweep);
  json("residual", entry.residual);
  json("flips", entry.flips);
  json("held_out", entry.held_out);
  json("energy", entry.energy);
}

void describe(const JsonFields& json, Propagation& propagation) {
  json("sweeps", propagation.sweeps);
  json("stop", propagation.stop);
  json("mean_rest", propagation.mean_residual_mass);
  json("largest_rest", propagation.largest_residual_mass);
  json("trace", propagation.trace);
}

void describe(const JsonFields& json, ChosenParameters& chosen) {
  json.all(chosen.parameters);
}

void describe(const JsonFields& json, Member& member) {
  json("name", member.name);
  json("source", member.source);
  json.if_present("method", member.method);
  json.if_present("citation", member.citation);
  json.if_present("graph", member.graph);
  json.if_present("parameters", member.chosen);
  if (member.source == "graph") {
    describe(json, member.propagation.emplace());
  }
  json("temperature", member.temperature);
  json("pool_weight", member.pool_weight);
  json("adds", member.adds);
  json("held_out", member.held_out);
  json.if_present("gold", member.gold);
  json("calibration_before", member.calibration_before);
  json("calibration_after", member.calibration_after);
}

void describe(const JsonFields& json, ClassAccuracy& accuracy) {
  json("class", accuracy.name);
  json("precision", accuracy.precision);
  json("recall", accuracy.recall);
  json("f1", accuracy.f1);
}

void describe(const JsonFields& json, Accuracy& accuracy) {
  json("accuracy", accuracy.accuracy);
  json("per_class", accuracy.per_class);
  json.if_present("confusion", accuracy.confusion);
}

void describe(const JsonFields& json, HeldOut& held_out) {
  describe(json, static_cast<Accuracy&>(held_out));
  json("accuracy_without_noise", held_out.accuracy_without_noise);
  json("calibration_before", held_out.calibration_before);
  json("calibration_after", held_out.calibration_after);
}

void describe(const JsonFields& json, StatusCounts& counts) {
  json("auto", counts.automatic);
  json("review", counts.review);
  json("abstain", counts.abstain);
  json("unreachable", counts.unreachable);
  json.all(counts.all);
}

void describe(const JsonFields& json, CorpusShare& share) {
  json("class", share.name);
  json("share", share.share);
  json("low", share.low);
  json("high", share.high);
  json("by_confusion", share.by_confusion);
}

void describe(const JsonFields& json, CorpusEstimate& corpus) {
  json("accuracy", corpus.accuracy);
  json("seed_design", corpus.seed_design);
  json("shares_from", corpus.shares_from);
  json("weights_fitted", corpus.weights_fitted);
  json("shares_known", corpus.shares_known);
  json("auto_threshold", corpus.auto_threshold);
  json("shares", corpus.shares);
}

void describe(const JsonFields& json, Consensus& consensus) {
  json("corpus", consensus.corpus);
  json("class_counts", consensus.class_counts);
  json("status_counts", consensus.status_counts);
  json("probability_histogram", consensus.probability_histogram);
  json("vote_entropy_histogram", consensus.vote_entropy_histogram);
  json("bald_histogram", consensus.bald_histogram);
  json("held_out", consensus.held_out);
  json.if_present("gold", consensus.gold);
  json.if_present("gold_auto", consensus.gold_auto);
}

}  // namespace kith::report
