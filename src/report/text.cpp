#include "report/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace kith::report {

std::string escape(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string grouped(Count number) {
  std::string digits = std::to_string(std::abs(number));
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return (number < 0 ? "-" : "") + digits;
}

std::string percent(double share) {
  return fmt::format("{:.1f}&#160;%", share * 100);
}

std::string share_text(const Share& share) {
  return share.value ? fmt::format("{} <span class=\"ci\">[{:.1f}, {:.1f}]</span>",
                                   percent(*share.value), share.low * 100, share.high * 100)
                     : "not known";
}

std::string coefficient_text(const Coefficient& estimate) {
  if (!estimate.value) {
    return "undefined: " + escape(estimate.reason);
  }
  std::string text = fmt::format("{:.4f}", *estimate.value);
  if (estimate.low && estimate.high) {
    text +=
        fmt::format(" <span class=\"ci\">[{:.4f}, {:.4f}]</span>", *estimate.low, *estimate.high);
  }
  return text;
}

std::string decimal(std::optional<double> number, int digits) {
  return number ? fmt::format("{:.{}f}", *number, digits) : "&#8211;";
}

std::string table(const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows,
                  const std::vector<std::size_t>& text_columns) {
  std::string html =
      "<div class=\"scroll\" role=\"region\" aria-label=\"Table\" "
      "tabindex=\"0\"><table><thead><tr>";
  for (const std::string& cell : head) {
    html += "<th scope=\"col\">" + cell + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    html += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      const bool is_text =
          std::find(text_columns.begin(), text_columns.end(), c) != text_columns.end();
      html += c == 0 ? "<th scope=\"row\">" + row[c] + "</th>"
                     : (is_text ? "<td class=\"text\">" : "<td>") + row[c] + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string details(std::string_view summary, const std::string& content) {
  return fmt::format("<details><summary>{}</summary>{}</details>\n", summary, content);
}

std::string paragraph(std::string_view html) {
  return fmt::format("<p>{}</p>\n", html);
}

}  // namespace kith::report
