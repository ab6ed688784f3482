/// What is shown where there is too much for a page; report.json always has everything.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/report/view.hpp"

#include "report/svg.hpp"
#include "report/text.hpp"

namespace kith::report {

inline constexpr std::size_t kChartClasses = 30;   // bars of a chart
inline constexpr std::size_t kMatrixClasses = 16;  // rows of a matrix: numbers stay legible
inline constexpr std::size_t kTableRows = 200;

/// Indices of the `most` largest weights, ascending; equal ones: the smaller index.
[[nodiscard]] std::vector<std::size_t> largest(std::span<const double> weights, std::size_t most);

/// How much each class is confused with others: counts off the diagonal in its row and column.
[[nodiscard]] std::vector<double> confusion_weights(const std::vector<std::vector<double>>& counts);

/// "The 30 classes with most items of 1,000; report.json has all." as a paragraph, or nothing if
/// all are shown. which: "classes with most items".
[[nodiscard]] std::string left_out(std::size_t shown, std::size_t all, std::string_view which);

/// Says why a table of class by class is missing.
[[nodiscard]] std::string without_table(std::size_t num_classes);

/// The first kTableRows rows, and how many are left out.
[[nodiscard]] std::string long_table(const std::vector<std::string>& head,
                                     std::vector<std::vector<std::string>> rows,
                                     const std::vector<std::size_t>& text_columns = {});

/// A table of the first `shown` rows; the others open on a click on "N MORE".
[[nodiscard]] std::string folded_table(const std::vector<std::string>& head,
                                       const std::vector<std::vector<std::string>>& rows,
                                       std::size_t shown, std::string_view more,
                                       const std::vector<std::size_t>& text_columns = {});

/// The weights that were tried, on a click; nothing if none was. of: "an item with votes".
[[nodiscard]] std::string tried_weights(const TeachingWeight& chosen, std::string_view of);

[[nodiscard]] std::vector<std::string> member_names(const Report& report);

/// The first of many names, as many as a matrix has rows.
[[nodiscard]] std::vector<std::string> first_names(const std::vector<std::string>& names);

/// A symmetric matrix of the first `size` members from a value of each pair.
template <class Pair, class Value>
[[nodiscard]] Matrix pair_matrix(const std::vector<Pair>& pairs, std::size_t size, Value&& value) {
  Matrix matrix(size, std::vector<std::optional<double>>(size, std::nullopt));
  for (const Pair& pair : pairs) {
    if (pair.first < size && pair.second < size) {
      matrix[pair.first][pair.second] = matrix[pair.second][pair.first] = value(pair);
    }
  }
  return matrix;
}

/// The values at these indices.
template <class T>
[[nodiscard]] std::vector<T> pick(const std::vector<T>& values,
                                  std::span<const std::size_t> indices) {
  std::vector<T> picked;
  for (const std::size_t index : indices) {
    picked.push_back(values.at(index));
  }
  return picked;
}

/// What an item looks like, as a cell of a table: its picture, its text cut, its place.
[[nodiscard]] std::string preview_cell(const ItemPreview& preview);

}  // namespace kith::report
