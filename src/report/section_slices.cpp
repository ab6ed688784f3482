#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

/// What the grouping is by, in words.
std::string grouping_name(const Json& grouping) {
  const auto name = grouping.at("name").get<std::string>();
  return name == "classes" ? "predicted class" : name == "cells" ? "cell" : name;
}

/// Chances below 0.0001 say no more than that.
std::string chance_text(const Json& chance) {
  if (chance.is_null()) {
    return "&#8211;";
  }
  const double value = chance.get<double>();
  return value < 1e-4 ? "&lt; 0.0001" : fmt::format("{:.4f}", value);
}

/// Slices in order of suspicion: those least likely to be as good as the others first.
std::vector<const Json*> by_suspicion(const Json& grouping) {
  std::vector<const Json*> slices;
  for (const Json& slice : grouping.at("slices")) {
    slices.push_back(&slice);
  }
  const auto chance = [](const Json* slice) {
    const Json& p = slice->at("p_value");
    return p.is_null() ? 2.0 : p.get<double>();
  };
  std::stable_sort(slices.begin(), slices.end(),
                   [&](const Json* a, const Json* b) { return chance(a) < chance(b); });
  return slices;
}

std::string error_chart(const std::string& name, const std::vector<const Json*>& slices) {
  constexpr std::size_t kShown = 12;
  std::vector<Bar> bars;
  double top = 0;
  for (const Json* slice : slices) {
    const Json& error = slice->at("error");
    if (bars.size() < kShown && !error.at("value").is_null()) {
      const auto label = slice->at("slice").get<std::string>();
      bars.push_back(
          {label, error["value"].get<double>() * 100, error["low"].get<double>() * 100,
           error["high"].get<double>() * 100,
           fmt::format("{}: {} wrong of {} known", label, count_text(error.at("successes")),
                       count_text(error.at("trials")))});
      top = std::max(top, *bars.back().high);
    }
  }
  return bars.empty() ? std::string{}
                      : bar_chart("Error by " + name + ", most suspicious first",
                                  "% of known items that are wrong, 95 % interval", top, bars);
}

std::vector<std::string> slice_row(const Json& slice) {
  std::vector<std::string> row{
      escape(slice.at("slice").get<std::string>()), count_text(slice.at("items")),
      count_text(slice.at("error").at("trials")), share_text(slice["error"])};
  if (slice.contains("weighted_error")) {
    row.push_back(share_text(slice["weighted_error"]));
  }
  const Json& shrunken = slice.at("shrunken_error");
  row.push_back(shrunken.is_null() ? "&#8211;" : percent(shrunken.get<double>()));
  row.push_back(decimal(slice.at("lift"), 2));
  row.push_back(chance_text(slice.at("q_value")));
  row.push_back(slice.at("is_worse").get<bool>() ? "worse" : "");
  return row;
}

std::string slice_tables(const std::vector<const Json*>& slices) {
  constexpr std::size_t kOpen = 5;
  std::vector<std::string> head{"slice", "items", "known", "error"};
  if (!slices.empty() && slices.front()->contains("weighted_error")) {
    head.emplace_back("error, weighted");
  }
  head.insert(head.end(), {"shrunken error", "times the mean", "q-value", ""});
  std::vector<std::vector<std::string>> rows;
  for (const Json* slice : slices) {
    rows.push_back(slice_row(*slice));
  }
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), kOpen));
  std::string html = table(head, {rows.begin(), middle});
  if (middle != rows.end()) {
    html += details(fmt::format("{} more", rows.end() - middle),
                    long_table(head, {middle, rows.end()}));
  }
  return html;
}

std::string grouping_part(const Json& grouping) {
  const std::string name = grouping_name(grouping);
  const std::vector<const Json*> slices = by_suspicion(grouping);
  std::string html = "<h3>By " + escape(name) + "</h3>\n";
  html += paragraph(fmt::format("{} of {} are worse than the others.{}",
                                count_text(grouping.at("worse")), count_text(grouping.at("groups")),
                                name == "cell" ? " Cells are regions of near vectors." : ""));
  html += slice_tables(slices) + error_chart(name, slices);
  if (grouping.at("left_out").get<long long>() > 0) {
    html += paragraph(fmt::format("{} more are in <code>/slices/cells</code> of qa.h5.",
                                  count_text(grouping["left_out"])));
  }
  return html;
}

}  // namespace

std::string slice_section(const Json& report) {
  const Json& slices = report.at("slices");
  std::string html = paragraph(fmt::format(
      "Errors counted on {}. Each slice is tested against all others together (one-sided); a slice "
      "is called worse at a false discovery rate of {:.3g}&#160;% (Benjamini and Hochberg 1995). "
      "Shrunken errors lie between the slice's and the overall one, by how much is known of it "
      "(Kleinman 1973).",
      escape(slices.at("basis").get<std::string>()),
      slices.at("false_discovery_rate").get<double>() * 100));
  for (const Json& grouping : slices.at("groupings")) {
    html += grouping_part(grouping);
  }
  return section("slices", "Where are labels worse?", html);
}

}  // namespace kith::report
