/// Charts as inline SVG. Every chart has a title, axes with names, and a tooltip for each mark.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::report {

/// One bar of a horizontal bar chart; low and high: interval of the value.
struct Bar {
  std::string name;
  double value = 0;
  std::optional<double> low;
  std::optional<double> high;
  std::string tooltip;
};

/// Bars from left to right on a linear axis from 0 to `top`.
[[nodiscard]] std::string bar_chart(std::string_view title, std::string_view axis, double top,
                                    const std::vector<Bar>& bars);

/// Parts of a whole side by side, with a legend that names and counts them. kind: the part's color,
/// one of the style sheet's part-KIND.
struct Part {
  std::string name;
  std::string kind;
  double value = 0;
};
[[nodiscard]] std::string stacked_bar(std::string_view title, const std::vector<Part>& parts);

/// Columns of a histogram over its edges.
[[nodiscard]] std::string histogram_chart(std::string_view title, std::string_view axis,
                                          const std::vector<double>& edges,
                                          const std::vector<double>& counts);

/// Rows of shares in [0, 1]; none: undefined.
using Matrix = std::vector<std::vector<std::optional<double>>>;

/// A matrix of shares, darker = larger, with the numbers in the cells.
[[nodiscard]] std::string heat_map(std::string_view title, const std::vector<std::string>& rows,
                                   const std::vector<std::string>& columns, const Matrix& values);

/// A line with its name at its end; y on a logarithmic axis.
struct Line {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
};
[[nodiscard]] std::string log_line_chart(std::string_view title, std::string_view x_axis,
                                         std::string_view y_axis, const std::vector<Line>& lines);

/// A curve with the band of its intervals; both axes linear, from 0.
struct Curve {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> low;
  std::vector<double> high;
};
[[nodiscard]] std::string band_chart(std::string_view title, std::string_view x_axis,
                                     std::string_view y_axis, const Curve& curve);

/// Points with intervals against the diagonal of the unit square.
struct CalibrationPoint {
  double confidence;
  double accuracy;
  double low;
  double high;
  Count items;
};
[[nodiscard]] std::string reliability_chart(std::string_view title,
                                            const std::vector<CalibrationPoint>& points);

}  // namespace kith::report
