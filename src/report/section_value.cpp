#include <fmt/format.h>

#include "report/sections.hpp"

namespace kith::report {

std::string value_section(const Json& report) {
  const Json& values = report.at("seed_values");
  std::vector<std::vector<std::string>> rows;
  bool has_ids = false;
  for (const Json& seed : values.at("lowest")) {
    std::vector<std::string> row{count_text(seed.at("row")),
                                 escape(seed.at("class").get<std::string>()),
                                 fmt::format("{:.1f}", seed.at("value").get<double>())};
    has_ids = seed.contains("id");
    if (has_ids) {
      row.insert(row.begin(), escape(seed["id"].get<std::string>()));
    }
    rows.push_back(std::move(row));
  }
  std::vector<std::string> head{"row", "class", "value"};
  if (has_ids) {
    head.insert(head.begin(), "id");
  }
  return section(
      "seed-values", "What are the seeds worth?",
      paragraph(fmt::format(
          "kNN-Shapley values (Jia et al. 2019): of the {} labeled items, each asking its {} "
          "nearest "
          "others for its own label, by how many a seed is a help. {} of {} seeds are below 0: "
          "they "
          "speak against the labels around them. <code>/value</code> of qa.h5 has the value of "
          "every item.",
          count_text(values.at("queries")), count_text(values.at("neighbors")),
          count_text(values.at("negative")), count_text(values.at("seeds")))) +
          details(fmt::format("The {} seeds of least value", rows.size()), table(head, rows)));
}

}  // namespace kith::report
