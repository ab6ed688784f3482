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
  // The smallest score stands for zero in the readout's logarithm.
  const double gap = -std::log(kSmallestScore);
  return log_odds > 0 ? std::min(gap / log_odds, kLargestTemperature) : kLargestTemperature;
}

/// The members on one seed.
struct Hearing {
  std::span<const Member> members;
  ClassFactors class_factors;
  Candidates columns;
  Mean mean{};
  std::vector<LabelRow<float>> rows{};
  std::vector<double> one{};

  /// Sets columns and mean, as probabilities at temperature 1 of the consensus; false and even
  /// shares if nothing reached it.
  bool hear(std::span<const Readout> readouts, std::size_t seed) {
    rows.clear();
    for (const Member& member : members) {
      rows.push_back(member.held_out_scores[seed]);
    }
    columns.gather(rows);
    one.resize(columns.width());
    mean.clear(columns.width());
    bool heard = false;
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (readouts[m].probabilities(rows[m], columns, one)) {
        heard = true;
        mean.add(one, members[m].config.weight);
      }
    }
    mean.finish();
    if (mean.weight == 0) {
      std::fill(mean.values.begin(), mean.values.end(), 1.0 / columns.num_classes());
    }
    balance(columns, class_factors, 1, mean.values);
    return heard;
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
  std::vector<Readout> members;
  double consensus_temperature = 1;
};

Calibrations fit_without(std::span<const FoldedSeed> seeds, std::span<const Member> members,
                         std::span<const double> class_factors, int fold) {
  Calibrations fitted;
  for (const Member& member : members) {
    fitted.members.push_back(fit_readout(member, seeds, fold));
  }
  fitted.consensus_temperature =
      fit_consensus_temperature(seeds, members, fitted.members, class_factors, fold);
  return fitted;
}

/// As the member's scores come, with class mass alone.
Readout uncalibrated(const Readout& readout) {
  Readout raw;
  raw.takes_log = readout.takes_log;
  raw.factors = readout.factors;
  return raw;
}

/// Adds what one member says of a seed.
void predict_by_member(const Member& member, const Readout& fitted, const Readout& raw,
                       std::size_t seed, std::size_t at, Candidates& columns,
                       HeldOutPredictions& held_out) {
  const LabelRow<float> row = member.held_out_scores[seed];
  columns.gather(row);
  std::vector<double> one(columns.width());
  const auto keep = [&](const Readout& readout, LabelRows<double>& all) {
    const bool reached = readout.probabilities(row, columns, one);
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

/// Logits of seeds that a member speaks on, and their labels.
struct Spoken {
  LabelRows<double> logits;
  std::vector<Label> truth{};
};

Spoken hear_member(const Member& member, std::span<const FoldedSeed> seeds,
                   std::optional<int> left_out) {
  const auto chosen = some_seeds(seeds.size(), [&](std::size_t i) {
    return (member.source != Source::graph || seeds[i].fold >= 0) && seeds[i].fold != left_out;
  });
  Spoken spoken{rows_like(member)};
  Candidates columns{member.held_out_scores.num_classes};
  std::vector<double> one;
  for (const std::size_t i : chosen) {
    const LabelRow<float> row = member.held_out_scores[i];
    columns.gather(row);
    one.resize(columns.width());
    if (member.readout.logits(row, columns, one)) {
      append(columns, one, spoken.logits);
      spoken.truth.push_back(seeds[i].seed.label);
    }
  }
  return spoken;
}

double temperature_of(const Member& member, const Spoken& spoken) {
  return member.source == Source::votes ? one_coin_temperature(spoken.logits, spoken.truth)
                                        : qa::fit_temperature(spoken.logits, spoken.truth);
}

/// Of dense rows.
qa::IsotonicCalibration fit_isotonic(const Spoken& spoken, const Readout& readout) {
  const int num_classes = spoken.logits.num_classes;
  const auto width = to_size(num_classes);
  const Candidates columns{num_classes};
  std::vector<double> probabilities(spoken.logits.values.size());
  for (std::size_t first = 0; first < probabilities.size(); first += width) {
    readout.soften(columns, std::span{spoken.logits.values}.subspan(first, width),
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
                              std::optional<int> left_out) {
  return temperature_of(member, hear_member(member, seeds, left_out));
}

Readout fit_readout(const Member& member, std::span<const FoldedSeed> seeds,
                    std::optional<int> left_out) {
  const Spoken spoken = hear_member(member, seeds, left_out);
  Readout readout = member.readout;
  readout.fitted_items = count_of(spoken.truth);
  readout.temperature = temperature_of(member, spoken);
  if (member.source == Source::votes || spoken.truth.empty()) {
    readout.calibration = Calibration::temperature;
  } else if (readout.calibration == Calibration::vector) {
    readout.vector =
        qa::fit_vector_scaling(spoken.logits.values, spoken.truth, spoken.logits.num_classes);
  } else if (readout.calibration == Calibration::isotonic) {
    readout.isotonic = fit_isotonic(spoken, readout);
  }
  return readout;
}

void calibrate(std::span<Member> members, std::span<const FoldedSeed> seeds,
               Calibration calibration) {
  for (Member& member : members) {
    member.readout.calibration = calibration;
    member.readout = fit_readout(member, seeds);
  }
}

double fit_consensus_temperature(std::span<const FoldedSeed> seeds, std::span<const Member> members,
                                 std::span<const Readout> readouts,
                                 std::span<const double> class_factors,
                                 std::optional<int> left_out) {
  if (!have_held_out_scores(members, seeds.size())) {
    return 1;
  }
  const auto chosen = some_seeds(
      seeds.size(), [&](std::size_t i) { return seeds[i].fold >= 0 && seeds[i].fold != left_out; });
  LabelRows<double> probabilities = rows_like(members.front());
  std::vector<Label> given;
  Hearing hearing{members, as_factors(class_factors), Candidates{probabilities.num_classes}};
  for (const std::size_t i : chosen) {
    if (hearing.hear(readouts, i)) {
      append(hearing.columns, hearing.mean.values, probabilities);
      given.push_back(seeds[i].seed.label);
    }
  }
  return qa::fit_label_noise(probabilities, given).temperature;
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
  std::vector<Readout> raw;
  for (const Member& member : members) {
    raw.push_back(uncalibrated(member.readout));
  }
  std::map<int, Calibrations> of_fold;
  const ClassFactors ones{std::vector<double>(class_factors.size(), 1.0)};
  Candidates of_one{empty.num_classes};
  Hearing hearing{members, as_factors(class_factors), Candidates{empty.num_classes}};
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
    (void)hearing.hear(raw, i);
    append(hearing.columns, hearing.mean.values, held_out.raw_mean);
    const bool heard = hearing.hear(fitted.members, i);
    balance(hearing.columns, ones, fitted.consensus_temperature, hearing.mean.values);
    held_out.consensus.push_back(heard ? best_label(hearing.columns, hearing.mean.values)
                                       : Label{});
    append(hearing.columns, hearing.mean.values, held_out.probabilities);
  }
  return held_out;
}

}  // namespace kith::ensemble
