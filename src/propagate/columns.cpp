#include "propagate/columns.hpp"

#include "kith/propagate/memory.hpp"

#include "propagate/kernel.hpp"

namespace kith::propagate {

Count padded(Count columns) {
  return (columns + kColumnBlock - 1) / kColumnBlock * kColumnBlock;
}

std::vector<std::vector<std::size_t>> deal_panels(std::span<const Count> widths) {
  std::vector<std::vector<std::size_t>> panels;
  Count used = 0;
  for (std::size_t task = 0; task < widths.size(); ++task) {
    if (panels.empty() || used + widths[task] > kPanelColumns) {
      panels.emplace_back();
      used = 0;
    }
    panels.back().push_back(task);
    used += widths[task];
  }
  return panels;
}

Count panel_columns(std::span<const Count> widths) {
  Count total = 0;
  for (const std::vector<std::size_t>& panel : deal_panels(widths)) {
    Count used = 0;
    for (const std::size_t task : panel) {
      used += widths[task];
    }
    total += padded(used);
  }
  return total;
}

}  // namespace kith::propagate
