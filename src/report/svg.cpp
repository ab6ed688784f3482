#include "report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/svg_parts.hpp"
#include "report/text.hpp"

namespace kith::report {

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
    svg += draw_line(left + tick * scale, 8, left + tick * scale, bottom, "grid");
    svg += draw_text(left + tick * scale, bottom + 18, "middle", tick_label(tick));
  }
  double y = 8;
  for (const Bar& bar : bars) {
    svg += draw_text(left - 8, y + 15, "end", shortened(bar.name, most_characters));
    svg += draw_rectangle(left, y + 4, bar.value * scale, kRow - 8, bar.tooltip);
    if (bar.low && bar.high) {
      svg +=
          draw_line(left + *bar.low * scale, y + 11, left + *bar.high * scale, y + 11, "whisker");
      svg += draw_line(left + *bar.low * scale, y + 7, left + *bar.low * scale, y + 15, "whisker");
      svg +=
          draw_line(left + *bar.high * scale, y + 7, left + *bar.high * scale, y + 15, "whisker");
    }
    y += kRow;
  }
  svg += draw_line(left, 8, left, bottom, "axis");
  svg += draw_text(left + (kWidth - left - 30) / 2, bottom + 38, "middle", axis);
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
    svg += draw_line(kLeft, y(tick), kWidth - 20, y(tick), "grid");
    svg += draw_text(kLeft - 8, y(tick) + 4, "end", tick_label(tick));
  }
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    svg += draw_rectangle(x(edges[bin]) + 1, y(counts[bin]), x(edges[bin + 1]) - x(edges[bin]) - 2,
                          kBottom - y(counts[bin]),
                          fmt::format("{:.3g} to {:.3g}: {} items", edges[bin], edges[bin + 1],
                                      grouped(std::llround(counts[bin]))));
  }
  svg += draw_line(kLeft, kBottom, kWidth - 20, kBottom, "axis");
  for (std::size_t edge = 0; edge < edges.size(); edge += 4) {
    svg += draw_text(x(edges[edge]), kBottom + 18, "middle", fmt::format("{:.2g}", edges[edge]));
  }
  svg += draw_text((kLeft + kWidth - 20) / 2, kBottom + 40, "middle", axis);
  svg += draw_side_title(kBottom / 2, "items");
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
    svg += draw_text(kLeft - 8, y + height / 2 + 4, "end", shortened(rows[r], 14));
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

}  // namespace kith::report
