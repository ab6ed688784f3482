#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

struct Measure {
  const char* name;
  const char* key;
  const char* reading;
};

std::string group_table(const Json& diversity) {
  constexpr Measure kMeasures[] = {
      {"entropy", "entropy", "0 = all right or wrong together, 1 = as split as can be"},
      {"Kohavi-Wolpert variance", "kohavi_wolpert",
       "of a voter being right; higher = more diverse"},
      {"interrater agreement", "kappa", "of being right; 0 = independent"},
      {"difficulty", "difficulty", "variance of the share of voters that are right"},
      {"generalized diversity", "generalized_diversity", "1 = a failure is never shared"},
      {"coincident failure diversity", "coincident_failure_diversity",
       "1 = failures are of one voter only"}};
  const bool has_gold = diversity.contains("gold");
  std::vector<std::vector<std::string>> rows;
  for (const Measure& measure : kMeasures) {
    std::vector<std::string> row{measure.name};
    if (has_gold) {
      row.push_back(decimal(diversity["gold"].at("group").at(measure.key), 4));
    }
    row.push_back(decimal(diversity.at("expected").at("group").at(measure.key), 4));
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

std::string pair_table(const Json& pairs, const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& pair : pairs) {
    rows.push_back({escape(names[pair.at("first").get<std::size_t>()]) + " / " +
                        escape(names[pair.at("second").get<std::size_t>()]),
                    decimal(pair.at("q"), 3), decimal(pair.at("rho"), 3),
                    decimal(pair.at("disagreement"), 3), decimal(pair.at("double_fault"), 3),
                    decimal(pair.at("kappa"), 3)});
  }
  return long_table({"voters", "Yule's Q", "rho", "disagreement", "double fault", "kappa"}, rows);
}

std::string double_fault_chart(const Json& pairs, const std::vector<std::string>& names,
                               const std::string& basis) {
  const std::size_t shown = std::min(names.size(), kMatrixClasses);
  std::vector<std::vector<std::optional<double>>> values(
      shown, std::vector<std::optional<double>>(shown, std::nullopt));
  for (const Json& pair : pairs) {
    const auto a = pair.at("first").get<std::size_t>();
    const auto b = pair.at("second").get<std::size_t>();
    if (a < shown && b < shown && !pair.at("double_fault").is_null()) {
      values[a][b] = values[b][a] = pair["double_fault"].get<double>();
    }
  }
  const std::vector<std::string> first{names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(shown)};
  return heat_map("Both wrong on the same item, " + basis, first, first, values) +
         left_out(shown, names.size(), "first members");
}

}  // namespace

std::string diversity_section(const Json& report) {
  const Json& diversity = report.at("diversity");
  std::vector<std::string> names;
  for (const Json& member : report.at("members")) {
    names.push_back(member.at("name").get<std::string>());
  }
  std::string html = paragraph(
      "An ensemble gains from members that err on different items (Kuncheva and Whitaker 2003). "
      "Model-based values take Dawid and Skene's model of the votes for the truth, which overrates "
      "voters that err together.");
  if (diversity.at("expected").contains("reason")) {
    html += paragraph("No model-based values: " +
                      escape(diversity["expected"]["reason"].get<std::string>()) + ".");
  }
  const bool has_gold = diversity.contains("gold");
  const Json& pairs = diversity.at(has_gold ? "gold" : "expected").at("pairs");
  html += group_table(diversity);
  if (!pairs.empty()) {
    html += double_fault_chart(pairs, names, has_gold ? "against gold" : "model-based") +
            details("Pair by pair", pair_table(pairs, names));
  }
  return section("diversity", "Do members err on different items?", html);
}

}  // namespace kith::report
