#include "kith/calibrate/temperature.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kith::calibrate {
namespace {

constexpr double kLowestTemperature = 0.05;
constexpr double kHighestTemperature = 20;
constexpr int kSearchSteps = 60;

double largest_value(const LabelRow<double>& row) {
  const double named =
      row.values.empty() ? row.other : *std::max_element(row.values.begin(), row.values.end());
  return row.num_others() > 0 ? std::max(named, row.other) : named;
}

/// Mean over items of -log softmax(logits / temperature)[label].
double loss_at(const LabelRows<double>& logits, std::span<const Label> truth, double temperature) {
  double loss = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const LabelRow<double> row = logits[i];
    const double largest = largest_value(row);
    double sum = 0;
    for (const double logit : row.values) {
      sum += std::exp((logit - largest) / temperature);
    }
    if (row.num_others() > 0) {
      sum += static_cast<double>(row.num_others()) * std::exp((row.other - largest) / temperature);
    }
    loss += std::log(sum) - (row[truth[i]] - largest) / temperature;
  }
  return loss / static_cast<double>(truth.size());
}

}  // namespace

double fit_temperature(const LabelRows<double>& logits, std::span<const Label> truth,
                       double neutral) {
  if (truth.empty()) {
    return neutral;
  }
  const double centre = std::log(neutral);
  const auto loss = [&](double log_temperature) {
    const double away = log_temperature - centre;
    return loss_at(logits, truth, std::exp(log_temperature)) +
           away * away / (2 * static_cast<double>(truth.size()));
  };
  const double ratio = 1 / std::numbers::phi;
  double low = centre + std::log(kLowestTemperature);
  double high = centre + std::log(kHighestTemperature);
  double left = high - ratio * (high - low);
  double right = low + ratio * (high - low);
  double left_loss = loss(left);
  double right_loss = loss(right);
  for (int step = 0; step < kSearchSteps; ++step) {
    if (left_loss < right_loss) {
      high = right;
      right = left;
      right_loss = left_loss;
      left = high - ratio * (high - low);
      left_loss = loss(left);
    } else {
      low = left;
      left = right;
      left_loss = right_loss;
      right = low + ratio * (high - low);
      right_loss = loss(right);
    }
  }
  return std::exp((low + high) / 2);
}

}  // namespace kith::calibrate
