#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::string chart(const Json& calibration, const std::string& title) {
  std::vector<CalibrationPoint> points;
  for (const Json& bin : calibration.at("reliability")) {
    const Json& share = bin.at("accuracy");
    if (share.at("trials").get<long long>() > 0) {
      points.push_back({bin.at("mean_confidence").get<double>(), share.at("value").get<double>(),
                        share.at("low").get<double>(), share.at("high").get<double>(),
                        share["trials"].get<long long>()});
    }
  }
  return reliability_chart(title, points);
}

/// "0.712 [0.650, 0.774]".
std::string with_interval(const Json& calibration, const std::string& key) {
  return fmt::format("{:.3f} <span class=\"ci\">[{:.3f}, {:.3f}]</span>",
                     calibration.at(key).get<double>(), calibration.at(key + "_low").get<double>(),
                     calibration.at(key + "_high").get<double>());
}

std::vector<std::string> measures_row(const std::string& name, const std::string& when,
                                      const Json& calibration) {
  const auto number = [&](const char* key) {
    return fmt::format("{:.3f}", calibration.at(key).get<double>());
  };
  return {name,
          when,
          with_interval(calibration, "nll"),
          with_interval(calibration, "brier"),
          number("ece"),
          number("ece_equal_mass"),
          number("rms_debiased")};
}

std::string bins_table(const Json& before, const Json& after) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const std::string& when, const Json& calibration) {
    for (const Json& bin : calibration.at("reliability_equal_mass")) {
      rows.push_back({when, fmt::format("{:.3f}", bin.at("mean_confidence").get<double>()),
                      share_text(bin.at("accuracy")), count_text(bin["accuracy"].at("trials"))});
    }
  };
  add("before", before);
  add("after", after);
  return table({"calibration", "mean probability", "share right", "seeds"}, rows);
}

}  // namespace

std::string calibration_section(const Json& report) {
  const Json& consensus = report.at("consensus").at("held_out");
  if (consensus.at("accuracy").at("trials").get<long long>() == 0) {
    return {};
  }
  const Json& before = consensus.at("calibration_before");
  const Json& after = consensus.at("calibration_after");
  std::vector<std::vector<std::string>> rows{measures_row("consensus", "before", before),
                                             measures_row("", "after", after)};
  std::string bins = "<h3>Consensus</h3>\n" + bins_table(before, after);
  for (const Json& member : report.at("members")) {
    const std::string name = escape(member.at("name").get<std::string>());
    rows.push_back(measures_row(name, "before", member.at("calibration_before")));
    rows.push_back(measures_row("", "after", member.at("calibration_after")));
    bins += "<h3>" + name + "</h3>\n" +
            bins_table(member["calibration_before"], member["calibration_after"]);
  }
  return section(
      "calibration", "Are probabilities what they say?",
      paragraph(fmt::format(
          "On {} held-out seeds, each judged by members and by a calibration that had not seen it. "
          "Loss: mean negative logarithm of the true class' probability. Expected calibration "
          "error "
          "(ECE) in 15 bins of equal width and of equal mass, and the root of the squared error "
          "less its bias (Kumar et al. 2019).",
          count_text(after.at("items")))) +
          chart(before, "Consensus of uncalibrated members") +
          chart(after, "Consensus as it is used") +
          table({"", "calibration", "loss", "Brier score", "ECE, equal width", "ECE, equal mass",
                 "error, debiased"},
                rows) +
          details("Reliability tables, bins of equal mass", bins));
}

}  // namespace kith::report
