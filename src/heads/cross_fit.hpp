// Log-loss of models on rows that they have not learned from.
#pragma once

#include <span>

#include "heads/training.hpp"

namespace kith::heads {

/// A sum over labels and the sum of their weights.
struct LossSum {
  double loss = 0;
  double weight = 0;

  void add(const LossSum& other) {
    loss += other.loss;
    weight += other.weight;
  }
  [[nodiscard]] double mean() const { return weight > 0 ? loss / weight : 0.0; }
};

/// -log p, not above that of a very small p: one row must not decide.
[[nodiscard]] double log_loss_of(double probability);

/// Of the rows of a fold under a model. factors: class weights, one a column.
[[nodiscard]] LossSum held_out_loss(const Data& data, std::span<const double> factors, int fold,
                                    const Model& model);

}  // namespace kith::heads
