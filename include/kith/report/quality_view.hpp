/// What report.json says of the quality of labels and seeds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/report/estimates.hpp"
#include "kith/report/vote_view.hpp"

namespace kith::report {

struct Slice {
  std::string name;
  Count items = 0;
  Proportion error;
  std::optional<Share> weighted_error;  // only of an audit
  std::optional<double> shrunken_error;
  std::optional<double> lift;
  std::optional<double> p_value;
  std::optional<double> q_value;
  bool is_worse = false;
  std::optional<Coefficients> agreement;  // only of the user's groupings
};

/// name: "classes", "cells", or a dataset of corpus.slices.
struct Grouping {
  std::string name;
  Count groups = 0;
  Count worse = 0;
  Count left_out = 0;  // groups that are not in `slices`
  std::vector<Slice> slices;
};

struct Slices {
  std::string basis;
  double false_discovery_rate = 0;
  std::vector<Grouping> groupings;
};

/// low, high: 95 % interval of corrected_share.
struct ClassBalance {
  std::string name;
  double stated_share = 0;
  double corrected_share = 0;
  double low = 0;
  double high = 0;
  std::optional<double> inverse_weight;
  std::optional<double> effective_number_weight;
  Count undersampled = 0;
  Count repeats = 0;
  Count seeds = 0;
  Count seeds_missing = 0;
};

struct Balance {
  std::string basis;
  std::optional<double> ratio;
  double effective_number_beta = 0;
  double sample_ratio = 0;
  Count seeds_wanted = 0;
  std::vector<ClassBalance> per_class;
};

struct AcceptanceRule {
  std::optional<double> threshold;  // none: no threshold passes
  Count accepted = 0;
  Count known = 0;
  Count wrong = 0;
  double error_bound = 1;
};

struct ClassAcceptanceRule : AcceptanceRule {
  std::string name;
};

/// What may be accepted at one error.
struct AcceptanceLevel {
  double error = 0;
  Count fewest_known = 0;
  std::optional<Count> labels_needed;  // none: out of reach
  Count accepted = 0;
  AcceptanceRule together;
  std::vector<ClassAcceptanceRule> per_class;
};

struct RiskPoint {
  double coverage = 0;
  double risk = 0;
  double low = 0;
  double high = 0;
};

/// countable: items that could be accepted.
struct Acceptance {
  std::string basis;
  double confidence = 0;
  Count countable = 0;
  std::vector<AcceptanceLevel> levels;
  std::vector<RiskPoint> risk_coverage;
  double aurc = 0;
  double excess_aurc = 0;
};

/// lambda: weight of the forecast.
struct DifferenceEstimate : Share {
  double lambda = 0;
};

struct ClassAudit {
  std::string name;
  Count audited = 0;
  Share precision;
  Share recall;
};

struct Audit {
  Count drawn = 0;
  Count audited = 0;
  Count population = 0;
  Share accuracy;
  Share hajek;
  DifferenceEstimate difference;
  std::vector<ClassAudit> per_class;
};

/// A seed whose label may be wrong.
/// What an item looks like; empty where nothing can be shown.
struct ItemPreview {
  std::string text;
  std::string uri;
  std::string image;  // a data: URI

  [[nodiscard]] bool is_empty() const { return text.empty() && uri.empty() && image.empty(); }
};

struct SuspectSeed {
  Count row = 0;
  ItemPreview preview;
  std::optional<std::string> id;
  std::string given;
  std::string suggested;
  std::optional<double> wrong;  // probability
  std::optional<double> self_confidence;
};

struct ClassSeeds {
  std::string name;
  Count given = 0;
  Count flagged = 0;
  std::optional<double> quality;
  std::optional<double> missed;
  std::optional<double> true_share;
};

struct ClassOverlap {
  std::string first;
  std::string second;
  double share = 0;
};

struct SeedCheck {
  Count held_out = 0;
  std::string filter;
  Share noise_rate;
  std::vector<SuspectSeed> suspects;
  std::vector<ClassSeeds> per_class;
  std::vector<ClassOverlap> overlaps;
};

struct SeedValue {
  Count row = 0;
  std::optional<std::string> id;
  std::string label;
  double value = 0;
};

struct SeedValues {
  Count queries = 0;
  Count neighbors = 0;
  Count seeds = 0;
  Count negative = 0;
  std::vector<SeedValue> lowest;
};

/// An item of a class, to see what the class looks like.
struct Example {
  Count row = 0;
  double probability = 0;
  ItemPreview preview;
};

struct ClassExamples {
  std::string name;
  std::vector<Example> typical;
  std::vector<Example> unsure;
};

struct ReviewItem {
  Count row = 0;
  ItemPreview preview;
  std::string label;
  double probability = 0;
  std::string status;
  double vote_entropy = 0;
  double bald = 0;
};

}  // namespace kith::report
