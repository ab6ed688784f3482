#include "heads/cross_fit.hpp"

#include <algorithm>
#include <cmath>

namespace kith::heads {

double log_loss_of(double probability) {
  constexpr double kLeast = 1e-7;
  return -std::log(std::max(probability, kLeast));
}

LossSum held_out_loss(const Data& data, std::span<const double> factors, int fold,
                      const Model& model) {
  constexpr Count kMostRows = 1024;
  const Predictor predictor{model};
  const RowRange range = data.fold_rows[to_size(fold)];
  LossSum sum;
  for (Count begin = range.begin; begin < range.end; begin += kMostRows) {
    const RowRange some{begin, std::min(range.end, begin + kMostRows)};
    LabelRows<float> rows{data.num_classes, data.num_classes};
    rows.resize(to_size(some.size()));
    predictor.predict(distance::RowType::f32, std::as_bytes(data.rows_of(some)), rows, 0);
    for (Count row = some.begin; row < some.end; ++row) {
      const LabelRow<float> probabilities = rows[to_size(row - some.begin)];
      for (const Target& target : data.targets_of(row)) {
        const double weight = target.weight * factors[to_size(target.column)];
        const Label label = data.classes[to_size(target.column)];
        sum.add({weight * log_loss_of(double{probabilities[label]}), weight});
      }
    }
  }
  return sum;
}

}  // namespace kith::heads
