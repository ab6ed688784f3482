#include "ensemble/held_out.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "kith/qa/calibration.hpp"
#include "kith/qa/label_noise.hpp"

#include "ensemble/mean.hpp"

namespace kith::ensemble {
namespace {

constexpr double kLargestTemperature = 1e6;
constexpr std::size_t kEnoughSeeds = 20000;

std::span<const float> scores_of(const Member& member, std::size_t seed, std::size_t width) {
  return std::span{member.held_out_scores}.subspan(seed * width, width);
}

/// At most kEnoughSeeds seeds that pass, evenly spaced.
template <class Passes>
std::vector<std::size_t> some_seeds(std::size_t num_seeds, Passes&& passes) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < num_seeds; ++i) {
    if (passes(i)) {
      all.push_back(i);
    }
  }
  const std::size_t step = std::max<std::size_t>(1, (all.size() + kEnoughSeeds - 1) / kEnoughSeeds);
  std::vector<std::size_t> some;
  for (std::size_t i = 0; i < all.size(); i += step) {
    some.push_back(all[i]);
  }
  return some;
}

/// The temperature at which the class voted for has the probability that the seeds give it.
double one_coin_temperature(std::span<const double> logits, std::span<const Label> truth,
                            std::size_t width) {
  if (width < 2) {
    return 1;
  }
  Count right = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    right += best_index(logits.subspan(i * width, width)) == truth[i].value() ? 1 : 0;
  }
  const double share = (static_cast<double>(right) + 1) / (static_cast<double>(truth.size()) + 2);
  const double log_odds = std::log(share * static_cast<double>(width - 1) / (1 - share));
  // The smallest score stands for zero in the readout's logarithm.
  const double gap = -std::log(kSmallestScore);
  return log_odds > 0 ? std::min(gap / log_odds, kLargestTemperature) : kLargestTemperature;
}

/// The mean of the members on one seed, as probabilities at temperature 1 of the consensus; false
/// and even shares if nothing reached it.
bool hear_seed(std::span<const Member> members, std::span<const double> temperatures,
               std::span<const double> class_factors, std::size_t seed, Mean& mean) {
  mean.clear();
  bool heard = false;
  std::vector<double> one(class_factors.size());
  for (std::size_t m = 0; m < members.size(); ++m) {
    Readout readout = members[m].readout;
    readout.temperature = temperatures[m];
    if (readout.probabilities(scores_of(members[m], seed, one.size()), one)) {
      heard = true;
      mean.add(one, members[m].config.weight);
    }
  }
  mean.finish();
  if (mean.weight == 0) {
    std::fill(mean.values.begin(), mean.values.end(), 1 / static_cast<double>(one.size()));
  }
  balance(class_factors, 1, mean.values);
  return heard;
}

bool were_judged(std::span<const Member> members, std::size_t size) {
  return std::all_of(members.begin(), members.end(), [size](const Member& member) {
    return member.held_out_scores.size() == size;
  });
}

/// What the seeds of one fold are judged with: fitted on all other folds.
struct Temperatures {
  std::vector<double> members;
  double consensus = 1;
};

Temperatures fit_without(std::span<const FoldedSeed> seeds, std::span<const Member> members,
                         std::span<const double> class_factors, int fold) {
  Temperatures fitted;
  for (const Member& member : members) {
    fitted.members.push_back(
        fit_member_temperature(member, seeds, static_cast<int>(class_factors.size()), fold));
  }
  fitted.consensus = fit_consensus_temperature(seeds, members, fitted.members, class_factors, fold);
  return fitted;
}

/// Adds what one member says of a seed.
void judge_by_member(const Member& member, double temperature, std::size_t seed, std::size_t at,
                     std::vector<double>& one, HeldOut& held_out) {
  const auto keep = [&](double at_temperature, std::vector<double>& all) {
    Readout readout = member.readout;
    readout.temperature = at_temperature;
    const bool reached = readout.probabilities(scores_of(member, seed, one.size()), one);
    if (!reached) {
      std::fill(one.begin(), one.end(), 1 / static_cast<double>(one.size()));
    }
    all.insert(all.end(), one.begin(), one.end());
    return reached;
  };
  (void)keep(1, held_out.raw_probabilities[at]);
  const bool reached = keep(temperature, held_out.member_probabilities[at]);
  held_out.member_votes[at].push_back(reached ? Label{best_index(one)} : Label{});
}

}  // namespace

double fit_member_temperature(const Member& member, std::span<const FoldedSeed> seeds,
                              int num_classes, std::optional<int> left_out) {
  const auto width = to_size(num_classes);
  const auto chosen = some_seeds(seeds.size(), [&](std::size_t i) {
    return (member.source != Source::graph || seeds[i].fold >= 0) && seeds[i].fold != left_out;
  });
  std::vector<double> logits;
  std::vector<Label> truth;
  std::vector<double> one(width);
  for (const std::size_t i : chosen) {
    if (member.readout.logits(scores_of(member, i, width), one)) {
      logits.insert(logits.end(), one.begin(), one.end());
      truth.push_back(seeds[i].seed.label);
    }
  }
  return member.source == Source::votes ? one_coin_temperature(logits, truth, width)
                                        : qa::fit_temperature(logits, truth, num_classes);
}

double fit_consensus_temperature(std::span<const FoldedSeed> seeds, std::span<const Member> members,
                                 std::span<const double> member_temperatures,
                                 std::span<const double> class_factors,
                                 std::optional<int> left_out) {
  const std::size_t width = class_factors.size();
  if (!were_judged(members, seeds.size() * width)) {
    return 1;
  }
  const auto chosen = some_seeds(
      seeds.size(), [&](std::size_t i) { return seeds[i].fold >= 0 && seeds[i].fold != left_out; });
  std::vector<double> probabilities;
  std::vector<Label> given;
  Mean mean{width};
  for (const std::size_t i : chosen) {
    if (hear_seed(members, member_temperatures, class_factors, i, mean)) {
      probabilities.insert(probabilities.end(), mean.values.begin(), mean.values.end());
      given.push_back(seeds[i].seed.label);
    }
  }
  return qa::fit_label_noise(probabilities, given, static_cast<int>(width)).temperature;
}

HeldOut judge_held_out(std::span<const FoldedSeed> seeds, std::span<const Member> members,
                       std::span<const double> class_factors) {
  const std::size_t width = class_factors.size();
  HeldOut held_out;
  held_out.member_votes.resize(members.size());
  held_out.member_probabilities.resize(members.size());
  held_out.raw_probabilities.resize(members.size());
  std::map<int, Temperatures> of_fold;
  std::vector<double> one(width);
  Mean mean{width};
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    const int fold = seeds[i].fold;
    if (fold < 0) {
      continue;
    }
    if (!of_fold.contains(fold)) {
      of_fold[fold] = fit_without(seeds, members, class_factors, fold);
    }
    const Temperatures& fitted = of_fold[fold];
    held_out.truth.push_back(seeds[i].seed.label);
    for (std::size_t m = 0; m < members.size(); ++m) {
      judge_by_member(members[m], fitted.members[m], i, m, one, held_out);
    }
    const bool heard = hear_seed(members, fitted.members, class_factors, i, mean);
    balance(std::vector<double>(width, 1.0), fitted.consensus, mean.values);
    held_out.consensus.push_back(heard ? Label{best_index(mean.values)} : Label{});
    held_out.probabilities.insert(held_out.probabilities.end(), mean.values.begin(),
                                  mean.values.end());
  }
  return held_out;
}

}  // namespace kith::ensemble
