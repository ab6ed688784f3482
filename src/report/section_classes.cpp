#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {

std::string class_section(const Json& report) {
  const std::vector<std::string> names = class_names(report);
  const auto counts = report.at("consensus").at("class_counts").get<std::vector<double>>();
  const auto seeds = report["run"]["corpus"].at("seeds_per_class").get<std::vector<double>>();
  double items = 0;
  for (const double count : counts) {
    items += count;
  }
  std::vector<Bar> bars;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const double share = items > 0 ? counts[k] / items : 0;
    const std::string number = grouped(static_cast<long long>(counts[k]));
    bars.push_back({names[k], share * 100, {}, {}, names[k] + ": " + number + " items"});
    rows.push_back(
        {escape(names[k]), number, percent(share), grouped(static_cast<long long>(seeds[k]))});
  }
  double top = 1;
  for (const Bar& bar : bars) {
    top = std::max(top, bar.value);
  }
  return section("classes", "Classes",
                 bar_chart("Class mix", "share of items, %", top, bars) +
                     details("Numbers", table({"class", "items", "share", "seeds"}, rows)));
}

}  // namespace kith::report
