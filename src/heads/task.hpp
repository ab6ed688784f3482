// What a method is asked for.
#pragma once

#include "heads/training.hpp"

namespace kith::heads {

struct Task {
  const Data& data;
  const TrainingSet& training;
  const FitConfig& config;

  [[nodiscard]] double parameter(const Parameter& parameter) const;
  [[nodiscard]] Part part(int fold) const { return part_without(data, fold, config); }
};

}  // namespace kith::heads
