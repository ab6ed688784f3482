// What heads learn from, made ready: rows sorted by fold, classes numbered that have a seed.
#pragma once

#include <span>
#include <vector>

#include "kith/heads/heads.hpp"

namespace kith::heads {

struct RowRange {
  Count begin = 0;
  Count end = 0;
  [[nodiscard]] Count size() const { return end - begin; }
};

/// A label of a row. `column` numbers the classes that have a seed.
struct Target {
  std::int32_t column = 0;
  double weight = 1;
};

/// Rows without a label are left out.
struct Data {
  Count dim = 0;
  int num_classes = 0;
  std::vector<Label> classes;  // of each column, ascending
  std::vector<float> rows;     // num_rows x dim; of unit length if the configuration asks for it
  std::vector<std::size_t> offsets;
  std::vector<Target> targets;      // of row i: offsets[i]..offsets[i + 1]
  std::vector<RowRange> fold_rows;  // of each fold; rows that are never held out stand before them

  [[nodiscard]] Count num_rows() const { return count_of(offsets) - 1; }
  [[nodiscard]] int num_columns() const { return static_cast<int>(classes.size()); }
  [[nodiscard]] int num_folds() const { return static_cast<int>(fold_rows.size()); }
  [[nodiscard]] std::span<const float> row(Count index) const {
    return std::span{rows}.subspan(to_size(index * dim), to_size(dim));
  }
  [[nodiscard]] std::span<const float> rows_of(RowRange range) const {
    return std::span{rows}.subspan(to_size(range.begin * dim), to_size(range.size() * dim));
  }
  [[nodiscard]] std::span<const Target> targets_of(Count row) const {
    const std::size_t begin = offsets[to_size(row)];
    return std::span{targets}.subspan(begin, offsets[to_size(row) + 1] - begin);
  }
};

/// Throws Error if the training set is not as its description says.
void check(const TrainingSet& training);
[[nodiscard]] Data make_data(const TrainingSet& training, const FitConfig& config);

/// The rows of `data` without those of a fold, in order. fold -1: all rows.
struct Part {
  const Data* data = nullptr;
  int fold = -1;
  std::vector<RowRange> ranges;  // not empty, ascending
  std::vector<double> factors;   // of each column: its class weight; 0 = the part has no such row
  std::vector<double> totals;    // of each column: the weights of its rows times the factor

  [[nodiscard]] bool has(int column) const { return totals[to_size(column)] > 0; }
  [[nodiscard]] double total() const;
  /// Pieces of the ranges of at most `most` rows.
  [[nodiscard]] std::vector<RowRange> chunks(Count most) const;
};
[[nodiscard]] Part part_without(const Data& data, int fold, const FitConfig& config);

/// What takes a part's columns to mean 0 and variance 1, by weight. Constant columns become 0.
struct Standardization {
  std::vector<double> mean;
  std::vector<double> inverse_scale;
};
[[nodiscard]] Standardization standardize(const Part& part);

/// The standard form's weights (columns x dim) and biases for the rows as they are.
[[nodiscard]] Model linear_model(const Part& part, const Standardization& standard,
                                 std::span<const double> weights, std::span<const double> biases);

/// A model without anything learned.
[[nodiscard]] Model empty_model(const Data& data);

}  // namespace kith::heads
