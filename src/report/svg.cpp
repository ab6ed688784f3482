#include "report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/text.hpp"

namespace kith::report {
namespace {

// Narrow, so that text stays legible on a telephone: the page scales a chart to its column.
constexpr double kWidth = 480;
// Okabe and Ito's palette, told apart by color-blind readers; each line also has its own dashes.
constexpr std::array<const char*, 7> kColors{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                             "#e69f00", "#56b4e9", "#8c8c8c"};
constexpr std::array<const char*, 4> kDashes{"none", "7 3", "2 3", "9 3 2 3"};

std::string open_svg(std::string_view title, double height) {
  return fmt::format(
      "<figure><figcaption>{0}</figcaption><svg viewBox=\"0 0 {1} {2:.0f}\" role=\"img\" "
      "aria-label=\"{0}\" xmlns=\"http://www.w3.org/2000/svg\">\n",
      escape(title), kWidth, height);
}

std::string close_svg() {
  return "</svg></figure>\n";
}

std::string text(double x, double y, std::string_view anchor, std::string_view content) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escape(content));
}

std::string line(double x1, double y1, double x2, double y2, std::string_view kind) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2,
      y2, kind);
}

std::string rectangle(double x, double y, double width, double height, std::string_view tooltip) {
  return fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"mark\">"
      "<title>{}</title></rect>\n",
      x, y, std::max(width, 0.0), std::max(height, 0.0), escape(tooltip));
}

/// About five round ticks from 0 to top.
std::vector<double> ticks(double top) {
  const double raw = top / 5;
  const double power = std::pow(10, std::floor(std::log10(std::max(raw, 1e-12))));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = factor * power;
    if (step >= raw) {
      break;
    }
  }
  std::vector<double> marks;
  for (int i = 0; i * step <= top * (1 + 1e-9); ++i) {
    marks.push_back(i * step);
  }
  return marks;
}

std::string tick_label(double value) {
  return value >= 1000 ? grouped(std::llround(value)) : fmt::format("{:.4g}", value);
}

/// UTF-8: the other bytes of a character are 10xxxxxx.
bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// At most `length` characters (code points of UTF-8), the last one an ellipsis if some are cut.
std::string shortened(const std::string& name, std::size_t length) {
  std::size_t characters = 0;
  std::size_t cut = 0;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (begins_character(name[at])) {
      ++characters;
      cut = characters == length ? at : cut;
    }
  }
  return characters <= length ? name : name.substr(0, cut) + "\u2026";
}

}  // namespace

std::string bar_chart(std::string_view title, std::string_view axis, double top,
                      const std::vector<Bar>& bars) {
  constexpr double kRow = 22;
  constexpr double kCharacter = 6.9;  // mean width of a letter
  std::size_t longest = 0;
  for (const Bar& bar : bars) {
    longest = std::max(longest, count_characters(bar.name));
  }
  const double left = std::clamp(kCharacter * static_cast<double>(longest) + 10, 112.0, 200.0);
  const auto most_characters = static_cast<std::size_t>((left - 8) / kCharacter);
  const double bottom = 8 + kRow * static_cast<double>(bars.size());
  const double scale = (kWidth - left - 30) / (top > 0 ? top : 1);
  std::string svg = open_svg(title, bottom + 44);
  for (const double tick : ticks(top)) {
    svg += line(left + tick * scale, 8, left + tick * scale, bottom, "grid");
    svg += text(left + tick * scale, bottom + 18, "middle", tick_label(tick));
  }
  double y = 8;
  for (const Bar& bar : bars) {
    svg += text(left - 8, y + 15, "end", shortened(bar.name, most_characters));
    svg += rectangle(left, y + 4, bar.value * scale, kRow - 8, bar.tooltip);
    if (bar.low && bar.high) {
      svg += line(left + *bar.low * scale, y + 11, left + *bar.high * scale, y + 11, "whisker");
      svg += line(left + *bar.low * scale, y + 7, left + *bar.low * scale, y + 15, "whisker");
      svg += line(left + *bar.high * scale, y + 7, left + *bar.high * scale, y + 15, "whisker");
    }
    y += kRow;
  }
  svg += line(left, 8, left, bottom, "axis");
  svg += text(left + (kWidth - left - 30) / 2, bottom + 38, "middle", axis);
  return svg + close_svg();
}

std::string stacked_bar(std::string_view title, const std::vector<Part>& parts) {
  constexpr double kWide = 960;
  double total = 0;
  for (const Part& part : parts) {
    total += part.value;
  }
  std::string svg = fmt::format(
      "<figure class=\"wide\"><figcaption>{0}</figcaption><svg viewBox=\"0 0 {1} 26\" "
      "preserveAspectRatio=\"none\" class=\"strip\" role=\"img\" aria-label=\"{0}\" "
      "xmlns=\"http://www.w3.org/2000/svg\">\n",
      escape(title), kWide);
  std::string legend;
  double x = 0;
  for (const Part& part : parts) {
    const double width = total > 0 ? part.value / total * kWide : 0;
    const std::string share = fmt::format("{} items, {:.1f} %", grouped(std::llround(part.value)),
                                          total > 0 ? part.value / total * 100 : 0.0);
    svg += fmt::format(
        "<rect x=\"{:.1f}\" y=\"0\" width=\"{:.1f}\" height=\"26\" "
        "class=\"part-{}\"><title>{}: {}</title></rect>\n",
        x, width, part.kind, escape(part.name), share);
    legend += fmt::format("<li><span class=\"key part-{}\"></span><b>{}</b> {}</li>\n", part.kind,
                          escape(part.name), share);
    x += width;
  }
  return svg + "</svg><ul class=\"legend\">" + legend + "</ul></figure>\n";
}

std::string histogram_chart(std::string_view title, std::string_view axis,
                            const std::vector<double>& edges, const std::vector<double>& counts) {
  constexpr double kLeft = 80;
  constexpr double kBottom = 170;
  const double top = std::max(1.0, *std::max_element(counts.begin(), counts.end()));
  const double span = edges.back() - edges.front();
  const auto x = [&](double value) {
    return kLeft + (value - edges.front()) / span * (kWidth - kLeft - 20);
  };
  const auto y = [&](double count) { return kBottom - count / top * (kBottom - 12); };
  std::string svg = open_svg(title, kBottom + 46);
  for (const double tick : ticks(top)) {
    svg += line(kLeft, y(tick), kWidth - 20, y(tick), "grid");
    svg += text(kLeft - 8, y(tick) + 4, "end", tick_label(tick));
  }
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    svg += rectangle(x(edges[bin]) + 1, y(counts[bin]), x(edges[bin + 1]) - x(edges[bin]) - 2,
                     kBottom - y(counts[bin]),
                     fmt::format("{:.3g} to {:.3g}: {} items", edges[bin], edges[bin + 1],
                                 grouped(std::llround(counts[bin]))));
  }
  svg += line(kLeft, kBottom, kWidth - 20, kBottom, "axis");
  for (std::size_t edge = 0; edge < edges.size(); edge += 4) {
    svg += text(x(edges[edge]), kBottom + 18, "middle", fmt::format("{:.2g}", edges[edge]));
  }
  svg += text((kLeft + kWidth - 20) / 2, kBottom + 40, "middle", axis);
  svg += fmt::format(
      "<text transform=\"translate(16 {:.0f}) rotate(-90)\" text-anchor=\"middle\">items</text>\n",
      kBottom / 2);
  return svg + close_svg();
}

std::string heat_map(std::string_view title, const std::vector<std::string>& rows,
                     const std::vector<std::string>& columns, const Matrix& values) {
  constexpr double kLeft = 104;
  constexpr double kTop = 84;
  // Shades from which on light text reads better than dark one, and paper-colored than ink.
  constexpr double kDark = 0.9;
  constexpr double kMiddle = 0.6;
  const double width = std::min(56.0, (kWidth - kLeft - 44) / static_cast<double>(columns.size()));
  const double height = std::clamp(width * 0.66, 14.0, 28.0);
  std::string svg = open_svg(title, kTop + height * static_cast<double>(rows.size()) + 10);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    svg += fmt::format("<text transform=\"translate({:.1f} {}) rotate(-45)\">{}</text>\n",
                       kLeft + (static_cast<double>(c) + 0.5) * width, kTop - 6,
                       escape(shortened(columns[c], 13)));
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double y = kTop + static_cast<double>(r) * height;
    svg += text(kLeft - 8, y + height / 2 + 4, "end", shortened(rows[r], 14));
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const double x = kLeft + static_cast<double>(c) * width;
      const std::optional<double>& value = values[r][c];
      const double shade = std::clamp(value.value_or(0), 0.0, 1.0);
      svg += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"cell\" "
          "fill-opacity=\"{:.3f}\"><title>{} / {}: {}</title></rect>\n",
          x, y, width - 1, height - 1, shade, escape(rows[r]), escape(columns[c]),
          value ? fmt::format("{:.4f}", *value) : "undefined");
      if (value && width >= 30) {
        svg += fmt::format(
            "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" class=\"{}\">{:.2f}</text>\n",
            x + width / 2, y + height / 2 + 4,
            shade > kDark     ? "ink on-dark"
            : shade > kMiddle ? "ink on-middle"
                              : "ink",
            *value);
      }
    }
  }
  return svg + close_svg();
}

std::string log_line_chart(std::string_view title, std::string_view x_axis, std::string_view y_axis,
                           const std::vector<Line>& lines) {
  constexpr double kLeft = 72;
  constexpr double kRight = 340;
  constexpr double kBottom = 210;
  double most_x = 1;
  double low = 0;
  double high = -300;
  for (const Line& one : lines) {
    for (std::size_t i = 0; i < one.x.size(); ++i) {
      if (one.y[i] > 0) {
        most_x = std::max(most_x, one.x[i]);
        low = std::min(low, std::floor(std::log10(one.y[i])));
        high = std::max(high, std::ceil(std::log10(one.y[i])));
      }
    }
  }
  high = std::max(high, low + 1);
  const auto x = [&](double value) { return kLeft + value / most_x * (kRight - kLeft); };
  const auto y = [&](double value) {
    return kBottom - (std::log10(value) - low) / (high - low) * (kBottom - 14);
  };
  std::string svg = open_svg(title, kBottom + 46);
  for (double power = low; power <= high; ++power) {
    svg += line(kLeft, y(std::pow(10, power)), kRight, y(std::pow(10, power)), "grid");
    svg += text(kLeft - 8, y(std::pow(10, power)) + 4, "end", fmt::format("1e{:.0f}", power));
  }
  for (const double tick : ticks(most_x)) {
    svg += text(x(tick), kBottom + 18, "middle", tick_label(tick));
  }
  std::vector<std::pair<double, std::size_t>> ends;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string points;
    double last = kBottom;
    for (std::size_t at = 0; at < lines[i].x.size(); ++at) {
      if (lines[i].y[at] > 0) {
        last = y(lines[i].y[at]);
        points += fmt::format("{:.1f},{:.1f} ", x(lines[i].x[at]), last);
      }
    }
    svg += fmt::format(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" "
        "stroke-dasharray=\"{}\"><title>{}</title></polyline>\n",
        points, kColors[i % kColors.size()], kDashes[i % kDashes.size()], escape(lines[i].name));
    ends.emplace_back(last, i);
  }
  // Names stand beside the ends of their lines, pushed apart where they would overlap.
  std::sort(ends.begin(), ends.end());
  double free_y = 0;
  for (const auto& [end, i] : ends) {
    const double at = std::max(end, free_y + 16);
    free_y = at;
    svg += fmt::format(
        "<line x1=\"{0}\" y1=\"{1:.1f}\" x2=\"{2}\" y2=\"{1:.1f}\" stroke=\"{3}\" "
        "stroke-width=\"3\" stroke-dasharray=\"{4}\"/>\n",
        kRight + 6, at, kRight + 26, kColors[i % kColors.size()], kDashes[i % kDashes.size()]);
    svg += text(kRight + 32, at + 4, "start", shortened(lines[i].name, 16));
  }
  svg += line(kLeft, kBottom, kRight, kBottom, "axis");
  svg += text((kLeft + kRight) / 2, kBottom + 40, "middle", x_axis);
  svg += fmt::format(
      "<text transform=\"translate(16 {:.0f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
      kBottom / 2, escape(y_axis));
  return svg + close_svg();
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
    svg += line(kLeft, y(tick), kRight, y(tick), "grid");
    svg += text(kLeft - 8, y(tick) + 4, "end", tick_label(tick));
  }
  for (const double tick : ticks(top_x)) {
    svg += text(x(tick), kBottom + 18, "middle", tick_label(tick));
  }
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
  svg += fmt::format("<polygon points=\"{}\" class=\"band\"/>\n", outline);
  svg += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n",
                     points, kColors[0]);
  svg += marks + line(kLeft, kBottom, kRight, kBottom, "axis");
  svg += text((kLeft + kRight) / 2, kBottom + 40, "middle", x_axis);
  svg += fmt::format(
      "<text transform=\"translate(16 {:.0f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
      kBottom / 2, escape(y_axis));
  return svg + close_svg();
}

std::string reliability_chart(std::string_view title, const std::vector<CalibrationPoint>& points) {
  constexpr double kLeft = 64;
  constexpr double kSide = 280;
  constexpr double kBottom = kSide + 12;
  const auto x = [&](double value) { return kLeft + value * kSide; };
  const auto y = [&](double value) { return kBottom - value * kSide; };
  std::string svg = open_svg(title, kBottom + 46);
  for (const double tick : ticks(1)) {
    svg += line(x(0), y(tick), x(1), y(tick), "grid");
    svg += text(kLeft - 8, y(tick) + 4, "end", tick_label(tick));
    svg += text(x(tick), kBottom + 18, "middle", tick_label(tick));
  }
  svg += line(x(0), y(0), x(1), y(1), "axis");
  for (const CalibrationPoint& point : points) {
    svg += line(x(point.confidence), y(point.low), x(point.confidence), y(point.high), "whisker");
    svg += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" class=\"mark\"><title>stated {:.3f}, right "
        "{:.3f} [{:.3f}, {:.3f}], {} items</title></circle>\n",
        x(point.confidence), y(point.accuracy), point.confidence, point.accuracy, point.low,
        point.high, grouped(point.items));
  }
  svg += text(x(0.5), kBottom + 40, "middle", "stated probability");
  svg += fmt::format(
      "<text transform=\"translate(16 {:.0f}) rotate(-90)\" text-anchor=\"middle\">share "
      "right</text>\n",
      kBottom / 2);
  svg += text(x(1) + 12, y(1) + 6, "start", "as stated");
  return svg + close_svg();
}

}  // namespace kith::report
