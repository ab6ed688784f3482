#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

struct Measure {
  const char* name;
  std::optional<double> GroupDiversity::*value;
  const char* reading;
};

constexpr Measure kMeasures[] = {
    {"entropy", &GroupDiversity::entropy,
     "0 = all voters right or all wrong, 1 = half of them right"},
    {"Kohavi-Wolpert variance", &GroupDiversity::kohavi_wolpert,
     "variance of a voter being right; higher = more diverse"},
    {"interrater agreement", &GroupDiversity::kappa,
     "kappa of being right; 0 = independent voters"},
    {"difficulty", &GroupDiversity::difficulty, "variance of the share of voters that are right"},
    {"generalized diversity", &GroupDiversity::generalized_diversity,
     "1 = two voters never fail together"},
    {"coincident failure diversity", &GroupDiversity::coincident_failure_diversity,
     "1 = at most one voter fails on an item"}};

std::string group_table(const Diversity& diversity) {
  const bool has_gold = diversity.gold.has_value();
  std::vector<std::vector<std::string>> rows;
  for (const Measure& measure : kMeasures) {
    std::vector<std::string> row{measure.name};
    if (has_gold) {
      row.push_back(decimal(diversity.gold->group.*measure.value, 4));
    }
    row.push_back(decimal(diversity.expected.group.*measure.value, 4));
    row.emplace_back(measure.reading);
    rows.push_back(std::move(row));
  }
  std::vector<std::string> head{"measure"};
  if (has_gold) {
    head.emplace_back("against gold");
  }
  head.insert(head.end(), {"model-based", "reading"});
  return table(head, rows, {has_gold ? std::size_t{3} : std::size_t{2}});
}

std::string pair_table(const std::vector<PairDiversity>& pairs,
                       const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> rows;
  for (const PairDiversity& pair : pairs) {
    rows.push_back({escape(names.at(pair.first)) + " / " + escape(names.at(pair.second)),
                    decimal(pair.q, 3), decimal(pair.rho, 3), decimal(pair.disagreement, 3),
                    decimal(pair.double_fault, 3), decimal(pair.kappa, 3)});
  }
  return long_table({"voters", "Yule's Q", "rho", "disagreement", "double fault", "kappa"}, rows);
}

std::string double_fault_chart(const std::vector<PairDiversity>& pairs,
                               const std::vector<std::string>& names, const std::string& basis) {
  const std::vector<std::string> shown = first_names(names);
  const auto values =
      pair_matrix(pairs, shown.size(), [](const PairDiversity& pair) { return pair.double_fault; });
  return heat_map("Both wrong on the same item, " + basis, shown, shown, values) +
         left_out(shown.size(), names.size(), "first members");
}

}  // namespace

std::string diversity_section(const Report& report) {
  const Diversity& diversity = report.diversity;
  const std::vector<std::string> names = member_names(report);
  std::string html = paragraph(
      "An ensemble gains from members that err on different items (Kuncheva and Whitaker 2003). "
      "Model-based values use the posterior of Dawid and Skene's model as the truth. They overrate "
      "voters that make the same errors.");
  if (diversity.expected.reason) {
    html += paragraph("No model-based values: " + escape(*diversity.expected.reason) + ".");
  }
  html += group_table(diversity);
  const bool has_gold = diversity.gold.has_value();
  const DiversityTable& shown = has_gold ? *diversity.gold : diversity.expected;
  if (!shown.pairs.empty()) {
    html += double_fault_chart(shown.pairs, names, has_gold ? "against gold" : "model-based") +
            details("Pair by pair", pair_table(shown.pairs, names));
  }
  return html;
}

}  // namespace kith::report
