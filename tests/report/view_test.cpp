#include "kith/report/view.hpp"

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "kith/core/error.hpp"

namespace kith::report {
namespace {

using Json = nlohmann::ordered_json;

/// A report of a small run, with every part that a report can have.
const Json& small_report() {
  static const Json report = [] {
    std::ifstream file{KITH_SMALL_REPORT};
    return Json::parse(file);
  }();
  return report;
}

/// What read_view() says against a report; empty if it takes it.
std::string complaint(const Json& report) {
  try {
    (void)read_view(report.dump());
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

/// Visits each key of `json` and of what it holds, of arrays their first entry: where it is as a
/// pointer, and as errors name it.
using Visit = std::function<void(const Json::json_pointer& pointer, const std::string& place)>;
void visit_keys(const Json& json, const Json::json_pointer& pointer, const std::string& place,
                const Visit& visit) {
  if (json.is_array() && !json.empty()) {
    visit_keys(json[0], pointer / 0, place + "[0]", visit);
  }
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      const std::string inner = place + (pointer.empty() ? ": " : ".") + key;
      visit(pointer / key, inner);
      visit_keys(value, pointer / key, inner, visit);
    }
  }
}

TEST(View, ReadsAReport) {
  const Report report = read_view(small_report().dump());

  EXPECT_EQ(report.run.corpus.classes, (std::vector<std::string>{"ant", "bee"}));
  EXPECT_EQ(report.run.configuration.options.front().name, "run.seed");
  EXPECT_EQ(report.graph.top_labels, 16);
  EXPECT_EQ(report.graph.others.at(0).knn.recall->sampled_nodes, 119);
  EXPECT_EQ(report.members.at(0).propagation->mean_residual_mass, 0.0123);
  EXPECT_FALSE(report.members.at(1).propagation);
  EXPECT_EQ(report.consensus.held_out.accuracy.successes, 16);
  EXPECT_EQ(report.consensus.status_counts.all.front().name, "auto");
  EXPECT_EQ(report.consensus.status_counts.all.front().value, 31);
  EXPECT_FALSE(report.slices.groupings.at(0).slices.at(0).lift);
  EXPECT_EQ(report.audit->difference.lambda, 1);
  EXPECT_EQ(report.seeds.suspects.at(0).id, "i32");
}

TEST(View, NamesThePlaceOfAWrongType) {
  visit_keys(small_report(), Json::json_pointer{}, "report.json",
             [&](const Json::json_pointer& pointer, const std::string& place) {
               Json report = small_report();
               report[pointer] = report[pointer].is_array() ? Json("text") : Json::array();
               EXPECT_EQ(complaint(report).find(place + ": expected "), 0U) << place;
             });
}

TEST(View, NamesThePlaceOfAMissingKey) {
  int missing = 0;
  std::set<std::string> optional;
  visit_keys(small_report(), Json::json_pointer{}, "report.json",
             [&](const Json::json_pointer& pointer, const std::string& place) {
               Json report = small_report();
               report[pointer.parent_pointer()].erase(pointer.back());
               const std::string said = complaint(report);
               if (said.empty()) {
                 optional.insert(pointer.back());
               } else {
                 EXPECT_EQ(said, place + ": is missing");
                 ++missing;
               }
             });

  EXPECT_GT(missing, 200);
  for (const char* key : {"run", "members", "value", "trials", "class"}) {
    EXPECT_FALSE(optional.contains(key)) << key;
  }
  for (const char* key : {"gold", "audit", "top_labels", "id", "low"}) {
    EXPECT_TRUE(optional.contains(key)) << key;
  }
}

TEST(View, TakesANullOnlyWhereAValueMayBeNone) {
  Json report = small_report();
  report["consensus"]["held_out"]["accuracy"]["value"] = nullptr;
  report["members"][0]["trace"][0]["held_out"] = nullptr;
  EXPECT_EQ(complaint(report), "");

  report["members"][0]["trace"][0]["sweep"] = nullptr;
  EXPECT_EQ(complaint(report),
            "report.json: members[0].trace[0].sweep: expected a whole number of 64 bits");
}

TEST(View, TakesNoNumberForAnother) {
  const auto with_items = [](const char* number) {
    std::string text = small_report().dump();
    const std::string items = "\"items\":120,";
    text.replace(text.find(items), items.size(), std::string{"\"items\":"} + number + ",");
    return text;
  };
  for (const char* number : {"1.5", "18446744073709551615", "1e3", "true", "\"7\""}) {
    EXPECT_THROW((void)read_view(with_items(number)), Error) << number;
  }
  EXPECT_EQ(read_view(with_items("121")).run.corpus.items, 121);
}

TEST(View, SaysWhereATextIsNoJson) {
  for (const char* text : {"", "{", "[1, 2", "{\"run\": 1e999}"}) {
    try {
      (void)read_view(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(std::string{error.what()}.find("report.json: "), 0U) << error.what();
    }
  }
}

TEST(Summary, SaysHowTheRunWent) {
  EXPECT_EQ(summary(read_view(small_report().dump())),
            "items      120 in 2 classes, 20 seeds\n"
            "labels     31 auto, 60 to review, 5 abstained, 4 unreachable\n"
            "accuracy   100.00 % [96.30, 100.00] of 100 gold labels\n"
            "auto       96.77 % [83.81, 99.43] of 31 gold labels\n"
            "estimate   78.00 % [55.00, 91.00] of the corpus, from held-out seeds drawn by class\n"
            "recall@5  0.9966 [0.9813, 0.9994] on 119 sampled items\n");
}

TEST(Summary, LeavesOutWhatTheRunHasNot) {
  Report report = read_view(small_report().dump());
  report.consensus.gold.reset();
  report.consensus.gold_auto->accuracy = {};
  report.consensus.corpus.accuracy = {};
  report.graph.knn.recall.reset();

  EXPECT_EQ(summary(report),
            "items      120 in 2 classes, 20 seeds\n"
            "labels     31 auto, 60 to review, 5 abstained, 4 unreachable\n"
            "auto       not known (no item of status auto has a gold label)\n"
            "estimate   not known (no class has two seeds)\n");
}

}  // namespace
}  // namespace kith::report
