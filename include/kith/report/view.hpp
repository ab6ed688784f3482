/// report.json as structs: everything of it that the page and the summary show. A std::optional has
/// no value where the key is null or absent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/report/member_view.hpp"
#include "kith/report/quality_view.hpp"
#include "kith/report/reference_view.hpp"
#include "kith/report/run_view.hpp"
#include "kith/report/vote_view.hpp"

namespace kith::report {

struct Report {
  Run run;
  Graph graph;
  std::vector<Member> members;
  Consensus consensus;
  Agreement agreement;
  Diversity diversity;
  UnsupervisedAccuracy unsupervised_accuracy;
  std::optional<LabelModel> label_model;
  std::optional<Reference> reference;
  Slices slices;
  Balance balance;
  Acceptance acceptance;
  std::optional<Audit> audit;
  SeedCheck seeds;
  SeedValues seed_values;
  std::vector<ReviewItem> review;
  std::vector<ClassExamples> examples;
};

/// json: report.json of a run. Throws Error if it is not JSON, or with the place of the first key
/// that is missing or has another type: "report.json: members[0].gold.low: expected a number".
[[nodiscard]] Report read_view(std::string_view json);

/// Items, labels, accuracy, estimate and recall, a line each: what a run says at its end.
[[nodiscard]] std::string summary(const Report& report);

}  // namespace kith::report
