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

std::string grouped(long long number) {
  std::string digits = std::to_string(std::abs(number));
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return (number < 0 ? "-" : "") + digits;
}

std::string count_text(const Json& number) {
  return grouped(number.get<long long>());
}

std::string percent(double share) {
  return fmt::format("{:.1f}&#160;%", share * 100);
}

std::string share_text(const Json& share) {
  if (share.at("value").is_null()) {
    return "not known";
  }
  return fmt::format("{} <span class=\"ci\">[{:.1f}, {:.1f}]</span>",
                     percent(share["value"].get<double>()), share.value("low", 0.0) * 100,
                     share.value("high", 1.0) * 100);
}

std::string coefficient_text(const Json& estimate) {
  if (estimate.at("value").is_null()) {
    return "undefined: " + escape(estimate.value("reason", ""));
  }
  std::string text = fmt::format("{:.4f}", estimate["value"].get<double>());
  if (estimate.contains("low")) {
    text += fmt::format(" <span class=\"ci\">[{:.4f}, {:.4f}]</span>",
                        estimate["low"].get<double>(), estimate["high"].get<double>());
  }
  return text;
}

std::string decimal(const Json& number, int digits) {
  return number.is_null() ? "&#8211;" : fmt::format("{:.{}f}", number.get<double>(), digits);
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

std::string section(std::string_view id, std::string_view heading, const std::string& content) {
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-h\"><h2 id=\"{0}-h\">{1}</h2>\n{2}</section>\n",
      id, heading, content);
}

std::string paragraph(std::string_view html) {
  return fmt::format("<p>{}</p>\n", html);
}

std::vector<std::string> class_names(const Json& report) {
  return report.at("run").at("corpus").at("classes").get<std::vector<std::string>>();
}

}  // namespace kith::report
