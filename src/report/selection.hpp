/// What is shown where there is too much for a page; report.json always has everything.
#pragma once

#include <span>
#include <string>
#include <vector>

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
                                     std::vector<std::vector<std::string>> rows);

/// The values at these indices.
template <class T>
[[nodiscard]] std::vector<T> pick(const std::vector<T>& values,
                                  std::span<const std::size_t> indices) {
  std::vector<T> picked;
  for (const std::size_t index : indices) {
    picked.push_back(values[index]);
  }
  return picked;
}

}  // namespace kith::report
