#include "kith/ensemble/candidates.hpp"

#include <numeric>
#include <utility>

namespace kith::ensemble {

Candidates::Candidates(int num_classes)
    : num_classes_{num_classes}, num_named_{to_size(num_classes)} {
}

void Candidates::gather(std::span<const LabelRow<float>> rows) {
  constexpr auto kNone = static_cast<std::size_t>(-1);
  for (const Label label : labels_) {
    column_of_[to_size(label)] = kNone;
  }
  labels_.clear();
  has_all_ = std::any_of(rows.begin(), rows.end(), [](const LabelRow<float>& row) {
    return row.labels.empty() && !row.values.empty();
  });
  num_named_ = to_size(num_classes_);
  if (has_all_) {
    return;
  }
  column_of_.resize(to_size(num_classes_), kNone);
  for (const LabelRow<float>& row : rows) {
    for (const Label label : row.labels) {
      if (column_of_[to_size(label)] == kNone) {
        column_of_[to_size(label)] = 0;
        labels_.push_back(label);
      }
    }
  }
  std::sort(labels_.begin(), labels_.end());
  for (std::size_t column = 0; column < labels_.size(); ++column) {
    column_of_[to_size(labels_[column])] = column;
  }
  num_named_ = labels_.size();
}

void Candidates::largest_first(std::span<const double> columns, std::size_t most) {
  order_.resize(width());
  std::iota(order_.begin(), order_.end(), 0U);
  const auto count = static_cast<Count>(std::min(most, num_named_));
  const auto named = order_.begin() + static_cast<Count>(num_named_);  // the last column stays last
  std::partial_sort(order_.begin(), order_.begin() + count, named,
                    [&](std::size_t a, std::size_t b) {
                      return columns[a] != columns[b] ? columns[a] > columns[b] : a < b;
                    });
}

ClassFactors::ClassFactors(std::vector<double> values)
    : values_{std::move(values)}, sum_{std::accumulate(values_.begin(), values_.end(), 0.0)} {
}

double ClassFactors::of_others(const Candidates& columns) const {
  double sum = sum_;
  for (std::size_t column = 0; column < columns.num_named(); ++column) {
    sum -= values_[to_size(columns.label(column))];
  }
  return std::max(0.0, sum) / static_cast<double>(columns.num_others());
}

}  // namespace kith::ensemble
