#include <fmt/format.h>

#include <functional>
#include <optional>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

/// A line a member of what its trace says; entries without a value, and zeros, which a logarithmic
/// axis has no place for, are left out.
std::vector<Line> lines_of(const Json& report,
                           const std::function<std::optional<double>(const Json&)>& value) {
  std::vector<Line> lines;
  for (const Json& member : report.at("members")) {
    if (member.at("source") != "graph") {
      continue;
    }
    Line line{member.at("name").get<std::string>(), {}, {}};
    for (const Json& entry : member.at("trace")) {
      const std::optional<double> y = value(entry);
      if (y && *y > 0) {
        line.x.push_back(entry.at("sweep").get<double>());
        line.y.push_back(*y);
      }
    }
    if (!line.x.empty()) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::optional<double> number_of(const Json& entry, const char* key) {
  const Json& value = entry.at(key);
  return value.is_null() ? std::nullopt : std::optional{value.get<double>()};
}

std::string chart(const char* title, const char* axis, const std::vector<Line>& lines) {
  return lines.empty() ? std::string{} : log_line_chart(title, "sweep", axis, lines);
}

/// What rows of few labels hide; nothing where rows have all classes.
std::string truncation_part(const Json& report) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& member : report.at("members")) {
    if (member.at("source") == "graph" && !member.at("mean_rest").is_null()) {
      rows.push_back({escape(member.at("name").get<std::string>()),
                      fmt::format("{:.2f} %", member.at("mean_rest").get<double>() * 100),
                      fmt::format("{:.2f} %", member.at("largest_rest").get<double>() * 100)});
    }
  }
  if (rows.empty()) {
    return {};
  }
  return paragraph(fmt::format(
             "Scores keep the {} largest labels of an item; what its other classes have together "
             "is shared evenly among them.",
             report.at("graph").at("top_labels").get<int>())) +
         table({"member", "share not kept, mean", "largest"}, rows);
}

}  // namespace

std::string convergence_section(const Json& report) {
  const std::string charts =
      truncation_part(report) +
      chart("Convergence: change", "largest relative change",
            lines_of(report, [](const Json& entry) { return number_of(entry, "residual"); })) +
      chart("Convergence: labels that change from check to check", "items",
            lines_of(report, [](const Json& entry) { return number_of(entry, "flips"); })) +
      chart("Convergence: errors on held-out seeds", "share of held-out seeds that are wrong",
            lines_of(report,
                     [](const Json& entry) {
                       const auto right = number_of(entry, "held_out");
                       return right ? std::optional{1 - *right} : std::nullopt;
                     })) +
      chart("Convergence: roughness over the graph", "energy, share of its largest value",
            lines_of(report, [](const Json& entry) {
              const auto energy = number_of(entry, "energy");
              return energy ? std::optional{*energy / 2} : std::nullopt;
            }));
  return charts.empty() ? std::string{} : section("convergence", "Convergence", charts);
}

}  // namespace kith::report
