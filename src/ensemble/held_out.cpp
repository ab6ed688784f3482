#include "ensemble/held_out.hpp"

#include <algorithm>
#include <cmath>

#include "kith/calibrate/label_noise.hpp"
#include "kith/calibrate/temperature.hpp"
#include "kith/qa/calibration.hpp"

namespace kith::ensemble {
namespace {

constexpr double kLargestTemperature = 1e6;

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

/// Logits of a member on the seeds that it reaches, and their labels.
struct SeedLogits {
  LabelRows<double> logits;
  std::vector<Label> truth{};
};

SeedLogits logits_of_seeds(const Member& member, std::span<const FoldedSeed> seeds,
                           std::optional<int> left_out) {
  const auto chosen = some_seeds(seeds, kEnoughSeeds, [&](const FoldedSeed& seed) {
    return (is_external(member.source) || seed.fold >= 0) && seed.fold != left_out;
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
  return member.source == Source::votes
             ? one_coin_temperature(known.logits, known.truth)
             : calibrate::fit_temperature(known.logits, known.truth,
                                          member.output.neutral_temperature);
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

}  // namespace kith::ensemble
