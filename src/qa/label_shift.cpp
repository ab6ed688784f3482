#include "qa/label_shift.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kith/calibrate/minimize.hpp"
#include "kith/core/random.hpp"
#include "kith/core/softmax.hpp"

namespace kith::qa {
namespace {

constexpr double kFixedPoint = 1e-6;
constexpr double kSmallestProbability = 1e-12;
constexpr double kSmallestPivot = 1e-6;

/// row <- softmax(scale * row + shifts); returns the log of the sum.
double soften(double scale, std::span<const double> shifts, std::span<double> row) {
  for (std::size_t k = 0; k < row.size(); ++k) {
    row[k] = scale * row[k] + shifts[k];
  }
  return softmax(row);
}

double log_of(double probability) {
  return std::log(std::max(probability, kSmallestProbability));
}

std::size_t best_of(std::span<const double> rows, std::size_t row, std::size_t width) {
  const auto one = rows.subspan(row * width, width);
  return to_size(std::max_element(one.begin(), one.end()) - one.begin());
}

/// Solves a x = b in place by elimination with row pivots; false if a pivot is too small.
bool solve(std::vector<double>& a, std::vector<double>& b) {
  const std::size_t n = b.size();
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column; row < n; ++row) {
      pivot = std::abs(a[row * n + column]) > std::abs(a[pivot * n + column]) ? row : pivot;
    }
    if (std::abs(a[pivot * n + column]) < kSmallestPivot) {
      return false;
    }
    std::swap_ranges(a.begin() + static_cast<Count>(column * n),
                     a.begin() + static_cast<Count>((column + 1) * n),
                     a.begin() + static_cast<Count>(pivot * n));
    std::swap(b[column], b[pivot]);
    for (std::size_t row = 0; row < n; ++row) {
      const double factor = row == column ? 0.0 : a[row * n + column] / a[column * n + column];
      for (std::size_t k = column; k < n && factor != 0; ++k) {
        a[row * n + k] -= factor * a[column * n + k];
      }
      b[row] -= factor * b[column];
    }
  }
  for (std::size_t row = 0; row < n; ++row) {
    b[row] /= a[row * n + row];
  }
  return true;
}

}  // namespace

std::vector<double> maximize_shares(const SharesProblem& problem, int most_steps) {
  const std::size_t width = problem.source.size();
  const auto items = static_cast<double>(problem.probabilities.size() / width);
  std::vector<double> shares = problem.centre;
  std::vector<double> ratio(width);
  std::vector<double> row(width);
  for (int step = 0; step < most_steps; ++step) {
    for (std::size_t k = 0; k < width; ++k) {
      ratio[k] = problem.source[k] > 0 ? shares[k] / problem.source[k] : 0.0;
    }
    std::vector<double> sums(width, 0.0);
    for (std::size_t first = 0; first < problem.probabilities.size(); first += width) {
      double total = 0;
      for (std::size_t k = 0; k < width; ++k) {
        row[k] = problem.probabilities[first + k] * ratio[k];
        total += row[k];
      }
      for (std::size_t k = 0; k < width && total > 0; ++k) {
        sums[k] += row[k] / total;
      }
    }
    double moved = 0;
    for (std::size_t k = 0; k < width; ++k) {
      const double prior = problem.strength * items * problem.centre[k];
      const double share = (sums[k] + prior) / (items * (1 + problem.strength));
      moved = std::max(moved, std::abs(share - shares[k]));
      shares[k] = share;
    }
    if (moved < kFixedPoint) {
      break;
    }
  }
  return shares;
}

std::vector<double> BiasCorrection::apply(std::span<const double> rows) const {
  std::vector<double> corrected;
  corrected.reserve(rows.size());
  std::transform(rows.begin(), rows.end(), std::back_inserter(corrected), log_of);
  for (std::size_t first = 0; first < corrected.size(); first += shifts.size()) {
    (void)soften(scale, shifts, std::span{corrected}.subspan(first, shifts.size()));
  }
  return corrected;
}

BiasCorrection fit_bias_correction(std::span<const double> probabilities,
                                   std::span<const Label> truth, std::span<const double> weights,
                                   std::size_t num_classes) {
  std::vector<double> logs(probabilities.size());
  std::transform(probabilities.begin(), probabilities.end(), logs.begin(), log_of);
  std::vector<double> row(num_classes);
  const calibrate::SmoothLoss loss = [&](std::span<const double> point,
                                         std::span<double> gradient) {
    const double scale = std::exp(point[0]);
    double value = 0;
    for (std::size_t k = 0; k < point.size(); ++k) {
      value += point[k] * point[k] / 2;
      gradient[k] = point[k];
    }
    for (std::size_t i = 0; i < truth.size(); ++i) {
      if (weights[i] == 0) {
        continue;  // a resample leaves a third of the items out
      }
      const auto given = std::span{logs}.subspan(i * num_classes, num_classes);
      std::copy(given.begin(), given.end(), row.begin());
      const std::size_t label = to_size(truth[i]);
      const double of_label = scale * row[label] + point[1 + label];
      value += weights[i] * (soften(scale, point.subspan(1), row) - of_label);
      for (std::size_t k = 0; k < num_classes; ++k) {
        const double rest = weights[i] * (row[k] - (k == label ? 1.0 : 0.0));
        gradient[0] += rest * scale * given[k];
        gradient[1 + k] += rest;
      }
    }
    return value;
  };
  const std::vector<double> point =
      calibrate::minimize(loss, std::vector<double>(1 + num_classes, 0.0));
  return {std::exp(point[0]), {point.begin() + 1, point.end()}};
}

LabelResampler::LabelResampler(std::span<const Label> truth, std::size_t num_classes,
                               std::uint64_t seed)
    : of_class_(num_classes), num_items_{truth.size()}, seed_{seed} {
  for (std::size_t i = 0; i < truth.size(); ++i) {
    of_class_[to_size(truth[i])].push_back(i);
  }
}

std::vector<double> LabelResampler::weights(int draw) const {
  std::vector<double> weights(num_items_, 0.0);
  for (const std::vector<std::size_t>& items : of_class_) {
    for (const std::size_t place : items) {
      const double u =
          random_uniform(seed_, Purpose::statistics_bootstrap, static_cast<std::int64_t>(place),
                         static_cast<std::uint64_t>(draw));
      weights[items[static_cast<std::size_t>(u * static_cast<double>(items.size()))]] += 1;
    }
  }
  return weights;
}

std::vector<double> sparse_rows(std::span<const double> rows, std::size_t width, std::size_t most) {
  const std::size_t num_rows = rows.size() / width;
  const std::size_t step = std::max<std::size_t>(1, (num_rows + most - 1) / most);
  std::vector<double> some;
  for (std::size_t row = 0; row < num_rows; row += step) {
    const auto one = rows.subspan(row * width, width);
    some.insert(some.end(), one.begin(), one.end());
  }
  return some;
}

std::vector<double> shares_by_confusion(std::span<const double> corpus,
                                        std::span<const double> held_out,
                                        std::span<const Label> truth, std::size_t num_classes) {
  const std::size_t width = num_classes;
  std::vector<double> confusion(width * width, 0.0);
  std::vector<double> of_class(width, 0.0);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    confusion[best_of(held_out, i, width) * width + to_size(truth[i])] += 1;
    of_class[to_size(truth[i])] += 1;
  }
  std::vector<double> shares(width, 0.0);
  for (std::size_t at = 0; at < confusion.size(); ++at) {
    confusion[at] /= std::max(1.0, of_class[at % width]);
  }
  for (std::size_t row = 0; row < corpus.size() / width; ++row) {
    shares[best_of(corpus, row, width)] += 1;
  }
  if (!solve(confusion, shares)) {
    return {};
  }
  double total = 0;
  for (double& share : shares) {
    share = std::max(0.0, share);
    total += share;
  }
  for (double& share : shares) {
    share /= total;
  }
  return shares;
}

}  // namespace kith::qa
