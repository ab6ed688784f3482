/// Values by item and class: of every class, or of the few largest and one for each of the others.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "kith/core/types.hpp"

namespace kith {

/// As files have them; none is -1.
[[nodiscard]] inline std::vector<std::int32_t> label_numbers(std::span<const Label> labels) {
  std::vector<std::int32_t> values;
  values.reserve(labels.size());
  for (const Label label : labels) {
    values.push_back(label.value());
  }
  return values;
}

/// One item's values.
template <class T>
struct LabelRow {
  std::span<const T> values;
  std::span<const Label> labels;  // whose they are; empty: those of all classes in order, or none
  T other{};                      // value of each class that is not named
  int num_classes = 0;

  [[nodiscard]] Count num_others() const { return num_classes - count_of(values); }
  [[nodiscard]] Label label(std::size_t entry) const {
    return labels.empty() ? Label{static_cast<std::int32_t>(entry)} : labels[entry];
  }
  /// Cost: the number of labels named.
  [[nodiscard]] T operator[](Label label) const {
    if (num_others() == 0 && labels.empty()) {
      return values[to_size(label)];
    }
    const auto found = std::find(labels.begin(), labels.end(), label);
    return found == labels.end() ? other : values[to_size(found - labels.begin())];
  }
};

/// A row of every class.
template <class T>
[[nodiscard]] LabelRow<T> dense_row(std::span<const T> values) {
  return {values, {}, T{}, static_cast<int>(values.size())};
}

/// The rows of many items: `width` values each. Dense: width is the number of classes, and labels
/// and other are empty. Sparse: a row may name fewer labels than width; none stands behind its
/// last.
template <class T>
struct LabelRows {
  int num_classes = 0;
  int width = 0;
  std::vector<T> values;      // items x width
  std::vector<Label> labels;  // sparse: items x width
  std::vector<T> other;       // sparse: items

  LabelRows() = default;
  /// No rows yet, of at most `top` labels each.
  LabelRows(int classes, int top) : num_classes{classes}, width{std::min(classes, top)} {}
  static LabelRows dense(int num_classes, std::vector<T> values) {
    LabelRows rows{num_classes, num_classes};
    rows.values = std::move(values);
    return rows;
  }

  [[nodiscard]] bool is_dense() const { return width == num_classes; }
  [[nodiscard]] std::size_t size() const {
    return width > 0 ? values.size() / to_size(width) : std::size_t{0};
  }
  /// New rows are zero and name no label.
  void resize(std::size_t size) {
    values.resize(size * to_size(width), T{});
    labels.resize(is_dense() ? 0 : size * to_size(width));
    other.resize(is_dense() ? 0 : size, T{});
  }
  [[nodiscard]] LabelRow<T> operator[](std::size_t item) const {
    const auto one = std::span{values}.subspan(item * to_size(width), to_size(width));
    if (is_dense()) {
      return {one, {}, T{}, num_classes};
    }
    const auto named = std::span{labels}.subspan(item * to_size(width), to_size(width));
    const auto end = std::find(named.begin(), named.end(), Label{});
    const std::size_t count = to_size(end - named.begin());
    return {one.first(count), named.first(count), other[item], num_classes};
  }
  /// The row must not name more labels than fit.
  void set(std::size_t item, const LabelRow<T>& row) {
    const Count first = static_cast<Count>(item) * width;
    std::copy(row.values.begin(), row.values.end(), values.begin() + first);
    if (!is_dense()) {
      std::copy(row.labels.begin(), row.labels.end(), labels.begin() + first);
      other[item] = row.other;
    }
  }
  void append(const LabelRow<T>& row) {
    resize(size() + 1);
    set(size() - 1, row);
  }
};

}  // namespace kith
