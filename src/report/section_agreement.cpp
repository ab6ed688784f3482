#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"
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
  if (counts.empty()) {
    return without_table(names.size());
  }
  const auto shown = largest(confusion_weights(counts), kMatrixClasses);
  double most = 0;
  for (const std::vector<double>& row : counts) {
    most = std::max(most, *std::max_element(row.begin(), row.end()));
  }
  std::vector<std::vector<std::optional<double>>> shares;
  for (const std::size_t k : shown) {
    shares.emplace_back();
    for (const std::size_t l : shown) {
      shares.back().push_back(most > 0 && k != l ? std::optional{counts[k][l] / most}
                                                 : std::nullopt);
    }
  }
  return heat_map(fmt::format("Classes that members confuse (1 = {} items)",
                              grouped(static_cast<long long>(most))),
                  pick(names, shown), pick(names, shown), shares) +
         left_out(shown.size(), names.size(), "classes that are confused most");
}

std::string coefficient_table(const Json& agreement) {
  const auto row = [&](const char* name, const char* key) {
    return std::vector<std::string>{name, coefficient_text(agreement.at(key)),
                                    count_text(agreement.at(key).at("items"))};
  };
  return table({"statistic", "value, 95 % interval", "items"},
               {row("mean pair agreement", "mean_pair_agreement"),
                row("Fleiss' kappa", "fleiss_kappa"),
                row("Krippendorff's alpha", "krippendorff_alpha"),
                row("Gwet's AC1", "gwet_ac1"),
                row("PABAK", "pabak"),
                {"unanimous items", share_text(agreement.at("unanimous")),
                 count_text(agreement["unanimous"].at("trials"))},
                {"items without a majority", share_text(agreement.at("no_majority")),
                 count_text(agreement["no_majority"].at("trials"))}});
}

/// Kappa of each class against the rest: the classes on which the voters agree least.
std::string class_part(const Json& agreement) {
  std::vector<double> doubt;
  std::vector<Bar> bars;
  std::vector<std::vector<std::string>> rows;
  for (const Json& of_class : agreement.at("per_class")) {
    const auto name = of_class.at("class").get<std::string>();
    const Json& kappa = of_class.at("fleiss_kappa");
    rows.push_back(
        {escape(name), coefficient_text(kappa), count_text(of_class.at("items_with_vote"))});
    const bool is_known = !kappa.at("value").is_null();
    Bar bar{name, is_known ? std::max(0.0, kappa["value"].get<double>()) : 0, {}, {}, {}};
    if (is_known && kappa.contains("low")) {
      bar.low = std::max(0.0, kappa["low"].get<double>());
      bar.high = std::max(0.0, kappa["high"].get<double>());
    }
    bar.tooltip = is_known ? fmt::format("{}: {:.4f}", name, kappa["value"].get<double>())
                           : name + ": undefined";
    doubt.push_back(is_known ? -bar.value : -2);
    bars.push_back(bar);
  }
  const auto shown = largest(doubt, kChartClasses);
  return bar_chart("Agreement class by class",
                   "Fleiss' kappa of the class against the rest, 95 % interval", 1,
                   pick(bars, shown)) +
         left_out(shown.size(), bars.size(), "classes with least agreement") +
         details("Class by class",
                 long_table({"class", "Fleiss' kappa", "items with a vote for it"}, rows));
}

/// Agreement in each of the user's groups.
std::string slice_part(const Json& slices) {
  std::string html;
  for (const Json& grouping : slices.at("groupings")) {
    std::vector<std::vector<std::string>> rows;
    for (const Json& slice : grouping.at("slices")) {
      if (slice.contains("agreement")) {
        const Json& agreement = slice["agreement"];
        rows.push_back({escape(slice.at("slice").get<std::string>()),
                        count_text(agreement.at("mean_pair_agreement").at("items")),
                        coefficient_text(agreement["mean_pair_agreement"]),
                        coefficient_text(agreement.at("fleiss_kappa")),
                        coefficient_text(agreement.at("krippendorff_alpha")),
                        coefficient_text(agreement.at("gwet_ac1"))});
      }
    }
    if (!rows.empty()) {
      html += details("By " + escape(grouping.at("name").get<std::string>()),
                      long_table({"slice", "items", "pair agreement", "Fleiss' kappa",
                                  "Krippendorff's alpha", "Gwet's AC1"},
                                 rows));
    }
  }
  return html;
}

}  // namespace

std::string agreement_section(const Json& report) {
  const std::vector<std::string> names = member_names(report);
  const Json& agreement = report.at("agreement");
  using Matrix = std::vector<std::vector<std::optional<double>>>;
  Matrix same(names.size(), std::vector<std::optional<double>>(names.size(), std::nullopt));
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
  std::string html = coefficient_table(agreement);
  if (agreement.at("patterns").is_null()) {
    html += paragraph(fmt::format(
        "The votes fall into more than qa.max_patterns = {} patterns: agreement was computed from "
        "the items one by one, and there is no model of the voters.",
        count_text(agreement.at("max_patterns"))));
  }
  const auto shown_pairs = std::min(names.size(), kMatrixClasses);
  for (Matrix* matrix : {&same, &kappa}) {
    matrix->resize(shown_pairs);
    for (auto& row : *matrix) {
      row.resize(shown_pairs);
    }
  }
  const std::vector<std::string> shown{names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(shown_pairs)};
  html += heat_map("Agreement of members", shown, shown, same) +
          heat_map("Cohen's kappa of members", shown, shown, kappa) +
          left_out(shown_pairs, names.size(), "first members") + class_part(agreement) +
          conflict_chart(report) + slice_part(report.at("slices"));
  return section("agreement", "Agreement", html);
}

}  // namespace kith::report
