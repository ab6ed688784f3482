#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::string histogram_part(const Json& histogram, std::string_view title, std::string_view axis) {
  return histogram_chart(title, axis, histogram.at("edges").get<std::vector<double>>(),
                         histogram.at("counts").get<std::vector<double>>());
}

}  // namespace

std::string certainty_section(const Json& report) {
  const Json& consensus = report.at("consensus");
  std::vector<Bar> bars;
  double top = 1;
  for (const auto& [status, count] : consensus.at("status_counts").items()) {
    bars.push_back({status, count.get<double>(), {}, {}, status + ": " + count_text(count)});
    top = std::max(top, count.get<double>());
  }
  return section(
      "certainty", "Certainty",
      bar_chart("Status of items", "items", top, bars) +
          histogram_part(consensus.at("probability_histogram"), "Consensus probability",
                         "probability of the label") +
          histogram_part(consensus.at("vote_entropy_histogram"), "Disagreement of the members",
                         "vote entropy, nats") +
          histogram_part(consensus.at("bald_histogram"), "Information a label would give (BALD)",
                         "mutual information, nats"));
}

}  // namespace kith::report
