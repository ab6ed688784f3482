// How sharp scores are to be, so that softmax makes probabilities of them.
#pragma once

#include <span>
#include <vector>

#include "heads/training.hpp"

namespace kith::heads {

/// Scores of rows whose labels are known.
struct ScoredRows {
  int num_columns = 0;
  std::vector<float> scores;  // rows x columns
  std::vector<std::size_t> offsets{0};
  std::vector<Target> targets;  // of row i: offsets[i]..offsets[i + 1]

  [[nodiscard]] std::size_t num_rows() const { return offsets.size() - 1; }
};

/// Scores every `step`-th row of a range: x.v + offset, v one of `vectors`, a column each. Labels
/// of columns whose offset is -infinity are left out. Weights are those of `whole`.
void add_scores(const Part& whole, RowRange range, Count step, std::span<const float> vectors,
                std::span<const float> offsets, ScoredRows& scored);
/// That leaves enough rows to choose a few numbers by, and not many more.
[[nodiscard]] Count scoring_step(const Data& data);

/// Probabilities are softmax(tau scores + shifts).
struct Sharpness {
  double tau = 1;
  std::vector<double> shifts;  // one a column
  double log_loss = 0;         // mean, with the penalties
};

/// Smallest sum of w CE + log(tau / usual)^2 / 2 + |shifts|^2 / 2: the penalties keep both finite
/// where every row is right. Shifts are 0 unless asked for.
[[nodiscard]] Sharpness fit_sharpness(const ScoredRows& rows, double usual, bool has_shifts);

/// The same for linear models of the folds, on the rows that they have not learned from.
[[nodiscard]] Sharpness fit_sharpness(const Part& whole, std::span<const Model> folds,
                                      double usual);
/// Multiplies weights and biases of all models with tau.
void sharpen(Fits& fits, double tau);

}  // namespace kith::heads
