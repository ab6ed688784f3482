#include "ensemble/held_out.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "kith/calibrate/label_noise.hpp"
#include "kith/calibrate/temperature.hpp"
#include "kith/qa/calibration.hpp"

#include "ensemble/mean.hpp"

namespace kith::ensemble {
namespace {

constexpr double kLargestTemperature = 1e6;
constexpr std::size_t kEnoughSeeds = 20000;

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
double one_coin_temperature(const LabelRows<double>& logits, std::span<const Label> truth) {
  if (logits.num_classes < 2) {
    return 1;
  }
  Count right = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const LabelRow<double> row = logits[i];
    const auto best = std::max_element(row.values.begin(), row.values.end());
    right += row.label(to_size(best - row.values.begin())) == truth[i] ? 1 : 0;
  }
  const double share = (static_cast<double>(right) + 1) / (static_cast<double>(truth.size()) + 2);
  const double log_odds = std::log(share * (logits.num_classes - 1.0) / (1 - share));
  // The smallest score stands for zero in the output's logarithm.
  const double gap = -std::log(kSmallestScore);
  return log_odds > 0 ? std::min(gap / log_odds, kLargestTemperature) : kLargestTemperature;
}

/// The mean of the members on one seed.
struct SeedMean {
  std::span<const Member> members;
  ClassFactors class_factors;
  Candidates columns;
  Mean mean{};
  std::vector<LabelRow<float>> rows{};
  std::vector<double> one{};

  /// Sets columns and mean, as probabilities at temperature 1 of the consensus; false and even
  /// shares if nothing reached it.
  bool combine(std::span<const CalibratedOutput> outputs, std::size_t seed) {
    rows.clear();
    for (const Member& member : members) {
      rows.push_back(member.held_out_scores[seed]);
    }
    columns.gather(rows);
    one.resize(columns.width());
    mean.clear(columns.width());
    bool is_reached = false;
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (outputs[m].probabilities(rows[m], columns, one)) {
        is_reached = true;
        mean.add(one, members[m].config.weight);
      }
    }
    mean.finish();
    if (mean.weight == 0) {
      std::fill(mean.values.begin(), mean.values.end(), 1.0 / columns.num_classes());
    }
    balance(columns, class_factors, 1, mean.values);
    return is_reached;
  }
};

ClassFactors as_factors(std::span<const double> values) {
  return ClassFactors{std::vector<double>(values.begin(), values.end())};
}

/// No rows yet, of the form that the members' have.
LabelRows<double> rows_like(const Member& member) {
  return {member.held_out_scores.num_classes, member.held_out_scores.width};
}

/// Adds a row of columns.
void append(Candidates& columns, std::span<const double> values, LabelRows<double>& rows) {
  rows.resize(rows.size() + 1);
  columns.store(values, rows.size() - 1, rows);
}

bool have_held_out_scores(std::span<const Member> members, std::size_t size) {
  return std::all_of(members.begin(), members.end(), [size](const Member& member) {
    return member.held_out_scores.size() == size;
  });
}

/// What predicts the seeds of one fold: fitted on all other folds.
struct Calibrations {
  std::vector<CalibratedOutput> members;
  double consensus_temperature = 1;
};

Calibrations fit_without(std::span<const FoldedSeed> seeds, std::span<const Member> members,
                         std::span<const double> class_factors, int fold) {
  Calibrations fitted;
  for (const Member& member : members) {
    fitted.members.push_back(fit_output(member, seeds, fold));
  }
  fitted.consensus_temperature =
      fit_consensus_temperature(seeds, members, fitted.members, class_factors, fold);
  return fitted;
}

/// As the member's scores come, with class mass alone.
CalibratedOutput uncalibrated(const CalibratedOutput& output) {
  CalibratedOutput raw;
  raw.takes_log = output.takes_log;
  raw.factors = output.factors;
  return raw;
}

/// Adds what one member says of a seed.
void predict_by_member(const Member& member, const CalibratedOutput& fitted,
                       const CalibratedOutput& raw, std::size_t seed, std::size_t at,
                       Candidates& columns, HeldOutPredictions& held_out) {
  const LabelRow<float> row = member.held_out_scores[seed];
  columns.gather(row);
  std::vector<double> one(columns.width());
  const auto keep = [&](const CalibratedOutput& output, LabelRows<double>& all) {
    const bool reached = output.probabilities(row, columns, one);
    if (!reached) {
      std::fill(one.begin(), one.end(), 1.0 / columns.num_classes());
    }
    append(columns, one, all);
    return reached;
  };
  (void)keep(raw, held_out.raw_probabilities[at]);
  const bool reached = keep(fitted, held_out.member_probabilities[at]);
  held_out.member_votes[at].push_back(reached ? best_label(columns, one) : Label{});
}

/// Logits of a member on the seeds that it reaches, and their labels.
struct SeedLogits {
  LabelRows<double> logits;
  std::vector<Label> truth{};
};

SeedLogits logits_of_seeds(const Member& member, std::span<const FoldedSeed> seeds,
                           std::optional<int> left_out) {
  const auto chosen = some_seeds(seeds.size(), [&](std::size_t i) {
    return (member.source != Source::graph || seeds[i].fold >= 0) && seeds[i].fold != left_out;
  });
  SeedLogits known{rows_like(member)};
  Candidates columns{member.held_out_scores.num_classes};
  std::vector<double> one;
  for (const std::size_t i : chosen) {
    const LabelRow<float> row = member.held_out_scores[i];
    columns.gather(row);
    one.resize(columns.width());
    if (member.output.logits(row, columns, one)) {
      append(columns, one, known.logits);
      known.truth.push_back(seeds[i].seed.label);
    }
  }
  return known;
}

double temperature_of(const Member& member, const SeedLogits& known) {
  return member.source == Source::votes ? one_coin_temperature(known.logits, known.truth)
                                        : calibrate::fit_temperature(known.logits, known.truth);
}

/// Of dense rows.
calibrate::IsotonicCalibration fit_isotonic(const SeedLogits& known,
                                            const CalibratedOutput& output) {
  const int num_classes = known.logits.num_classes;
  const auto width = to_size(num_classes);
  const Candidates columns{num_classes};
  std::vector<double> probabilities(known.logits.values.size());
  for (std::size_t first = 0; first < probabilities.size(); first += width) {
    output.soften(columns, std::span{known.logits.values}.subspan(first, width),
                  std::span{probabilities}.subspan(first, width));
  }
  return calibrate::fit_isotonic_classes(probabilities, known.truth, num_classes);
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
                              std::optional<int> left_out) {
  return temperature_of(member, logits_of_seeds(member, seeds, left_out));
}

CalibratedOutput fit_output(const Member& member, std::span<const FoldedSeed> seeds,
                            std::optional<int> left_out) {
  const SeedLogits known = logits_of_seeds(member, seeds, left_out);
  CalibratedOutput output = member.output;
  output.fitted_items = count_of(known.truth);
  output.temperature = temperature_of(member, known);
  if (member.source == Source::votes || known.truth.empty()) {
    output.calibration = Calibration::temperature;
  } else if (output.calibration == Calibration::vector) {
    output.vector =
        calibrate::fit_vector_scaling(known.logits.values, known.truth, known.logits.num_classes);
  } else if (output.calibration == Calibration::isotonic) {
    output.isotonic = fit_isotonic(known, output);
  }
  return output;
}

void calibrate(std::span<Member> members, std::span<const FoldedSeed> seeds,
               Calibration calibration) {
  for (Member& member : members) {
    member.output.calibration = calibration;
    member.output = fit_output(member, seeds);
  }
}

double fit_consensus_temperature(std::span<const FoldedSeed> seeds, std::span<const Member> members,
                                 std::span<const CalibratedOutput> outputs,
                                 std::span<const double> class_factors,
                                 std::optional<int> left_out) {
  if (!have_held_out_scores(members, seeds.size())) {
    return 1;
  }
  const auto chosen = some_seeds(
      seeds.size(), [&](std::size_t i) { return seeds[i].fold >= 0 && seeds[i].fold != left_out; });
  LabelRows<double> probabilities = rows_like(members.front());
  std::vector<Label> given;
  SeedMean seed_mean{members, as_factors(class_factors), Candidates{probabilities.num_classes}};
  for (const std::size_t i : chosen) {
    if (seed_mean.combine(outputs, i)) {
      append(seed_mean.columns, seed_mean.mean.values, probabilities);
      given.push_back(seeds[i].seed.label);
    }
  }
  return calibrate::fit_label_noise(probabilities, given).temperature;
}

HeldOutPredictions predict_held_out(std::span<const FoldedSeed> seeds,
                                    std::span<const Member> members,
                                    std::span<const double> class_factors) {
  const LabelRows<double> empty = rows_like(members.front());
  HeldOutPredictions held_out;
  held_out.member_votes.resize(members.size());
  held_out.member_probabilities.resize(members.size(), empty);
  held_out.raw_probabilities.resize(members.size(), empty);
  held_out.probabilities = empty;
  held_out.raw_mean = empty;
  std::vector<CalibratedOutput> raw;
  for (const Member& member : members) {
    raw.push_back(uncalibrated(member.output));
  }
  std::map<int, Calibrations> of_fold;
  const ClassFactors ones{std::vector<double>(class_factors.size(), 1.0)};
  Candidates of_one{empty.num_classes};
  SeedMean seed_mean{members, as_factors(class_factors), Candidates{empty.num_classes}};
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
      predict_by_member(members[m], fitted.members[m], raw[m], i, m, of_one, held_out);
    }
    (void)seed_mean.combine(raw, i);
    append(seed_mean.columns, seed_mean.mean.values, held_out.raw_mean);
    const bool is_reached = seed_mean.combine(fitted.members, i);
    balance(seed_mean.columns, ones, fitted.consensus_temperature, seed_mean.mean.values);
    held_out.consensus.push_back(is_reached ? best_label(seed_mean.columns, seed_mean.mean.values)
                                            : Label{});
    append(seed_mean.columns, seed_mean.mean.values, held_out.probabilities);
  }
  return held_out;
}

}  // namespace kith::ensemble
