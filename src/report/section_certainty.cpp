#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

std::string status_chart(const StatusCounts& status) {
  std::vector<Bar> bars;
  double top = 1;
  for (const auto& [name, count] : status.all) {
    bars.push_back({name, static_cast<double>(count), {}, {}, name + ": " + grouped(count)});
    top = std::max(top, bars.back().value);
  }
  return bar_chart("Status of items", "items", top, bars);
}

}  // namespace

std::string certainty_section(const Report& report) {
  const Consensus& consensus = report.consensus;
  return status_chart(consensus.status_counts) +
         histogram_chart("Consensus probability", "probability of the label",
                         consensus.probability_histogram.edges,
                         consensus.probability_histogram.counts) +
         histogram_chart("Disagreement of the members", "vote entropy, nats",
                         consensus.vote_entropy_histogram.edges,
                         consensus.vote_entropy_histogram.counts) +
         histogram_chart("Information a label would give (BALD)", "mutual information, nats",
                         consensus.bald_histogram.edges, consensus.bald_histogram.counts);
}

}  // namespace kith::report
