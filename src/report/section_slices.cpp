#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

using SliceOrder = std::vector<std::reference_wrapper<const Slice>>;

/// What the grouping is by, in words.
std::string grouping_name(const std::string& name) {
  return name == "classes" ? "predicted class" : name == "cells" ? "cell" : name;
}

/// Chances below 0.0001 say no more than that.
std::string chance_text(std::optional<double> chance) {
  return chance && *chance < 1e-4 ? "&lt; 0.0001" : decimal(chance, 4);
}

/// Slices in order of suspicion: those least likely to be as good as the others first.
SliceOrder by_suspicion(const std::vector<Slice>& slices) {
  SliceOrder order{slices.begin(), slices.end()};
  std::stable_sort(order.begin(), order.end(), [](const Slice& a, const Slice& b) {
    return a.p_value.value_or(2) < b.p_value.value_or(2);
  });
  return order;
}

std::string error_chart(const std::string& name, const SliceOrder& slices) {
  constexpr std::size_t kShown = 12;
  std::vector<Bar> bars;
  double top = 0;
  for (const Slice& slice : slices) {
    const Proportion& error = slice.error;
    if (bars.size() < kShown && error.value) {
      bars.push_back({slice.name, *error.value * 100, error.low * 100, error.high * 100,
                      fmt::format("{}: {} wrong of {} known", slice.name, grouped(error.successes),
                                  grouped(error.trials))});
      top = std::max(top, error.high * 100);
    }
  }
  return bars.empty() ? std::string{}
                      : bar_chart("Error by " + name + ", most suspicious first",
                                  "% of known items that are wrong, 95 % interval", top, bars);
}

std::vector<std::string> slice_row(const Slice& slice) {
  std::vector<std::string> row{escape(slice.name), grouped(slice.items),
                               grouped(slice.error.trials), share_text(slice.error)};
  if (slice.weighted_error) {
    row.push_back(share_text(*slice.weighted_error));
  }
  row.insert(row.end(),
             {slice.shrunken_error ? percent(*slice.shrunken_error) : "&#8211;",
              decimal(slice.lift, 2), chance_text(slice.q_value), slice.is_worse ? "worse" : ""});
  return row;
}

std::string slice_tables(const SliceOrder& slices) {
  std::vector<std::string> head{"slice", "items", "known", "error"};
  if (!slices.empty() && slices.front().get().weighted_error) {
    head.emplace_back("error, weighted");
  }
  head.insert(head.end(), {"shrunken error", "times the mean", "q-value", ""});
  std::vector<std::vector<std::string>> rows;
  for (const Slice& slice : slices) {
    rows.push_back(slice_row(slice));
  }
  constexpr std::size_t kShown = 5;
  return folded_table(head, rows, kShown, "more");
}

std::string grouping_part(const Grouping& grouping) {
  const std::string name = grouping_name(grouping.name);
  const SliceOrder slices = by_suspicion(grouping.slices);
  std::string html = "<h3>By " + escape(name) + "</h3>\n";
  html += paragraph(fmt::format("{} of {} are worse than the others.{}", grouped(grouping.worse),
                                grouped(grouping.groups),
                                name == "cell" ? " A cell is a region of similar vectors." : ""));
  html += slice_tables(slices) + error_chart(name, slices);
  if (grouping.left_out > 0) {
    html += paragraph(fmt::format("{} more are in <code>/slices/cells</code> of qa.h5.",
                                  grouped(grouping.left_out)));
  }
  return html;
}

}  // namespace

std::string slice_section(const Report& report) {
  const Slices& slices = report.slices;
  const bool has_other_truth = report.consensus.gold || report.audit;
  if (report.run.corpus.seeds == 0 && !has_other_truth) {
    return paragraph("There are no seeds, gold labels or answers of an audit to count errors on.");
  }
  std::string html = paragraph(fmt::format(
      "Errors are counted on {}. Each slice is tested against all others together (one-sided); a "
      "slice is called worse at a false discovery rate of {:.3g}&#160;% (Benjamini and Hochberg "
      "1995). "
      "A shrunken error lies between the error of the slice and the overall error; the more items "
      "of the slice are known, the closer it is to the error of the slice (Kleinman 1973).",
      escape(slices.basis), slices.false_discovery_rate * 100));
  for (const Grouping& grouping : slices.groupings) {
    html += grouping_part(grouping);
  }
  return html;
}

}  // namespace kith::report
