#include "report/svg_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/text.hpp"

namespace kith::report {
namespace {

/// UTF-8: the other bytes of a character are 10xxxxxx.
bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

}  // namespace

std::string open_svg(std::string_view title, double height) {
  return fmt::format(
      "<figure><figcaption>{0}</figcaption><svg viewBox=\"0 0 {1} {2:.0f}\" role=\"img\" "
      "aria-label=\"{0}\" xmlns=\"http://www.w3.org/2000/svg\">\n",
      escape(title), kWidth, height);
}

std::string close_svg() {
  return "</svg></figure>\n";
}

std::string draw_text(double x, double y, std::string_view anchor, std::string_view content) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escape(content));
}

std::string draw_line(double x1, double y1, double x2, double y2, std::string_view kind) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2,
      y2, kind);
}

std::string draw_rectangle(double x, double y, double width, double height,
                           std::string_view tooltip) {
  return fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"mark\">"
      "<title>{}</title></rect>\n",
      x, y, std::max(width, 0.0), std::max(height, 0.0), escape(tooltip));
}

std::string draw_side_title(double middle, std::string_view title) {
  return fmt::format(
      "<text transform=\"translate(16 {:.0f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
      middle, escape(title));
}

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

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

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

}  // namespace kith::report
