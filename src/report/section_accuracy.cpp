#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::string confusion_chart(const Json& accuracy, const std::vector<std::string>& names,
                            const std::string& title) {
  if (!accuracy.contains("confusion")) {
    return without_table(names.size());
  }
  const auto counts = accuracy.at("confusion").get<std::vector<std::vector<double>>>();
  std::vector<std::vector<double>> square = counts;
  for (std::vector<double>& row : square) {
    row.resize(names.size());  // without the column of items that have no label
  }
  const auto shown = largest(confusion_weights(square), kMatrixClasses);
  std::vector<std::vector<std::optional<double>>> shares;
  for (const std::size_t truth : shown) {
    double total = 0;
    for (const double count : counts[truth]) {
      total += count;
    }
    shares.emplace_back();
    for (const std::size_t k : shown) {
      shares.back().push_back(total > 0 ? std::optional{counts[truth][k] / total} : std::nullopt);
    }
  }
  return heat_map(title + " (rows: true class, columns: label)", pick(names, shown),
                  pick(names, shown), shares) +
         left_out(shown.size(), names.size(), "classes that are confused most");
}

/// weights: of the classes, those to show first.
std::string accuracy_part(const Json& accuracy, const std::vector<std::string>& names,
                          std::span<const double> weights, const std::string& how) {
  std::vector<Bar> precision;
  std::vector<Bar> recall;
  std::vector<std::vector<std::string>> rows;
  for (const Json& of_class : accuracy.at("per_class")) {
    const auto name = of_class.at("class").get<std::string>();
    const auto bar = [&](const Json& share) {
      const bool known = !share.at("value").is_null();
      Bar made{name, known ? share["value"].get<double>() * 100 : 0, {}, {}, {}};
      if (known) {
        made.low = share["low"].get<double>() * 100;
        made.high = share["high"].get<double>() * 100;
      }
      made.tooltip = fmt::format("{}: {} of {}", name, count_text(share.at("successes")),
                                 count_text(share.at("trials")));
      return made;
    };
    precision.push_back(bar(of_class.at("precision")));
    recall.push_back(bar(of_class.at("recall")));
    rows.push_back(
        {escape(name), share_text(of_class["precision"]), share_text(of_class["recall"]),
         of_class.at("f1").is_null() ? "" : fmt::format("{:.3f}", of_class["f1"].get<double>())});
  }
  const auto shown = largest(weights, kChartClasses);
  return bar_chart("Precision by class, " + how,
                   "% of items labeled so that are right, 95 % interval", 100,
                   pick(precision, shown)) +
         bar_chart("Recall by class, " + how,
                   "% of items of the class that are found, 95 % interval", 100,
                   pick(recall, shown)) +
         left_out(shown.size(), names.size(), "classes with most items") +
         details("Numbers", long_table({"class", "precision", "recall", "F1"}, rows)) +
         confusion_chart(accuracy, names, "Confusion, " + how);
}

}  // namespace

std::string accuracy_section(const Json& report) {
  const std::vector<std::string> names = class_names(report);
  const Json& consensus = report.at("consensus");
  const auto items = consensus.at("class_counts").get<std::vector<double>>();
  std::string html;
  if (consensus.contains("gold")) {
    html += "<h3>Against gold labels</h3>" + accuracy_part(consensus["gold"], names, items, "gold");
  }
  html +=
      "<h3>On held-out seeds</h3>\n<p>Every seed was left out of one fold and judged by members "
      "that had not seen it. This needs no gold, and holds for items like the seeds.</p>\n";
  if (consensus.at("held_out").at("accuracy").at("trials").get<long long>() == 0) {
    return section("accuracy", "Accuracy",
                   html + paragraph("No class has two seeds: nothing could be held out."));
  }
  html += accuracy_part(consensus["held_out"], names, items, "held-out seeds");
  return section("accuracy", "Accuracy", html);
}

}  // namespace kith::report
