#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

std::vector<std::string> member_row(const Member& member) {
  const auto& propagation = member.propagation;
  return {escape(member.name),
          escape(propagation ? propagation->method : "external " + member.source),
          propagation ? grouped(propagation->sweeps) : "",
          propagation ? escape(propagation->stop) : "",
          share_text(member.held_out),
          member.gold ? share_text(*member.gold) : "",
          fmt::format("{:.3f}", member.temperature)};
}

}  // namespace

std::string member_section(const Report& report) {
  std::vector<std::vector<std::string>> rows;
  for (const Member& member : report.members) {
    rows.push_back(member_row(member));
  }
  return table({"member", "method", "sweeps", "stopped", "held-out accuracy", "gold accuracy",
                "temperature"},
               rows);
}

}  // namespace kith::report
