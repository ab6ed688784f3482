/// The classes that are worked with for one item.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <span>
#include <vector>

#include "kith/core/label_rows.hpp"

namespace kith::ensemble {

/// One column a class that some row of the item names, in order, and a last one that stands for
/// each of the others, if there are others. Of dense rows: one column a class.
class Candidates {
 public:
  /// All classes.
  explicit Candidates(int num_classes);

  /// The classes that any of the rows names. Cost: their number, not that of all classes.
  void gather(std::span<const LabelRow<float>> rows);
  void gather(const LabelRow<float>& row) { gather(std::span{&row, 1}); }

  [[nodiscard]] std::size_t width() const { return num_named_ + (num_others() > 0 ? 1 : 0); }
  [[nodiscard]] std::size_t num_named() const { return num_named_; }
  [[nodiscard]] Count num_others() const { return num_classes_ - static_cast<Count>(num_named_); }
  [[nodiscard]] int num_classes() const { return num_classes_; }
  /// Of a column before num_named().
  [[nodiscard]] Label label(std::size_t column) const {
    return has_all_ ? Label{static_cast<std::int32_t>(column)} : labels_[column];
  }
  /// How many classes a column stands for.
  [[nodiscard]] double times(std::size_t column) const {
    return column < num_named_ ? 1.0 : static_cast<double>(num_others());
  }
  /// Writes one value a column. The row names candidates only.
  template <class T>
  void spread(const LabelRow<T>& row, std::span<double> columns) const {
    if (has_all_ && row.num_others() == 0 && row.labels.empty()) {
      std::copy(row.values.begin(), row.values.end(), columns.begin());
      return;
    }
    std::fill(columns.begin(), columns.end(), double{row.other});
    for (std::size_t entry = 0; entry < row.values.size(); ++entry) {
      columns[column_of(row.label(entry))] = double{row.values[entry]};
    }
  }

  /// Puts columns into a row of `rows`: as they are, or the largest that fit there, ties to the
  /// smaller class, and what is left shared by all others.
  template <class T>
  void store(std::span<const double> columns, std::size_t item, LabelRows<T>& rows) {
    if (rows.is_dense()) {
      const auto row = rows.values.begin() + static_cast<Count>(item) * rows.width;
      std::fill_n(row, rows.width, num_others() > 0 ? static_cast<T>(columns.back()) : T{});
      for (std::size_t column = 0; column < num_named_; ++column) {
        row[label(column).value()] = static_cast<T>(columns[column]);
      }
      return;
    }
    std::vector<T> values;
    std::vector<Label> labels;
    double left = 0;
    largest_first(columns, to_size(rows.width));
    for (const std::size_t column : order_) {
      if (column < num_named_ && values.size() < to_size(rows.width)) {
        values.push_back(static_cast<T>(columns[column]));
        labels.push_back(label(column));
      } else {
        left += columns[column] * times(column);
      }
    }
    const auto others = static_cast<double>(num_classes_ - count_of(values));
    rows.set(item,
             {values, labels, static_cast<T>(others > 0 ? left / others : 0.0), num_classes_});
  }

 private:
  [[nodiscard]] std::size_t column_of(Label label) const {
    return has_all_ ? to_size(label) : column_of_[to_size(label)];
  }
  /// Sets order_ to all columns, the `most` largest of those with a label first.
  void largest_first(std::span<const double> columns, std::size_t most);

  int num_classes_;
  bool has_all_ = true;
  std::size_t num_named_;
  std::vector<Label> labels_;           // sorted; unless all
  std::vector<std::size_t> column_of_;  // by class; right for labels_ only
  std::vector<std::size_t> order_;
};

/// What each class is multiplied with.
class ClassFactors {
 public:
  ClassFactors() = default;
  ClassFactors(std::initializer_list<double> values) : ClassFactors{std::vector<double>(values)} {}
  explicit ClassFactors(std::vector<double> values);

  [[nodiscard]] const std::vector<double>& values() const { return values_; }
  /// Of a column. The last one, of the others, has their mean: they have equal values, which then
  /// keep their sum. Cost of that one: the columns.
  [[nodiscard]] double of(const Candidates& columns, std::size_t column) const {
    return column < columns.num_named() ? values_[to_size(columns.label(column))]
                                        : of_others(columns);
  }

 private:
  [[nodiscard]] double of_others(const Candidates& columns) const;

  std::vector<double> values_;
  double sum_ = 0;
};

}  // namespace kith::ensemble
