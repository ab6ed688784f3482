#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::vector<std::string> class_row(const Json& of_class, double items) {
  return {
      escape(of_class.at("class").get<std::string>()),
      grouped(static_cast<long long>(items)),
      percent(of_class.at("stated_share").get<double>()),
      fmt::format("{} <span class=\"ci\">[{:.1f}, {:.1f}]</span>",
                  percent(of_class.at("corrected_share").get<double>()),
                  of_class.at("low").get<double>() * 100, of_class.at("high").get<double>() * 100),
      decimal(of_class.at("inverse_weight"), 3),
      decimal(of_class.at("effective_number_weight"), 3),
      count_text(of_class.at("undersampled")),
      count_text(of_class.at("repeats")),
      count_text(of_class.at("seeds")),
      count_text(of_class.at("seeds_missing"))};
}

std::string missing_text(const Json& balance) {
  long long missing = 0;
  std::size_t classes = 0;
  for (const Json& of_class : balance.at("per_class")) {
    missing += of_class.at("seeds_missing").get<long long>();
    classes += of_class["seeds_missing"].get<long long>() > 0 ? 1U : 0U;
  }
  return missing == 0
             ? fmt::format("Every class has at least {} seeds.",
                           count_text(balance.at("seeds_wanted")))
             : fmt::format("{} seeds are missing in {} classes until each has {}.",
                           grouped(missing), classes, count_text(balance.at("seeds_wanted")));
}

}  // namespace

std::string class_section(const Json& report) {
  const std::vector<std::string> names = class_names(report);
  const auto counts = report.at("consensus").at("class_counts").get<std::vector<double>>();
  const Json& balance = report.at("balance");
  std::vector<Bar> bars;
  std::vector<Bar> corrected;
  std::vector<std::vector<std::string>> rows;
  double top = 1;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const Json& of_class = balance.at("per_class").at(k);
    const std::string number = grouped(static_cast<long long>(counts[k]));
    bars.push_back({names[k],
                    of_class.at("stated_share").get<double>() * 100,
                    {},
                    {},
                    names[k] + ": " + number + " items"});
    corrected.push_back(
        {names[k], of_class.at("corrected_share").get<double>() * 100,
         of_class.at("low").get<double>() * 100, of_class.at("high").get<double>() * 100,
         fmt::format("{}: {:.2f} %", names[k], of_class["corrected_share"].get<double>() * 100)});
    rows.push_back(class_row(of_class, counts[k]));
    top = std::max({top, bars.back().value, *corrected.back().high});
  }
  const auto shown = largest(counts, kChartClasses);
  std::string html =
      bar_chart("Class mix of the labels", "share of items, %", top, pick(bars, shown)) +
      bar_chart("Class mix, corrected for wrong labels", "share of items, %, 95 % interval", top,
                pick(corrected, shown)) +
      left_out(shown.size(), names.size(), "classes with most items");
  html += paragraph(fmt::format(
      "Corrected shares: what the labels of each class consist of, by {}. {} Largest class over "
      "smallest: {}. {}",
      escape(balance.at("basis").get<std::string>()),
      balance.at("basis") == "held-out seeds"
          ? "They hold if the seeds are like the corpus, which evenly picked seeds of uneven "
            "classes are not."
          : "",
      decimal(balance.at("ratio"), 2), missing_text(balance)));
  html += details(
      "Shares, weights, samples and seeds of each class",
      paragraph(fmt::format(
          "Weights for training come from the corrected shares: inverse frequency, and effective "
          "number (Cui et al. 2019; beta {:.4f}). Samples in which no class is larger than {:.3g} "
          "times the smallest one: <code>/balance/undersample</code> of qa.h5 marks the items to "
          "keep, <code>/balance/repeats</code> says how often to take each.",
          balance.at("effective_number_beta").get<double>(),
          balance.at("sample_ratio").get<double>())) +
          long_table({"class", "items", "share", "corrected share", "inverse weight",
                      "effective weight", "kept", "repeats", "seeds", "missing"},
                     rows));
  return section("classes", "Classes", html);
}

}  // namespace kith::report
