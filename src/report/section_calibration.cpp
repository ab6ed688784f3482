#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/svg.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

std::string chart(const Calibration& calibration, const std::string& title) {
  std::vector<CalibrationPoint> points;
  for (const ReliabilityBin& bin : calibration.reliability) {
    const Proportion& share = bin.accuracy;
    if (share.value) {
      points.push_back({bin.mean_confidence, *share.value, share.low, share.high, share.trials});
    }
  }
  return reliability_chart(title, points);
}

std::string number(double value) {
  return fmt::format("{:.3f}", value);
}

/// "0.712 [0.650, 0.774]".
std::string with_interval(double value, double low, double high) {
  return fmt::format("{:.3f} <span class=\"ci\">[{:.3f}, {:.3f}]</span>", value, low, high);
}

std::vector<std::string> measures_row(const std::string& name, const std::string& when,
                                      const Calibration& measures) {
  return {name,
          when,
          with_interval(measures.nll, measures.nll_low, measures.nll_high),
          with_interval(measures.brier, measures.brier_low, measures.brier_high),
          number(measures.ece),
          number(measures.ece_equal_mass),
          number(measures.rms_debiased)};
}

std::string bins_table(const Calibration& before, const Calibration& after) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const std::string& when, const Calibration& calibration) {
    for (const ReliabilityBin& bin : calibration.reliability_equal_mass) {
      rows.push_back({when, number(bin.mean_confidence), share_text(bin.accuracy),
                      grouped(bin.accuracy.trials)});
    }
  };
  add("before", before);
  add("after", after);
  return table({"calibration", "mean probability", "share right", "seeds"}, rows);
}

}  // namespace

std::string calibration_section(const Report& report) {
  const HeldOut& consensus = report.consensus.held_out;
  if (consensus.accuracy.trials == 0) {
    return {};
  }
  const Calibration& before = consensus.calibration_before;
  const Calibration& after = consensus.calibration_after;
  std::vector<std::vector<std::string>> rows{measures_row("consensus", "before", before),
                                             measures_row("", "after", after)};
  std::string bins = "<h3>Consensus</h3>\n" + bins_table(before, after);
  for (const Member& member : report.members) {
    const std::string name = escape(member.name);
    rows.push_back(measures_row(name, "before", member.calibration_before));
    rows.push_back(measures_row("", "after", member.calibration_after));
    bins +=
        "<h3>" + name + "</h3>\n" + bins_table(member.calibration_before, member.calibration_after);
  }
  return paragraph(
             fmt::format("Measured on {} held-out seeds. The members and the calibration that "
                         "predicted a seed were fitted without it. Loss: mean negative logarithm "
                         "of the probability of the true class. ECE: expected calibration error, "
                         "in 15 bins of equal width or of equal mass. Error, debiased: root of the "
                         "mean squared calibration error less its bias (Kumar et al. 2019).",
                         grouped(after.items))) +
         chart(before, "Consensus, uncalibrated") +
         chart(after, "Consensus, calibrated, at the seeds' class shares") +
         table({"", "calibration", "loss", "Brier score", "ECE, equal width", "ECE, equal mass",
                "error, debiased"},
               rows) +
         details("Reliability tables, bins of equal mass", bins);
}

}  // namespace kith::report
