#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

std::string lowest_table(const std::vector<SeedValue>& seeds) {
  const bool has_ids = !seeds.empty() && seeds.front().id;
  std::vector<std::vector<std::string>> rows;
  for (const SeedValue& seed : seeds) {
    rows.push_back({grouped(seed.row), escape(seed.label), decimal(seed.value, 1)});
    if (has_ids) {
      rows.back().insert(rows.back().begin(), escape(seed.id.value_or("")));
    }
  }
  std::vector<std::string> head{"row", "class", "value"};
  if (has_ids) {
    head.insert(head.begin(), "id");
  }
  return table(head, rows);
}

}  // namespace

std::string value_section(const Report& report) {
  const SeedValues& values = report.seed_values;
  if (report.run.corpus.seeds == 0) {
    return paragraph("There are no seeds.");
  }
  return paragraph(fmt::format(
             "kNN-Shapley values (Jia et al. 2019): the {} labeled items are predicted from the "
             "labels of their {} nearest neighbors, and the value of a seed is the number of right "
             "predictions that it adds. {} of {} seeds have a value below 0: they contradict the "
             "labels around them. <code>/value</code> of qa.h5 has the value of every item.",
             grouped(values.queries), grouped(values.neighbors), grouped(values.negative),
             grouped(values.seeds))) +
         details(fmt::format("The {} seeds of least value", values.lowest.size()),
                 lowest_table(values.lowest));
}

}  // namespace kith::report
