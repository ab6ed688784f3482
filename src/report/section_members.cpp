#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/sections.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

/// "lda (shrinkage 0.12)".
std::string method_text(const Member& member) {
  if (member.method.empty()) {
    return escape("external " + member.source);
  }
  std::vector<std::string> chosen;
  for (const Named<double>& parameter : member.chosen.parameters) {
    chosen.push_back(fmt::format("{} {:.3g}", escape(parameter.name), parameter.value));
  }
  return chosen.empty() ? escape(member.method)
                        : fmt::format("{} ({})", escape(member.method), fmt::join(chosen, ", "));
}

std::vector<std::string> member_row(const Member& member) {
  const auto& propagation = member.propagation;
  return {escape(member.name),
          method_text(member),
          propagation ? grouped(propagation->sweeps) : "",
          propagation ? escape(propagation->stop) : "",
          share_text(member.held_out),
          member.gold ? share_text(*member.gold) : "",
          fmt::format("{:.3f}", member.temperature),
          fmt::format("{:.3f}", member.pool_weight),
          fmt::format("{:+.4f}", member.adds)};
}

}  // namespace

std::string member_section(const Report& report) {
  std::vector<std::vector<std::string>> rows;
  for (const Member& member : report.members) {
    rows.push_back(member_row(member));
  }
  return table({"member", "method", "sweeps", "stopped", "held-out accuracy", "gold accuracy",
                "temperature", "weight", "adds"},
               rows) +
         paragraph(
             "Weights are those of the logarithmic pool. Adds: mean log probability of "
             "held-out labels with the member less that without it.");
}

}  // namespace kith::report
