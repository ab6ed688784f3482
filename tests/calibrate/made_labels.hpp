/// Labels and probabilities of known calibration and noise.
#pragma once

#include <cmath>
#include <vector>

#include "kith/core/random.hpp"
#include "kith/core/types.hpp"

namespace kith::calibrate::test {

/// Items that are drawn from p, between easy and hard ones; the probabilities shown are
/// p^temperature, normalized, so that `temperature` undoes it. A share `rate` of the labels is
/// another class.
struct MadeLabels {
  std::vector<double> probabilities;
  std::vector<Label> truth;
  std::vector<Label> given;
  int num_classes;

  MadeLabels(int corpus, int count, int classes, double rate, double temperature)
      : num_classes{classes} {
    for (int i = 0; i < count; ++i) {
      const auto uniform = [&](int draw) {
        return random_uniform(991 + static_cast<std::uint64_t>(corpus), Purpose::pilot_sample, i,
                              static_cast<std::uint64_t>(draw));
      };
      std::vector<double> p;
      double sum = 0;
      const double sharpness = 2 + 28 * uniform(0);
      for (int k = 0; k < classes; ++k) {
        p.push_back(std::exp(sharpness * uniform(4 + k)));
        sum += p.back();
      }
      int label = 0;
      double left = uniform(1) * sum;
      while (label + 1 < classes && left >= p[to_size(label)]) {
        left -= p[to_size(label++)];
      }
      truth.emplace_back(label);
      const int other = static_cast<int>(uniform(2) * (classes - 1));
      given.emplace_back(uniform(3) < rate ? other + (other >= label ? 1 : 0) : label);
      double shown = 0;
      for (double& value : p) {
        value = std::pow(value / sum, temperature);
        shown += value;
      }
      for (const double value : p) {
        probabilities.push_back(value / shown);
      }
    }
  }
};

}  // namespace kith::calibrate::test
