#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::string confusion_chart(const Json& accuracy, const std::vector<std::string>& names,
                            const std::string& title) {
  const auto counts = accuracy.at("confusion").get<std::vector<std::vector<double>>>();
  std::vector<std::vector<std::optional<double>>> shares;
  for (const std::vector<double>& row : counts) {
    double total = 0;
    for (const double count : row) {
      total += count;
    }
    shares.emplace_back();
    for (std::size_t k = 0; k < names.size(); ++k) {
      shares.back().push_back(total > 0 ? std::optional{row[k] / total} : std::nullopt);
    }
  }
  return heat_map(title + " (rows: true class, columns: label)", names, names, shares);
}

std::string accuracy_part(const Json& accuracy, const std::vector<std::string>& names,
                          const std::string& how) {
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
  return bar_chart("Precision by class, " + how,
                   "% of items labeled so that are right, 95 % interval", 100, precision) +
         bar_chart("Recall by class, " + how,
                   "% of items of the class that are found, 95 % interval", 100, recall) +
         details("Numbers", table({"class", "precision", "recall", "F1"}, rows)) +
         confusion_chart(accuracy, names, "Confusion, " + how);
}

}  // namespace

std::string accuracy_section(const Json& report) {
  const std::vector<std::string> names = class_names(report);
  const Json& consensus = report.at("consensus");
  std::string html;
  if (consensus.contains("gold")) {
    html += "<h3>Against gold labels</h3>" + accuracy_part(consensus["gold"], names, "gold");
  }
  html +=
      "<h3>On held-out seeds</h3>\n<p>Every seed was left out of one fold and judged by members "
      "that had not seen it. This needs no gold, and holds for items like the seeds.</p>\n";
  if (consensus.at("held_out").at("accuracy").at("trials").get<long long>() == 0) {
    return section("accuracy", "Accuracy",
                   html + paragraph("No class has two seeds: nothing could be held out."));
  }
  html += accuracy_part(consensus["held_out"], names, "held-out seeds");
  std::vector<CalibrationPoint> points;
  for (const Json& bin : consensus["held_out"].at("reliability")) {
    const Json& share = bin.at("accuracy");
    if (share.at("trials").get<long long>() > 0) {
      points.push_back({bin.at("mean_confidence").get<double>(), share.at("value").get<double>(),
                        share.at("low").get<double>(), share.at("high").get<double>(),
                        share["trials"].get<long long>()});
    }
  }
  html += reliability_chart("Are probabilities what they say? (held-out seeds)", points);
  return section("accuracy", "Accuracy", html);
}

}  // namespace kith::report
