/// What members say of seeds that they had not seen, and the temperatures that follow from it.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {

/// The temperature of one member from the seeds that its held-out scores cover, those of fold
/// `left_out` excepted: of least negative log likelihood (Guo et al., ICML 2017) plus t^2 / 2, with
/// t = log(temperature / the output's neutral one), which is the temperature if there are none; for
/// votes that of the share of right ones. One number needs no more than 20,000 seeds: of more,
/// every n-th is taken.
[[nodiscard]] double fit_member_temperature(const Member& member, std::span<const FoldedSeed> seeds,
                                            std::optional<int> left_out = std::nullopt);

/// As the member's output, with its calibration fitted on the same seeds; bare votes have a
/// temperature only.
[[nodiscard]] CalibratedOutput fit_output(const Member& member, std::span<const FoldedSeed> seeds,
                                          std::optional<int> left_out = std::nullopt);

inline constexpr std::size_t kEnoughSeeds = 20000;

/// At most `most` seeds that pass, evenly spaced.
template <class Passes>
[[nodiscard]] std::vector<std::size_t> some_seeds(std::span<const FoldedSeed> seeds,
                                                  std::size_t most, Passes&& passes) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (passes(seeds[i])) {
      all.push_back(i);
    }
  }
  const std::size_t step = std::max<std::size_t>(1, (all.size() + most - 1) / most);
  std::vector<std::size_t> some;
  for (std::size_t i = 0; i < all.size(); i += step) {
    some.push_back(all[i]);
  }
  return some;
}

/// Are weights and class shares estimated? They need rows of all classes, and not too many of them.
[[nodiscard]] inline bool takes_all_classes(const LabelRows<float>& rows) {
  return rows.is_dense() && rows.num_classes <= kMostDenseClasses;
}

/// No rows yet, of the form that the members' have.
[[nodiscard]] inline LabelRows<double> rows_like(const Member& member) {
  return {member.held_out_scores.num_classes, member.held_out_scores.width};
}

/// Adds a row of columns.
inline void append(Candidates& columns, std::span<const double> values, LabelRows<double>& rows) {
  rows.resize(rows.size() + 1);
  columns.store(values, rows.size() - 1, rows);
}

}  // namespace kith::ensemble
