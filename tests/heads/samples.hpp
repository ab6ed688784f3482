/// Training sets, and what models make of rows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kith/core/random.hpp"
#include "kith/heads/heads.hpp"

namespace kith::heads {

inline const Method& named(const std::string& name) {
  return *find_method(name);
}

/// Noise around one corner a class, dealt into folds class by class.
inline TrainingSet clouds(int num_classes, int rows_a_class, int dim, int num_folds,
                          std::uint64_t seed = 1) {
  TrainingSet training{dim, num_classes, {}, {}, {}, {}};
  for (int i = 0; i < num_classes * rows_a_class; ++i) {
    const int label = i % num_classes;
    for (int j = 0; j < dim; ++j) {
      const double noise = random_uniform(seed, Purpose::tie, i, static_cast<std::uint64_t>(j));
      training.vectors.push_back(
          static_cast<float>(noise - 0.5 + (j % num_classes == label ? 0.4 : 0.0)));
    }
    training.labels.push_back({i, Label{label}, 1.0F});
    training.folds.push_back(num_folds > 0 ? (i / num_classes + label) % num_folds : -1);
  }
  return training;
}

inline LabelRows<float> predict(const Model& model, std::span<const float> rows,
                                int top = 1 << 20) {
  LabelRows<float> out{model.num_classes, top};
  out.resize(rows.size() / to_size(model.dim));
  Predictor{model}.predict(distance::RowType::f32, std::as_bytes(rows), out, 0);
  return out;
}

}  // namespace kith::heads
