#include "report/view/describe.hpp"

namespace kith::report {

void describe(const JsonFields& json, Slice& slice) {
  json("slice", slice.name);
  json("items", slice.items);
  json("error", slice.error);
  json.if_present("weighted_error", slice.weighted_error);
  json("shrunken_error", slice.shrunken_error);
  json("lift", slice.lift);
  json("p_value", slice.p_value);
  json("q_value", slice.q_value);
  json("is_worse", slice.is_worse);
  json.if_present("agreement", slice.agreement);
}

void describe(const JsonFields& json, Grouping& grouping) {
  json("name", grouping.name);
  json("groups", grouping.groups);
  json("worse", grouping.worse);
  json("left_out", grouping.left_out);
  json("slices", grouping.slices);
}

void describe(const JsonFields& json, Slices& slices) {
  json("basis", slices.basis);
  json("false_discovery_rate", slices.false_discovery_rate);
  json("groupings", slices.groupings);
}

void describe(const JsonFields& json, ClassBalance& balance) {
  json("class", balance.name);
  json("stated_share", balance.stated_share);
  json("corrected_share", balance.corrected_share);
  json("low", balance.low);
  json("high", balance.high);
  json("inverse_weight", balance.inverse_weight);
  json("effective_number_weight", balance.effective_number_weight);
  json("undersampled", balance.undersampled);
  json("repeats", balance.repeats);
  json("seeds", balance.seeds);
  json("seeds_missing", balance.seeds_missing);
}

void describe(const JsonFields& json, Balance& balance) {
  json("basis", balance.basis);
  json("ratio", balance.ratio);
  json("effective_number_beta", balance.effective_number_beta);
  json("sample_ratio", balance.sample_ratio);
  json("seeds_wanted", balance.seeds_wanted);
  json("per_class", balance.per_class);
}

void describe(const JsonFields& json, AcceptanceRule& rule) {
  json("threshold", rule.threshold);
  json("accepted", rule.accepted);
  json("known", rule.known);
  json("wrong", rule.wrong);
  json("error_bound", rule.error_bound);
}

void describe(const JsonFields& json, ClassAcceptanceRule& rule) {
  json("class", rule.name);
  describe(json, static_cast<AcceptanceRule&>(rule));
}

void describe(const JsonFields& json, AcceptanceLevel& level) {
  json("error", level.error);
  json("fewest_known", level.fewest_known);
  json("labels_needed", level.labels_needed);
  json("accepted", level.accepted);
  json("together", level.together);
  json("per_class", level.per_class);
}

void describe(const JsonFields& json, RiskPoint& point) {
  json("coverage", point.coverage);
  json("risk", point.risk);
  json("low", point.low);
  json("high", point.high);
}

void describe(const JsonFields& json, Acceptance& acceptance) {
  json("basis", acceptance.basis);
  json("confidence", acceptance.confidence);
  json("countable", acceptance.countable);
  json("levels", acceptance.levels);
  json("risk_coverage", acceptance.risk_coverage);
  json("aurc", acceptance.aurc);
  json("excess_aurc", acceptance.excess_aurc);
}

void describe(const JsonFields& json, DifferenceEstimate& estimate) {
  describe(json, static_cast<Share&>(estimate));
  json("lambda", estimate.lambda);
}

void describe(const JsonFields& json, ClassAudit& audit) {
  json("class", audit.name);
  json("audited", audit.audited);
  json("precision", audit.precision);
  json("recall", audit.recall);
}

void describe(const JsonFields& json, Audit& audit) {
  json("drawn", audit.drawn);
  json("audited", audit.audited);
  json("population", audit.population);
  json("accuracy", audit.accuracy);
  json("hajek", audit.hajek);
  json("difference", audit.difference);
  json("per_class", audit.per_class);
}

namespace {

/// Its keys stand among those of the item.
void describe_preview(const JsonFields& json, ItemPreview& preview) {
  json.if_present("text", preview.text);
  json.if_present("uri", preview.uri);
  json.if_present("image", preview.image);
}

}  // namespace

void describe(const JsonFields& json, SuspectSeed& seed) {
  json("row", seed.row);
  describe_preview(json, seed.preview);
  json.if_present("id", seed.id);
  json("given", seed.given);
  json("suggested", seed.suggested);
  json("wrong", seed.wrong);
  json("self_confidence", seed.self_confidence);
}

void describe(const JsonFields& json, ClassSeeds& seeds) {
  json("class", seeds.name);
  json("given", seeds.given);
  json("flagged", seeds.flagged);
  json("quality", seeds.quality);
  json("missed", seeds.missed);
  json("true_share", seeds.true_share);
}

void describe(const JsonFields& json, ClassOverlap& overlap) {
  json("first", overlap.first);
  json("second", overlap.second);
  json("share", overlap.share);
}

void describe(const JsonFields& json, SeedCheck& seeds) {
  json("held_out", seeds.held_out);
  json("filter", seeds.filter);
  json("noise_rate", seeds.noise_rate);
  json("suspects", seeds.suspects);
  json("per_class", seeds.per_class);
  json("overlaps", seeds.overlaps);
}

void describe(const JsonFields& json, SeedValue& seed) {
  json("row", seed.row);
  json.if_present("id", seed.id);
  json("class", seed.label);
  json("value", seed.value);
}

void describe(const JsonFields& json, SeedValues& values) {
  json("queries", values.queries);
  json("neighbors", values.neighbors);
  json("seeds", values.seeds);
  json("negative", values.negative);
  json("lowest", values.lowest);
}

void describe(const JsonFields& json, Example& example) {
  json("row", example.row);
  json("probability", example.probability);
  describe_preview(json, example.preview);
}

void describe(const JsonFields& json, ClassExamples& examples) {
  json("class", examples.name);
  json("typical", examples.typical);
  json("unsure", examples.unsure);
}

void describe(const JsonFields& json, ReviewItem& item) {
  json("row", item.row);
  describe_preview(json, item.preview);
  json("label", item.label);
  json("probability", item.probability);
  json("status", item.status);
  json("vote_entropy", item.vote_entropy);
  json("bald", item.bald);
}

}  // namespace kith::report
