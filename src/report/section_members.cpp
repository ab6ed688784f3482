#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {
std::string member_section(const Json& report) {
  std::vector<Line> lines;
  std::vector<std::vector<std::string>> rows;
  for (const Json& member : report.at("members")) {
    Line line{member.at("name").get<std::string>(), {}, {}};
    const bool is_outside = member.at("source") != "graph";
    if (!is_outside) {
      for (const Json& entry : member.at("trace")) {
        line.x.push_back(entry.at("sweep").get<double>());
        line.y.push_back(entry.at("residual").get<double>());
      }
      lines.push_back(line);
    }
    const std::string method = member.at(is_outside ? "source" : "method").get<std::string>();
    rows.push_back({escape(line.name), escape(is_outside ? "outside " + method : method),
                    is_outside ? "" : count_text(member.at("sweeps")),
                    is_outside ? "" : escape(member.at("stop").get<std::string>()),
                    share_text(member.at("held_out")),
                    member.contains("gold") ? share_text(member["gold"]) : "",
                    fmt::format("{:.3f}", member.at("temperature").get<double>())});
  }
  return section("members", "Members",
                 log_line_chart("Convergence", "sweep", "largest relative change", lines) +
                     table({"member", "method", "sweeps", "stopped", "held-out accuracy",
                            "gold accuracy", "temperature"},
                           rows));
}

}  // namespace kith::report
