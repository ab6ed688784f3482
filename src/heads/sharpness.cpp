#include "heads/sharpness.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kith/calibrate/minimize.hpp"
#include "kith/core/parallel.hpp"
#include "kith/distance/panels.hpp"
#include "kith/distance/products.hpp"

namespace kith::heads {
namespace {

/// A point is log(tau / usual) and then the shifts, if there are any.
class SharpnessLoss {
 public:
  SharpnessLoss(const ScoredRows& rows, double usual)
      : rows_{rows}, usual_{usual}, probabilities_(to_size(rows.num_columns)) {
    for (const Target& target : rows.targets) {
      total_ += target.weight;
    }
  }

  double at(std::span<const double> point, std::span<double> gradient) {
    const double tau = usual_ * std::exp(point[0]);
    double value = 0;
    std::fill(gradient.begin(), gradient.end(), 0.0);
    for (std::size_t row = 0; row < rows_.num_rows(); ++row) {
      value += add_row(row, tau, point.subspan(1), gradient);
    }
    for (std::size_t i = 0; i < point.size(); ++i) {
      value += point[i] * point[i] / 2;
      gradient[i] = (gradient[i] + point[i]) / total_;
    }
    return value / total_;
  }

 private:
  double add_row(std::size_t row, double tau, std::span<const double> shifts,
                 std::span<double> gradient) {
    const std::size_t columns = probabilities_.size();
    const auto scores = std::span{rows_.scores}.subspan(row * columns, columns);
    const auto logit = [&](std::size_t k) {
      return tau * double{scores[k]} + (shifts.empty() ? 0.0 : shifts[k]);
    };
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < columns; ++k) {
      largest = std::max(largest, logit(k));
    }
    double sum = 0;
    for (std::size_t k = 0; k < columns; ++k) {
      probabilities_[k] = std::exp(logit(k) - largest);
      sum += probabilities_[k];
    }
    double weight = 0;
    double value = 0;
    for (std::size_t at = rows_.offsets[row]; at < rows_.offsets[row + 1]; ++at) {
      const Target& target = rows_.targets[at];
      const std::size_t k = to_size(target.column);
      weight += target.weight;
      value += target.weight * (std::log(sum) + largest - logit(k));
      add_gradient(k, -target.weight, tau * double{scores[k]}, gradient);
    }
    for (std::size_t k = 0; k < columns; ++k) {
      const double share = weight * probabilities_[k] / sum;
      if (share > 0) {
        add_gradient(k, share, tau * double{scores[k]}, gradient);
      }
    }
    return value;
  }

  static void add_gradient(std::size_t column, double residual, double scaled,
                           std::span<double> gradient) {
    gradient[0] += residual * scaled;  // d tau / d log tau = tau
    if (gradient.size() > 1) {
      gradient[1 + column] += residual;
    }
  }

  const ScoredRows& rows_;
  double usual_;
  double total_ = 0;
  std::vector<double> probabilities_;
};

}  // namespace

void add_scores(const Part& whole, RowRange range, Count step, std::span<const float> vectors,
                std::span<const float> offsets, ScoredRows& scored) {
  constexpr float kFar = -1e30F;
  constexpr Count kRowsAtOnce = 96;
  const Data& data = *whole.data;
  std::vector<float> rows;
  for (Count row = range.begin; row < range.end; row += step) {
    rows.insert(rows.end(), data.row(row).begin(), data.row(row).end());
    for (const Target& target : data.targets_of(row)) {
      const std::size_t k = to_size(target.column);
      if (std::isfinite(offsets[k])) {
        scored.targets.push_back({target.column, target.weight * whole.factors[k]});
      }
    }
    scored.offsets.push_back(scored.targets.size());
  }
  distance::Panels panels;
  panels.pack(vectors, data.dim, distance::Nearness::inner_product);
  const std::size_t columns = offsets.size();
  const std::size_t first = scored.scores.size();
  const Count num_rows = count_of(rows) / data.dim;
  scored.scores.resize(first + to_size(num_rows) * columns);
  parallel_for(num_rows, kRowsAtOnce, [&](Count begin, Count end) {
    const auto own = std::span{scored.scores}.subspan(first + to_size(begin) * columns,
                                                      to_size(end - begin) * columns);
    const auto some = std::span<const float>{rows}.subspan(to_size(begin * data.dim),
                                                           to_size((end - begin) * data.dim));
    distance::inner_products(panels, some, own);
    for (std::size_t at = 0; at < own.size(); ++at) {
      const float offset = offsets[at % columns];
      own[at] = std::isfinite(offset) ? own[at] + offset : kFar;
    }
  });
}

Count scoring_step(const Data& data) {
  constexpr Count kMostScores = Count{4} << 20;
  return data.num_rows() * data.num_columns() / kMostScores + 1;
}

Sharpness fit_sharpness(const ScoredRows& rows, double usual, bool has_shifts) {
  const std::size_t columns = to_size(rows.num_columns);
  Sharpness sharpness{usual, std::vector<double>(columns, 0.0)};
  if (rows.targets.empty()) {
    return sharpness;
  }
  SharpnessLoss loss{rows, usual};
  const std::vector<double> start(has_shifts ? 1 + columns : 1, 0.0);
  const std::vector<double> point =
      calibrate::minimize([&](auto at, auto gradient) { return loss.at(at, gradient); }, start,
                          {.gradient = 1e-7, .decrease = 1e-10, .max_iterations = 200});
  sharpness.tau = usual * std::exp(point[0]);
  std::vector<double> gradient(point.size());
  sharpness.log_loss = loss.at(point, gradient);
  if (has_shifts) {
    sharpness.shifts.assign(point.begin() + 1, point.end());
  }
  return sharpness;
}

Sharpness fit_sharpness(const Part& whole, std::span<const Model> folds, double usual) {
  const Data& data = *whole.data;
  const std::size_t dim = to_size(data.dim);
  ScoredRows scored{data.num_columns(), {}, {0}, {}};
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    std::vector<float> vectors;
    std::vector<float> offsets;
    for (const Label label : data.classes) {
      const auto row = std::span{folds[fold].weights}.subspan(to_size(label) * dim, dim);
      vectors.insert(vectors.end(), row.begin(), row.end());
      offsets.push_back(folds[fold].biases[to_size(label)]);
    }
    add_scores(whole, data.fold_rows[fold], scoring_step(data), vectors, offsets, scored);
  }
  return fit_sharpness(scored, usual, false);
}

void sharpen(Fits& fits, double tau) {
  const auto scale = [&](Model& model) {
    for (std::vector<float>* values : {&model.weights, &model.biases}) {
      for (float& value : *values) {
        value *= static_cast<float>(tau);
      }
    }
    model.parameters["tau"] = tau;
  };
  scale(fits.model);
  std::for_each(fits.folds.begin(), fits.folds.end(), scale);
}

}  // namespace kith::heads
