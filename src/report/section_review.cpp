#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/selection.hpp"

namespace kith::report {

std::string review_section(const Report& report) {
  std::vector<std::vector<std::string>> rows;
  for (const ReviewItem& item : report.review) {
    rows.push_back({grouped(item.row), escape(item.label), decimal(item.probability, 3),
                    escape(item.status), decimal(item.vote_entropy, 3), decimal(item.bald, 3)});
  }
  if (rows.empty()) {
    return {};
  }
  constexpr std::size_t kShown = 10;
  return paragraph(
             "A label from a person tells most about these items: each voter is certain, but the "
             "voters disagree (BALD, mutual information in nats).") +
         folded_table({"row", "label", "probability", "status", "vote entropy", "BALD"}, rows,
                      kShown, "more items");
}

}  // namespace kith::report
