// Charts of curves and points over two axes.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/svg.hpp"
#include "report/svg_parts.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

/// Coordinates of log_line_chart(): x linear from 0, y logarithmic in whole powers of ten.
struct LogPlot {
  static constexpr double kLeft = 72;
  static constexpr double kRight = 340;
  static constexpr double kBottom = 210;
  double most_x = 1;
  double low = 0;
  double high = -300;

  explicit LogPlot(const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      for (std::size_t i = 0; i < line.x.size(); ++i) {
        if (line.y[i] > 0) {
          most_x = std::max(most_x, line.x[i]);
          low = std::min(low, std::floor(std::log10(line.y[i])));
          high = std::max(high, std::ceil(std::log10(line.y[i])));
        }
      }
    }
    high = std::max(high, low + 1);
  }

  [[nodiscard]] double x(double value) const { return kLeft + value / most_x * (kRight - kLeft); }
  [[nodiscard]] double y(double value) const {
    return kBottom - (std::log10(value) - low) / (high - low) * (kBottom - 14);
  }
};

std::string draw_grid(const LogPlot& plot) {
  std::string svg;
  for (double power = plot.low; power <= plot.high; ++power) {
    const double y = plot.y(std::pow(10, power));
    svg += draw_line(LogPlot::kLeft, y, LogPlot::kRight, y, "grid");
    svg += draw_text(LogPlot::kLeft - 8, y + 4, "end", fmt::format("1e{:.0f}", power));
  }
  for (const double tick : ticks(plot.most_x)) {
    svg += draw_text(plot.x(tick), LogPlot::kBottom + 18, "middle", tick_label(tick));
  }
  return svg;
}

/// style: index of the line's color and dashes.
std::string draw_curve(const LogPlot& plot, const Line& line, std::size_t style) {
  std::string points;
  for (std::size_t i = 0; i < line.x.size(); ++i) {
    if (line.y[i] > 0) {
      points += fmt::format("{:.1f},{:.1f} ", plot.x(line.x[i]), plot.y(line.y[i]));
    }
  }
  return fmt::format(
      "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" "
      "stroke-dasharray=\"{}\"><title>{}</title></polyline>\n",
      points, kColors[style % kColors.size()], kDashes[style % kDashes.size()], escape(line.name));
}

/// Where a line ends; at the bottom if it has no positive value.
double end_of(const LogPlot& plot, const Line& line) {
  const auto last =
      std::find_if(line.y.rbegin(), line.y.rend(), [](double value) { return value > 0; });
  return last == line.y.rend() ? LogPlot::kBottom : plot.y(*last);
}

/// Names beside the ends of their lines, pushed apart where they would overlap.
std::string draw_names(const LogPlot& plot, const std::vector<Line>& lines) {
  std::vector<std::pair<double, std::size_t>> ends;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ends.emplace_back(end_of(plot, lines[i]), i);
  }
  std::sort(ends.begin(), ends.end());
  std::string svg;
  double free_y = 0;
  for (const auto& [end, i] : ends) {
    free_y = std::max(end, free_y + 16);
    svg += fmt::format(
        "<line x1=\"{0}\" y1=\"{1:.1f}\" x2=\"{2}\" y2=\"{1:.1f}\" stroke=\"{3}\" "
        "stroke-width=\"3\" stroke-dasharray=\"{4}\"/>\n",
        LogPlot::kRight + 6, free_y, LogPlot::kRight + 26, kColors[i % kColors.size()],
        kDashes[i % kDashes.size()]);
    svg += draw_text(LogPlot::kRight + 32, free_y + 4, "start", shortened(lines[i].name, 16));
  }
  return svg;
}

/// A curve, the band of its intervals, and a mark at each point. x, y: from values to coordinates.
template <class X, class Y>
std::string draw_band(const Curve& curve, const X& x, const Y& y) {
  std::string points;
  std::string outline;
  std::string marks;
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    points += fmt::format("{:.1f},{:.1f} ", x(curve.x[i]), y(curve.y[i]));
    outline += fmt::format("{:.1f},{:.1f} ", x(curve.x[i]), y(curve.high[i]));
    marks += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" class=\"mark\"><title>{:.1f} %: {:.2f} % "
        "[{:.2f}, {:.2f}]</title></circle>\n",
        x(curve.x[i]), y(curve.y[i]), curve.x[i], curve.y[i], curve.low[i], curve.high[i]);
  }
  for (std::size_t i = curve.x.size(); i-- > 0;) {
    outline += fmt::format("{:.1f},{:.1f} ", x(curve.x[i]), y(curve.low[i]));
  }
  return fmt::format(
             "<polygon points=\"{}\" class=\"band\"/>\n"
             "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n",
             outline, points, kColors[0]) +
         marks;
}

}  // namespace

std::string log_line_chart(std::string_view title, std::string_view x_axis, std::string_view y_axis,
                           const std::vector<Line>& lines) {
  const LogPlot plot{lines};
  std::string svg = open_svg(title, LogPlot::kBottom + 46) + draw_grid(plot);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    svg += draw_curve(plot, lines[i], i);
  }
  svg += draw_names(plot, lines);
  svg += draw_line(LogPlot::kLeft, LogPlot::kBottom, LogPlot::kRight, LogPlot::kBottom, "axis");
  svg += draw_text((LogPlot::kLeft + LogPlot::kRight) / 2, LogPlot::kBottom + 40, "middle", x_axis);
  return svg + draw_side_title(LogPlot::kBottom / 2, y_axis) + close_svg();
}

std::string band_chart(std::string_view title, std::string_view x_axis, std::string_view y_axis,
                       const Curve& curve) {
  constexpr double kLeft = 64;
  constexpr double kRight = kWidth - 20;
  constexpr double kBottom = 210;
  const double top_x = std::max(1e-9, *std::max_element(curve.x.begin(), curve.x.end()));
  const double top_y = std::max(1e-9, *std::max_element(curve.high.begin(), curve.high.end()));
  const auto x = [&](double value) { return kLeft + value / top_x * (kRight - kLeft); };
  const auto y = [&](double value) { return kBottom - value / top_y * (kBottom - 14); };
  std::string svg = open_svg(title, kBottom + 46);
  for (const double tick : ticks(top_y)) {
    svg += draw_line(kLeft, y(tick), kRight, y(tick), "grid");
    svg += draw_text(kLeft - 8, y(tick) + 4, "end", tick_label(tick));
  }
  for (const double tick : ticks(top_x)) {
    svg += draw_text(x(tick), kBottom + 18, "middle", tick_label(tick));
  }
  svg += draw_band(curve, x, y) + draw_line(kLeft, kBottom, kRight, kBottom, "axis");
  svg += draw_text((kLeft + kRight) / 2, kBottom + 40, "middle", x_axis);
  return svg + draw_side_title(kBottom / 2, y_axis) + close_svg();
}

std::string reliability_chart(std::string_view title, const std::vector<CalibrationPoint>& points) {
  constexpr double kLeft = 64;
  constexpr double kSide = 280;
  constexpr double kBottom = kSide + 12;
  const auto x = [&](double value) { return kLeft + value * kSide; };
  const auto y = [&](double value) { return kBottom - value * kSide; };
  std::string svg = open_svg(title, kBottom + 46);
  for (const double tick : ticks(1)) {
    svg += draw_line(x(0), y(tick), x(1), y(tick), "grid");
    svg += draw_text(kLeft - 8, y(tick) + 4, "end", tick_label(tick));
    svg += draw_text(x(tick), kBottom + 18, "middle", tick_label(tick));
  }
  svg += draw_line(x(0), y(0), x(1), y(1), "axis");
  for (const CalibrationPoint& point : points) {
    svg +=
        draw_line(x(point.confidence), y(point.low), x(point.confidence), y(point.high), "whisker");
    svg += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" class=\"mark\"><title>stated {:.3f}, right "
        "{:.3f} [{:.3f}, {:.3f}], {} items</title></circle>\n",
        x(point.confidence), y(point.accuracy), point.confidence, point.accuracy, point.low,
        point.high, grouped(point.items));
  }
  svg += draw_text(x(0.5), kBottom + 40, "middle", "stated probability");
  svg += draw_side_title(kBottom / 2, "share right");
  return svg + draw_text(x(1) + 12, y(1) + 6, "start", "as stated") + close_svg();
}

}  // namespace kith::report
