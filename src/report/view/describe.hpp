/// The form of report.json: each describe() names the keys of its struct, one file a part of the
/// report, and no other file of this module names a key.
#pragma once

#include "kith/report/view.hpp"

#include "report/view/json_fields.hpp"

namespace kith::report {

// estimates.cpp
void describe(const JsonFields& json, Share& share);
void describe(const JsonFields& json, Proportion& share);
void describe(const JsonFields& json, Coefficient& estimate);
void describe(const JsonFields& json, Histogram& histogram);

// run.cpp
void describe(const JsonFields& json, Run& run);
void describe(const JsonFields& json, Graph& graph);

// members.cpp
void describe(const JsonFields& json, Member& member);
void describe(const JsonFields& json, Consensus& consensus);

// votes.cpp
void describe(const JsonFields& json, Coefficients& coefficients);
void describe(const JsonFields& json, Agreement& agreement);
void describe(const JsonFields& json, Diversity& diversity);
void describe(const JsonFields& json, UnsupervisedAccuracy& accuracy);
void describe(const JsonFields& json, LabelModel& model);

void describe(const JsonFields& json, TeachingWeight& chosen);

// reference.cpp
void describe(const JsonFields& json, Reference& reference);

// quality.cpp
void describe(const JsonFields& json, Slices& slices);
void describe(const JsonFields& json, Balance& balance);
void describe(const JsonFields& json, Acceptance& acceptance);
void describe(const JsonFields& json, Audit& audit);
void describe(const JsonFields& json, SeedCheck& seeds);
void describe(const JsonFields& json, SeedValues& values);
void describe(const JsonFields& json, Example& example);
void describe(const JsonFields& json, ClassExamples& examples);
void describe(const JsonFields& json, ReviewItem& item);

}  // namespace kith::report
