#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::string suspects_table(const std::vector<SuspectSeed>& suspects) {
  const bool has_ids = suspects.front().id.has_value();
  std::vector<std::string> head{"row", "given", "suggested", "chance that it is wrong",
                                "probability of the given label"};
  if (has_ids) {
    head.insert(head.begin(), "id");
  }
  const std::size_t place = has_ids ? 2 : 1;
  const bool has_previews =
      std::any_of(suspects.begin(), suspects.end(),
                  [](const SuspectSeed& suspect) { return !suspect.preview.is_empty(); });
  const auto insert = [&](std::vector<std::string>& row, std::string cell) {
    row.insert(row.begin() + static_cast<std::ptrdiff_t>(place), std::move(cell));
  };
  if (has_previews) {
    insert(head, "item");
  }
  std::vector<std::vector<std::string>> rows;
  for (const SuspectSeed& suspect : suspects) {
    rows.push_back({grouped(suspect.row), escape(suspect.given), escape(suspect.suggested),
                    decimal(suspect.wrong, 3), decimal(suspect.self_confidence, 4)});
    if (has_ids) {
      rows.back().insert(rows.back().begin(), escape(suspect.id.value_or("")));
    }
    if (has_previews) {
      insert(rows.back(), preview_cell(suspect.preview));
    }
  }
  constexpr std::size_t kShown = 10;
  return folded_table(head, rows, kShown, "more",
                      has_previews ? std::vector{place} : std::vector<std::size_t>{});
}

std::string filter_text(const std::string& filter) {
  return filter == "likely_wrong"
             ? "more likely wrong than right if as many seeds are wrong as the interval allows"
             : "confident learning, " + escape(filter);
}

std::string class_table(const std::vector<ClassSeeds>& classes) {
  std::vector<std::vector<std::string>> rows;
  for (const ClassSeeds& of_class : classes) {
    rows.push_back({escape(of_class.name), grouped(of_class.given), grouped(of_class.flagged),
                    decimal(of_class.quality, 3), decimal(of_class.missed, 3),
                    decimal(of_class.true_share, 3)});
  }
  return table({"class", "seeds", "suspected", "label quality", "given another label",
                "share of true class"},
               rows);
}

std::string overlap_chart(const std::vector<ClassOverlap>& overlaps) {
  constexpr std::size_t kShown = 10;
  std::vector<Bar> bars;
  double top = 0;
  for (std::size_t i = 0; i < std::min(overlaps.size(), kShown); ++i) {
    const double share = overlaps[i].share * 100;
    const std::string name = overlaps[i].first + " / " + overlaps[i].second;
    bars.push_back({name, share, {}, {}, fmt::format("{}: {:.2f} % of the seeds", name, share)});
    top = std::max(top, share);
  }
  return bars.empty()
             ? std::string{}
             : bar_chart("Pairs of classes that overlap most",
                         "% of seeds that have one label and likely the other class", top, bars);
}

std::string given_text(const SeedConflict& conflict) {
  std::vector<std::string> given;
  for (std::size_t i = 0; i < conflict.rows.size(); ++i) {
    given.push_back(
        fmt::format("row {}: {}", grouped(conflict.rows[i]), escape(conflict.given.at(i))));
  }
  return fmt::format("{}", fmt::join(given, ", "));
}

/// Equal vectors with seeds of different classes.
std::string conflicts_part(const SeedConflicts& conflicts) {
  if (conflicts.listed.empty()) {
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const SeedConflict& conflict : conflicts.listed) {
    rows.push_back({grouped(conflict.seeds), given_text(conflict)});
  }
  const bool are_all_listed = conflicts.vectors <= static_cast<Count>(conflicts.listed.size());
  return paragraph(fmt::format(
             "{} vectors have seeds of different classes, {} seeds in all. Each seed keeps its "
             "label; members learn the shares of the labels.{}",
             grouped(conflicts.vectors), grouped(conflicts.seeds),
             are_all_listed ? ""
                            : fmt::format(" The first {} of them:", conflicts.listed.size()))) +
         details("Equal vectors with seeds of different classes",
                 table({"seeds", "given"}, rows, {1}));
}

/// Which seeds may be wrong, by what members say of them.
std::string suspects_part(const SeedCheck& seeds) {
  std::string html = paragraph(fmt::format(
      "{} of {} seeds may be mislabeled, according to members that were fitted without them ({}). "
      "An estimated {} of all seeds are wrong. A wrong seed that resembles the class of its label "
      "cannot be found. Check the suspects first: a wrong seed misleads the items around it.",
      seeds.suspects.size(), grouped(seeds.held_out), filter_text(seeds.filter),
      share_text(seeds.noise_rate)));
  if (!seeds.suspects.empty()) {
    html += suspects_table(seeds.suspects);
  }
  return html + overlap_chart(seeds.overlaps) +
         details("Seeds by class", class_table(seeds.per_class));
}

}  // namespace

std::string seed_section(const Report& report) {
  return (report.seeds.held_out > 0 ? suspects_part(report.seeds) : "") +
         conflicts_part(report.run.corpus.seed_conflicts);
}

}  // namespace kith::report
