#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {

std::string review_section(const Json& report) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& item : report.at("review")) {
    rows.push_back({count_text(item.at("row")), escape(item.at("label").get<std::string>()),
                    fmt::format("{:.3f}", item.at("probability").get<double>()),
                    escape(item.at("status").get<std::string>()),
                    fmt::format("{:.3f}", item.at("vote_entropy").get<double>()),
                    fmt::format("{:.3f}", item.at("bald").get<double>())});
  }
  if (rows.empty()) {
    return {};
  }
  constexpr std::size_t kShown = 10;
  const std::vector<std::string> head{"row",    "label",        "probability",
                                      "status", "vote entropy", "BALD"};
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), kShown));
  std::string html = paragraph(
      "The items on which a label from a person would tell most: those that the voters are each "
      "sure "
      "of and at odds about (BALD, mutual information in nats).");
  html += table(head, {rows.begin(), middle});
  if (middle != rows.end()) {
    html += details(fmt::format("{} more items", rows.end() - middle),
                    table(head, {middle, rows.end()}));
  }
  return section("review", "What to review next", html);
}

}  // namespace kith::report
