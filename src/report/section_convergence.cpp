#include <fmt/format.h>

#include <functional>
#include <optional>

#include "report/sections.hpp"
#include "report/svg.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

/// A line a member of what its trace says; entries without a value, and zeros, which a logarithmic
/// axis has no place for, are left out.
std::vector<Line> lines_of(const std::vector<Member>& members,
                           const std::function<std::optional<double>(const TraceEntry&)>& value) {
  std::vector<Line> lines;
  for (const Member& member : members) {
    if (!member.propagation) {
      continue;
    }
    Line line{member.name, {}, {}};
    for (const TraceEntry& entry : member.propagation->trace) {
      const std::optional<double> y = value(entry);
      if (y && *y > 0) {
        line.x.push_back(static_cast<double>(entry.sweep));
        line.y.push_back(*y);
      }
    }
    if (!line.x.empty()) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::string chart(const char* title, const char* axis, const std::vector<Line>& lines) {
  return lines.empty() ? std::string{} : log_line_chart(title, "sweep", axis, lines);
}

/// What truncated rows leave out; nothing where rows have all classes.
std::string truncation_part(const Report& report) {
  std::vector<std::vector<std::string>> rows;
  for (const Member& member : report.members) {
    if (member.propagation && member.propagation->mean_residual_mass) {
      const Propagation& propagation = *member.propagation;
      rows.push_back(
          {escape(member.name), fmt::format("{:.2f} %", *propagation.mean_residual_mass * 100),
           fmt::format("{:.2f} %", propagation.largest_residual_mass.value_or(0) * 100)});
    }
  }
  if (rows.empty()) {
    return {};
  }
  return paragraph(fmt::format("Scores keep the {} largest labels of an item. The residual mass of "
                               "its other classes is divided equally among them.",
                               report.graph.top_labels.value_or(0))) +
         table({"member", "residual mass, mean", "largest"}, rows);
}

}  // namespace

std::string convergence_section(const Report& report) {
  const std::vector<Member>& members = report.members;
  return truncation_part(report) +
         chart("Convergence: change", "largest relative change",
               lines_of(members, [](const TraceEntry& entry) { return entry.residual; })) +
         chart("Convergence: labels that change from check to check", "items",
               lines_of(members, [](const TraceEntry& entry) { return entry.flips; })) +
         chart("Convergence: errors on held-out seeds", "share of held-out seeds that are wrong",
               lines_of(members,
                        [](const TraceEntry& entry) {
                          return entry.held_out ? std::optional{1 - *entry.held_out} : std::nullopt;
                        })) +
         chart("Convergence: Dirichlet energy", "energy, share of its largest value",
               lines_of(members, [](const TraceEntry& entry) {
                 return entry.energy ? std::optional{*entry.energy / 2} : std::nullopt;
               }));
}

}  // namespace kith::report
