#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"

namespace kith::report {

std::string review_section(const Report& report) {
  if (report.review.empty()) {
    return {};
  }
  std::vector<std::string> head{"row", "label", "probability", "status", "vote entropy", "BALD"};
  const bool has_previews =
      std::any_of(report.review.begin(), report.review.end(),
                  [](const ReviewItem& item) { return !item.preview.is_empty(); });
  if (has_previews) {
    head.insert(head.begin() + 1, "item");
  }
  std::vector<std::vector<std::string>> rows;
  for (const ReviewItem& item : report.review) {
    rows.push_back({grouped(item.row), escape(item.label), decimal(item.probability, 3),
                    escape(item.status), decimal(item.vote_entropy, 3), decimal(item.bald, 3)});
    if (has_previews) {
      rows.back().insert(rows.back().begin() + 1, preview_cell(item.preview));
    }
  }
  constexpr std::size_t kShown = 10;
  return paragraph(
             "About these items the members are farthest apart: each is certain, but they disagree "
             "(BALD, mutual information in nats). Many of them may be alike; <code>kith review "
             "export --queue N</code> asks people about items that differ.") +
         folded_table(head, rows, kShown, "more items",
                      has_previews ? std::vector<std::size_t>{1} : std::vector<std::size_t>{});
}

}  // namespace kith::report
