#include <algorithm>
#include <cmath>
#include <utility>

#include "kith/ensemble/ensemble.hpp"
#include "kith/qa/calibration.hpp"

namespace kith::ensemble {
namespace {

constexpr double kLargestTemperature = 1e6;

std::int32_t best_index(std::span<const double> logits) {
  return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

/// Logits of the seeds that the voter speaks on, and their labels.
struct Spoken {
  std::vector<double> logits;
  std::vector<Label> truth;
};

Spoken spoken_on_seeds(const Member& member, std::span<const FoldedSeed> seeds, std::size_t width) {
  Spoken spoken;
  std::vector<double> one(width);
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    const auto scores = std::span{member.held_out_scores}.subspan(i * width, width);
    if (member.readout.logits(scores, one)) {
      spoken.logits.insert(spoken.logits.end(), one.begin(), one.end());
      spoken.truth.push_back(seeds[i].seed.label);
    }
  }
  return spoken;
}

/// The temperature at which the class voted for has the probability that the seeds give it.
double one_coin_temperature(const Spoken& spoken, std::size_t width) {
  Count right = 0;
  for (std::size_t i = 0; i < spoken.truth.size(); ++i) {
    const auto logits = std::span{spoken.logits}.subspan(i * width, width);
    right += best_index(logits) == spoken.truth[i].value() ? 1 : 0;
  }
  const double share =
      (static_cast<double>(right) + 1) / (static_cast<double>(spoken.truth.size()) + 2);
  const double log_odds = std::log(share * static_cast<double>(width - 1) / (1 - share));
  // The smallest score stands for zero in the readout's logarithm.
  const double gap = -std::log(kSmallestScore);
  return log_odds > 0 ? std::min(gap / log_odds, kLargestTemperature) : kLargestTemperature;
}

}  // namespace

const char* to_string(Source source) {
  switch (source) {
    case Source::graph:
      return "graph";
    case Source::votes:
      return "votes";
    case Source::probabilities:
      return "probabilities";
  }
  return "";
}

Member outside_member(OutsideVoter voter, std::span<const FoldedSeed> seeds, int num_classes,
                      double weight) {
  const auto width = to_size(num_classes);
  Member member;
  member.config.name = std::move(voter.name);
  member.config.weight = weight;
  member.source = voter.source;
  member.result.scores = std::move(voter.scores);
  member.held_out_scores = std::move(voter.on_seeds);
  member.readout.factors.assign(width, 1.0);
  const Spoken spoken = spoken_on_seeds(member, seeds, width);
  if (voter.source == Source::votes) {
    member.readout.temperature = width > 1 ? one_coin_temperature(spoken, width) : 1.0;
  } else if (!spoken.truth.empty()) {
    member.readout.temperature = qa::fit_temperature(spoken.logits, spoken.truth, num_classes);
  }
  return member;
}

}  // namespace kith::ensemble
