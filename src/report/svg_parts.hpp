/// Pieces of charts; a length is in units of the view box, y grows downwards.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace kith::report {

// Narrow, so that text stays legible on a telephone: the page scales a chart to its column.
inline constexpr double kWidth = 480;
// Okabe and Ito's palette, told apart by color-blind readers; each line also has its own dashes.
inline constexpr std::array<const char*, 7> kColors{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                    "#e69f00", "#56b4e9", "#8c8c8c"};
inline constexpr std::array<const char*, 4> kDashes{"none", "7 3", "2 3", "9 3 2 3"};

/// From the figure to the chart's first mark; the chart is kWidth wide.
[[nodiscard]] std::string open_svg(std::string_view title, double height);
[[nodiscard]] std::string close_svg();

/// anchor: "start", "middle" or "end", which is where x is.
[[nodiscard]] std::string draw_text(double x, double y, std::string_view anchor,
                                    std::string_view content);

/// kind: its class in the style sheet: "grid", "axis" or "whisker".
[[nodiscard]] std::string draw_line(double x1, double y1, double x2, double y2,
                                    std::string_view kind);

[[nodiscard]] std::string draw_rectangle(double x, double y, double width, double height,
                                         std::string_view tooltip);

/// The title of the y axis, upright along it. middle: of the axis.
[[nodiscard]] std::string draw_side_title(double middle, std::string_view title);

/// About five round ticks from 0 to top.
[[nodiscard]] std::vector<double> ticks(double top);
[[nodiscard]] std::string tick_label(double value);

/// At most `length` characters (code points of UTF-8), the last one an ellipsis if some are cut.
[[nodiscard]] std::string shortened(const std::string& name, std::size_t length);
[[nodiscard]] std::size_t count_characters(std::string_view text);

}  // namespace kith::report
