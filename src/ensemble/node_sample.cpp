#include "ensemble/node_sample.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"

#include "ensemble/held_out.hpp"

namespace kith::ensemble {
namespace {

constexpr Count kNodesOfTemperature = 2000;
constexpr double kReach = 4;  // of the log temperature
constexpr int kSearchSteps = 40;

/// logits: rows.
double mean_largest(std::span<const double> logits, std::size_t width, double temperature) {
  double sum = 0;
  for (std::size_t first = 0; first < logits.size(); first += width) {
    const auto row = logits.subspan(first, width);
    const double largest = *std::max_element(row.begin(), row.end());
    double total = 0;
    for (const double logit : row) {
      total += std::exp((logit - largest) / temperature);
    }
    sum += 1 / total;
  }
  const std::size_t num_rows = logits.size() / width;
  return sum / static_cast<double>(num_rows);
}

}  // namespace

std::vector<LocalId> sample_nodes(const NodeRange& nodes, std::span<const FoldedSeed> seeds,
                                  Count most, std::uint64_t seed) {
  std::set<Position> seeded;
  for (const FoldedSeed& entry : seeds) {
    seeded.insert(entry.seed.node);
  }
  const double share = static_cast<double>(most) / static_cast<double>(nodes.num_nodes);
  std::vector<LocalId> drawn;
  for (Count at = 0; at < nodes.owned.size(); ++at) {
    const Position position{nodes.owned.begin.value() + at};
    const bool is_drawn =
        share >= 1 || random_uniform(seed, Purpose::share_sample, position.value()) < share;
    if (is_drawn && !seeded.contains(position)) {
      drawn.push_back(LocalId{static_cast<std::int32_t>(at)});
    }
  }
  return drawn;
}

double neutral_temperature(const NodeRange& nodes, const Member& member,
                           std::span<const FoldedSeed> seeds, std::uint64_t seed) {
  if (!takes_all_classes(member.held_out_scores)) {
    return 1;
  }
  const auto width = to_size(member.held_out_scores.num_classes);
  const Candidates columns{member.held_out_scores.num_classes};
  std::vector<double> mine;
  std::vector<double> row(width);
  for (const LocalId node : sample_nodes(nodes, seeds, kNodesOfTemperature, seed)) {
    if (member.output.logits(member.scores[to_size(node)], columns, row)) {
      mine.insert(mine.end(), row.begin(), row.end());
    }
  }
  const std::vector<double> logits = comm::gather_to_all<double>(*nodes.comm, mine).items;
  if (logits.empty() || width < 2) {
    return 1;
  }
  const double wanted = (1 + 1 / static_cast<double>(width)) / 2;
  double low = -kReach;
  double high = kReach;
  for (int step = 0; step < kSearchSteps; ++step) {
    const double middle = (low + high) / 2;
    (mean_largest(logits, width, std::exp(middle)) > wanted ? low : high) = middle;
  }
  return std::exp((low + high) / 2);
}

}  // namespace kith::ensemble
