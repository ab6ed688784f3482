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
bool hear_seed(std::span<const Member> members, std::span<const Readout> readouts,
               std::span<const double> class_factors, std::size_t seed, Mean& mean) {
  mean.clear();
  bool heard = false;
  std::vector<double> one(class_factors.size());
  for (std::size_t m = 0; m < members.size(); ++m) {
    if (readouts[m].probabilities(scores_of(members[m], seed, one.size()), one)) {
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
struct Calibrations {
  std::vector<Readout> members;
  double consensus_temperature = 1;
};

Calibrations fit_without(std::span<const FoldedSeed> seeds, std::span<const Member> members,
                         std::span<const double> class_factors, int fold) {
  Calibrations fitted;
  for (const Member& member : members) {
    fitted.members.push_back(
        fit_readout(member, seeds, static_cast<int>(class_factors.size()), fold));
  }
  fitted.consensus_temperature =
      fit_consensus_temperature(seeds, members, fitted.members, class_factors, fold);
  return fitted;
}

/// Adds what one member says of a seed.
void judge_by_member(const Member& member, const Readout& fitted, std::size_t seed, std::size_t at,
                     std::vector<double>& one, HeldOut& held_out) {
  const auto keep = [&](const Readout& readout, std::vector<double>& all) {
    const bool reached = readout.probabilities(scores_of(member, seed, one.size()), one);
    if (!reached) {
      std::fill(one.begin(), one.end(), 1 / static_cast<double>(one.size()));
    }
    all.insert(all.end(), one.begin(), one.end());
    return reached;
  };
  Readout raw;
  raw.takes_log = member.readout.takes_log;
  raw.factors = member.readout.factors;
  (void)keep(raw, held_out.raw_probabilities[at]);
  const bool reached = keep(fitted, held_out.member_probabilities[at]);
  held_out.member_votes[at].push_back(reached ? Label{best_index(one)} : Label{});
}

/// Logits of seeds that a member speaks on, and their labels.
struct Spoken {
  std::vector<double> logits;
  std::vector<Label> truth;
};

Spoken hear_member(const Member& member, std::span<const FoldedSeed> seeds, std::size_t width,
                   std::optional<int> left_out) {
  const auto chosen = some_seeds(seeds.size(), [&](std::size_t i) {
    return (member.source != Source::graph || seeds[i].fold >= 0) && seeds[i].fold != left_out;
  });
  Spoken spoken;
  std::vector<double> one(width);
  for (const std::size_t i : chosen) {
    if (member.readout.logits(scores_of(member, i, width), one)) {
      spoken.logits.insert(spoken.logits.end(), one.begin(), one.end());
      spoken.truth.push_back(seeds[i].seed.label);
    }
  }
  return spoken;
}

double temperature_of(const Member& member, const Spoken& spoken, int num_classes) {
  return member.source == Source::votes
             ? one_coin_temperature(spoken.logits, spoken.truth, to_size(num_classes))
             : qa::fit_temperature(spoken.logits, spoken.truth, num_classes);
}

qa::IsotonicCalibration fit_isotonic(const Spoken& spoken, const Readout& readout,
                                     int num_classes) {
  const auto width = to_size(num_classes);
  std::vector<double> probabilities(spoken.logits.size());
  for (std::size_t first = 0; first < probabilities.size(); first += width) {
    readout.soften(std::span{spoken.logits}.subspan(first, width),
                   std::span{probabilities}.subspan(first, width));
  }
  return qa::fit_isotonic_classes(probabilities, spoken.truth, num_classes);
}

}  // namespace

const char* to_string(Calibration calibration) {
  switch (calibration) {
    case Calibration::temperature:
      return "temperature";
    case Calibration::vector:
      return "vector";
    case Calibration::isotonic:
      return "isotonic";
  }
  return "";
}

double fit_member_temperature(const Member& member, std::span<const FoldedSeed> seeds,
                              int num_classes, std::optional<int> left_out) {
  return temperature_of(member, hear_member(member, seeds, to_size(num_classes), left_out),
                        num_classes);
}

Readout fit_readout(const Member& member, std::span<const FoldedSeed> seeds, int num_classes,
                    std::optional<int> left_out) {
  const Spoken spoken = hear_member(member, seeds, to_size(num_classes), left_out);
  Readout readout = member.readout;
  readout.fitted_items = count_of(spoken.truth);
  readout.temperature = temperature_of(member, spoken, num_classes);
  if (member.source == Source::votes || spoken.truth.empty()) {
    readout.calibration = Calibration::temperature;
  } else if (readout.calibration == Calibration::vector) {
    readout.vector = qa::fit_vector_scaling(spoken.logits, spoken.truth, num_classes);
  } else if (readout.calibration == Calibration::isotonic) {
    readout.isotonic = fit_isotonic(spoken, readout, num_classes);
  }
  return readout;
}

void calibrate(std::span<Member> members, std::span<const FoldedSeed> seeds,
               Calibration calibration, int num_classes) {
  for (Member& member : members) {
    member.readout.calibration = calibration;
    member.readout = fit_readout(member, seeds, num_classes);
  }
}

double fit_consensus_temperature(std::span<const FoldedSeed> seeds, std::span<const Member> members,
                                 std::span<const Readout> readouts,
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
    if (hear_seed(members, readouts, class_factors, i, mean)) {
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
  std::map<int, Calibrations> of_fold;
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
    const Calibrations& fitted = of_fold[fold];
    held_out.truth.push_back(seeds[i].seed.label);
    for (std::size_t m = 0; m < members.size(); ++m) {
      judge_by_member(members[m], fitted.members[m], i, m, one, held_out);
    }
    const bool heard = hear_seed(members, fitted.members, class_factors, i, mean);
    balance(std::vector<double>(width, 1.0), fitted.consensus_temperature, mean.values);
    held_out.consensus.push_back(heard ? Label{best_index(mean.values)} : Label{});
    held_out.probabilities.insert(held_out.probabilities.end(), mean.values.begin(),
                                  mean.values.end());
  }
  return held_out;
}

}  // namespace kith::ensemble
