#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::vector<std::string> member_names(const Json& report) {
  std::vector<std::string> names;
  for (const Json& member : report.at("members")) {
    names.push_back(member.at("name").get<std::string>());
  }
  return names;
}

/// Pairs of classes that members give to the same item, relative to the most frequent pair.
std::string conflict_chart(const Json& report) {
  const std::vector<std::string> names = class_names(report);
  const auto counts =
      report.at("agreement").at("conflicts").get<std::vector<std::vector<double>>>();
  double most = 0;
  for (const std::vector<double>& row : counts) {
    most = std::max(most, *std::max_element(row.begin(), row.end()));
  }
  std::vector<std::vector<std::optional<double>>> shares;
  for (const std::vector<double>& row : counts) {
    shares.emplace_back();
    for (const double count : row) {
      shares.back().push_back(most > 0 ? std::optional{count / most} : std::nullopt);
    }
  }
  return heat_map(fmt::format("Classes that members confuse (1 = {} items)",
                              grouped(static_cast<long long>(most))),
                  names, names, shares);
}

}  // namespace

std::string agreement_section(const Json& report) {
  const std::vector<std::string> names = member_names(report);
  const Json& agreement = report.at("agreement");
  using Matrix = std::vector<std::vector<std::optional<double>>>;
  Matrix same(names.size(), std::vector<std::optional<double>>(names.size(), 1.0));
  Matrix kappa = same;
  for (const Json& pair : agreement.at("pairs")) {
    const auto a = pair.at("first").get<std::size_t>();
    const auto b = pair.at("second").get<std::size_t>();
    const auto value = [](const Json& number) {
      return number.is_null() ? std::nullopt : std::optional{number.get<double>()};
    };
    same[a][b] = same[b][a] = value(pair.at("agreement").at("value"));
    kappa[a][b] = kappa[b][a] = value(pair.at("cohen_kappa").at("value"));
  }
  const auto row = [&](const char* name, const char* key) {
    return std::vector<std::string>{name, coefficient_text(agreement.at(key))};
  };
  return section("agreement", "Agreement",
                 heat_map("Agreement of members", names, names, same) +
                     heat_map("Cohen's kappa of members", names, names, kappa) +
                     conflict_chart(report) +
                     table({"statistic", "value, 95 % interval"},
                           {row("mean pair agreement", "mean_pair_agreement"),
                            row("Fleiss' kappa", "fleiss_kappa"),
                            row("Krippendorff's alpha", "krippendorff_alpha"),
                            row("Gwet's AC1", "gwet_ac1"),
                            row("PABAK", "pabak"),
                            {"unanimous items", share_text(agreement.at("unanimous"))}}));
}

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
    rows.push_back(
        {escape(line.name), escape(is_outside ? "outside " + method : method),
         is_outside ? "" : count_text(member.at("sweeps")),
         is_outside ? "" : escape(member.at("stop").get<std::string>()),
         share_text(member.at("held_out")),
         member.contains("gold") ? share_text(member["gold"]) : "",
         fmt::format("{:.3f}", member.at("temperature").get<double>()),
         fmt::format("{:.3f} / {:.3f}", member.at("calibration_before").at("nll").get<double>(),
                     member.at("calibration_after").at("nll").get<double>())});
  }
  return section("members", "Members",
                 log_line_chart("Convergence", "sweep", "largest relative change", lines) +
                     table({"member", "method", "sweeps", "stopped", "held-out accuracy",
                            "gold accuracy", "temperature", "loss before / after calibration"},
                           rows));
}

}  // namespace kith::report
