#include <fmt/format.h>

#include "report/sections.hpp"

namespace kith::report {

std::string member_section(const Json& report) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& member : report.at("members")) {
    const bool is_outside = member.at("source") != "graph";
    const std::string method = member.at(is_outside ? "source" : "method").get<std::string>();
    rows.push_back({escape(member.at("name").get<std::string>()),
                    escape(is_outside ? "outside " + method : method),
                    is_outside ? "" : count_text(member.at("sweeps")),
                    is_outside ? "" : escape(member.at("stop").get<std::string>()),
                    share_text(member.at("held_out")),
                    member.contains("gold") ? share_text(member["gold"]) : "",
                    fmt::format("{:.3f}", member.at("temperature").get<double>())});
  }
  return section("members", "Members",
                 table({"member", "method", "sweeps", "stopped", "held-out accuracy",
                        "gold accuracy", "temperature"},
                       rows));
}

}  // namespace kith::report
