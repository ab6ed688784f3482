#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

/// Pairs of classes that members give to the same item, relative to the most frequent pair.
std::string conflict_chart(const std::vector<std::vector<double>>& counts,
                           const std::vector<std::string>& names) {
  if (counts.empty()) {
    return without_table(names.size());
  }
  const auto shown = largest(confusion_weights(counts), kMatrixClasses);
  double most = 0;
  for (const std::vector<double>& row : counts) {
    most = std::max(most, *std::max_element(row.begin(), row.end()));
  }
  Matrix shares;
  for (const std::size_t k : shown) {
    shares.emplace_back();
    for (const std::size_t l : shown) {
      shares.back().push_back(most > 0 && k != l ? std::optional{counts[k][l] / most}
                                                 : std::nullopt);
    }
  }
  return heat_map(fmt::format("Classes that members confuse (1 = {} items)",
                              grouped(static_cast<Count>(most))),
                  pick(names, shown), pick(names, shown), shares) +
         left_out(shown.size(), names.size(), "classes that are confused most");
}

std::string coefficient_table(const Coefficients& agreement) {
  const auto row = [](const char* name, const Coefficient& coefficient) {
    return std::vector<std::string>{name, coefficient_text(coefficient),
                                    grouped(coefficient.items)};
  };
  const auto share_row = [](const char* name, const Proportion& share) {
    return std::vector<std::string>{name, share_text(share), grouped(share.trials)};
  };
  return table({"statistic", "value, 95 % interval", "items"},
               {row("mean pair agreement", agreement.mean_pair_agreement),
                row("Fleiss' kappa", agreement.fleiss_kappa),
                row("Krippendorff's alpha", agreement.krippendorff_alpha),
                row("Gwet's AC1", agreement.gwet_ac1), row("PABAK", agreement.pabak),
                share_row("unanimous items", agreement.unanimous),
                share_row("items without a majority", agreement.no_majority)});
}

/// Bars begin at 0; a kappa can be negative.
Bar kappa_bar(const std::string& name, const Coefficient& kappa) {
  if (!kappa.value) {
    return {name, 0, {}, {}, name + ": undefined"};
  }
  Bar bar{name, std::max(0.0, *kappa.value), {}, {}, fmt::format("{}: {:.4f}", name, *kappa.value)};
  if (kappa.low && kappa.high) {
    bar.low = std::max(0.0, *kappa.low);
    bar.high = std::max(0.0, *kappa.high);
  }
  return bar;
}

/// Kappa of each class against the others: the classes on which the voters agree least.
std::string class_part(const Agreement& agreement) {
  std::vector<double> doubt;
  std::vector<Bar> bars;
  std::vector<std::vector<std::string>> rows;
  for (const ClassAgreement& of_class : agreement.per_class) {
    const Coefficient& kappa = of_class.fleiss_kappa;
    rows.push_back(
        {escape(of_class.name), coefficient_text(kappa), grouped(of_class.items_with_vote)});
    bars.push_back(kappa_bar(of_class.name, kappa));
    doubt.push_back(kappa.value ? -bars.back().value : -2);
  }
  const auto shown = largest(doubt, kChartClasses);
  return bar_chart("Agreement class by class",
                   "Fleiss' kappa of the class against the others, 95 % interval", 1,
                   pick(bars, shown)) +
         left_out(shown.size(), bars.size(), "classes with least agreement") +
         details("Class by class",
                 long_table({"class", "Fleiss' kappa", "items with a vote for it"}, rows));
}

/// Agreement in each of the user's groups.
std::string slice_part(const Slices& slices) {
  std::string html;
  for (const Grouping& grouping : slices.groupings) {
    std::vector<std::vector<std::string>> rows;
    for (const Slice& slice : grouping.slices) {
      if (slice.agreement) {
        const Coefficients& agreement = *slice.agreement;
        rows.push_back({escape(slice.name), grouped(agreement.mean_pair_agreement.items),
                        coefficient_text(agreement.mean_pair_agreement),
                        coefficient_text(agreement.fleiss_kappa),
                        coefficient_text(agreement.krippendorff_alpha),
                        coefficient_text(agreement.gwet_ac1)});
      }
    }
    if (!rows.empty()) {
      html += details("By " + escape(grouping.name),
                      long_table({"slice", "items", "pair agreement", "Fleiss' kappa",
                                  "Krippendorff's alpha", "Gwet's AC1"},
                                 rows));
    }
  }
  return html;
}

std::string pair_charts(const Agreement& agreement, const std::vector<std::string>& names) {
  const std::vector<std::string> shown = first_names(names);
  const auto same = pair_matrix(agreement.pairs, shown.size(),
                                [](const PairAgreement& pair) { return pair.agreement.value; });
  const auto kappa = pair_matrix(agreement.pairs, shown.size(),
                                 [](const PairAgreement& pair) { return pair.cohen_kappa.value; });
  return heat_map("Agreement of members", shown, shown, same) +
         heat_map("Cohen's kappa of members", shown, shown, kappa) +
         left_out(shown.size(), names.size(), "first members");
}

}  // namespace

std::string agreement_section(const Report& report) {
  const Agreement& agreement = report.agreement;
  std::string html = coefficient_table(agreement);
  if (!agreement.patterns) {
    html += paragraph(fmt::format(
        "The votes fall into more than qa.max_patterns = {} patterns: agreement was computed from "
        "the items one by one, and there is no model of the voters.",
        grouped(agreement.max_patterns)));
  }
  return html + pair_charts(agreement, member_names(report)) + class_part(agreement) +
         conflict_chart(agreement.conflicts, report.run.corpus.classes) + slice_part(report.slices);
}

}  // namespace kith::report
