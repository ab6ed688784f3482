#include "report/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace kith::report {

std::vector<std::size_t> largest(std::span<const double> weights, std::size_t most) {
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
  order.resize(std::min(order.size(), most));
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<double> confusion_weights(const std::vector<std::vector<double>>& counts) {
  std::vector<double> weights(counts.size(), 0.0);
  for (std::size_t k = 0; k < counts.size(); ++k) {
    for (std::size_t l = 0; l < counts.size(); ++l) {
      if (k != l) {
        weights[k] += counts[k][l];
        weights[l] += counts[k][l];
      }
    }
  }
  return weights;
}

std::string left_out(std::size_t shown, std::size_t all, std::string_view which) {
  return shown >= all ? std::string{}
                      : paragraph(fmt::format("Shown: the {} {} of {}. report.json has all.", shown,
                                              which, grouped(static_cast<Count>(all))));
}

std::string without_table(std::size_t num_classes) {
  return paragraph(fmt::format("{} classes are too many for a table of class by class.",
                               grouped(static_cast<Count>(num_classes))));
}

std::string long_table(const std::vector<std::string>& head,
                       std::vector<std::vector<std::string>> rows,
                       const std::vector<std::size_t>& text_columns) {
  const std::size_t all = rows.size();
  rows.resize(std::min(all, kTableRows));
  return table(head, rows, text_columns) + left_out(rows.size(), all, "first rows");
}

std::string folded_table(const std::vector<std::string>& head,
                         const std::vector<std::vector<std::string>>& rows, std::size_t shown,
                         std::string_view more, const std::vector<std::size_t>& text_columns) {
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), shown));
  std::string html = table(head, {rows.begin(), middle}, text_columns);
  if (middle != rows.end()) {
    html += details(fmt::format("{} {}", rows.end() - middle, more),
                    long_table(head, {middle, rows.end()}, text_columns));
  }
  return html;
}

std::string tried_weights(const TeachingWeight& chosen, std::string_view of) {
  if (chosen.tried.empty()) {
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const TriedWeight& tried : chosen.tried) {
    rows.push_back({decimal(tried.weight, 2), decimal(tried.held_out_log_loss, 3)});
  }
  return details("Weights that were tried",
                 table({fmt::format("{} counts", of), "log-loss of held-out seeds (lda)"}, rows));
}

std::vector<std::string> member_names(const Report& report) {
  std::vector<std::string> names;
  for (const Member& member : report.members) {
    names.push_back(member.name);
  }
  return names;
}

std::vector<std::string> first_names(const std::vector<std::string>& names) {
  const auto shown = static_cast<std::ptrdiff_t>(std::min(names.size(), kMatrixClasses));
  return {names.begin(), names.begin() + shown};
}

std::string preview_cell(const ItemPreview& preview) {
  constexpr std::size_t kMostBytes = 200;
  std::string cell;
  if (preview.image.starts_with("data:image/png;base64,")) {
    cell += fmt::format("<img class=\"item\" src=\"{}\" alt=\"\">", escape(preview.image));
  }
  std::string text = preview.text;
  if (text.size() > kMostBytes) {
    std::size_t end = kMostBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      --end;  // inside of a character
    }
    text = text.substr(0, end) + " ...";
  }
  cell += escape(text);
  if (preview.uri.starts_with("http://") || preview.uri.starts_with("https://")) {
    cell +=
        fmt::format(" <a href=\"{0}\" rel=\"noopener noreferrer\">{0}</a>", escape(preview.uri));
  } else if (!preview.uri.empty()) {
    cell += " " + escape(preview.uri);
  }
  return cell;
}

}  // namespace kith::report
