#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::string missing_text(const Balance& balance) {
  Count missing = 0;
  std::size_t classes = 0;
  for (const ClassBalance& of_class : balance.per_class) {
    missing += of_class.seeds_missing;
    classes += of_class.seeds_missing > 0 ? 1U : 0U;
  }
  return missing == 0
             ? fmt::format("Every class has at least {} seeds.", grouped(balance.seeds_wanted))
             : fmt::format(
                   "{} more seeds are needed until each class has {}; {} classes have fewer.",
                   grouped(missing), grouped(balance.seeds_wanted), classes);
}

/// The mix of the labels, and the mix corrected for wrong labels; counts: items of each class.
std::string mix_charts(const Balance& balance, std::span<const double> counts) {
  std::vector<Bar> stated;
  std::vector<Bar> corrected;
  double top = 1;
  for (std::size_t k = 0; k < balance.per_class.size(); ++k) {
    const ClassBalance& of_class = balance.per_class[k];
    const double share = of_class.corrected_share * 100;
    stated.push_back({of_class.name,
                      of_class.stated_share * 100,
                      {},
                      {},
                      of_class.name + ": " + grouped(static_cast<Count>(counts[k])) + " items"});
    corrected.push_back({of_class.name, share, of_class.low * 100, of_class.high * 100,
                         fmt::format("{}: {:.2f} %", of_class.name, share)});
    top = std::max({top, stated.back().value, of_class.high * 100});
  }
  const auto shown = largest(counts, kChartClasses);
  return bar_chart("Class mix of the labels", "share of items, %", top, pick(stated, shown)) +
         bar_chart("Class mix, corrected for wrong labels", "share of items, %, 95 % interval", top,
                   pick(corrected, shown)) +
         left_out(shown.size(), counts.size(), "classes with most items");
}

std::string mix_text(const Balance& balance) {
  return paragraph(
      fmt::format("Corrected shares account for wrong labels, as counted on {}. {} Ratio of the "
                  "largest to the smallest class: {}. {}",
                  escape(balance.basis),
                  balance.basis == "held-out seeds"
                      ? "They are valid if the seeds have the class shares of the corpus; equal "
                        "numbers of seeds from unequal classes bias them."
                      : "",
                  decimal(balance.ratio, 2), missing_text(balance)));
}

std::vector<std::string> class_row(const ClassBalance& of_class, double items) {
  return {escape(of_class.name),
          grouped(static_cast<Count>(items)),
          percent(of_class.stated_share),
          fmt::format("{} <span class=\"ci\">[{:.1f}, {:.1f}]</span>",
                      percent(of_class.corrected_share), of_class.low * 100, of_class.high * 100),
          decimal(of_class.inverse_weight, 3),
          decimal(of_class.effective_number_weight, 3),
          grouped(of_class.undersampled),
          grouped(of_class.repeats),
          grouped(of_class.seeds),
          grouped(of_class.seeds_missing)};
}

std::string class_table(const Balance& balance, std::span<const double> counts) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t k = 0; k < balance.per_class.size(); ++k) {
    rows.push_back(class_row(balance.per_class[k], counts[k]));
  }
  return long_table({"class", "items", "share", "corrected share", "inverse weight",
                     "effective weight", "kept", "repeats", "seeds", "missing"},
                    rows);
}

std::string weights_text(const Balance& balance) {
  return paragraph(fmt::format(
      "Class weights for training come from the corrected shares: inverse frequency, and effective "
      "number (Cui et al. 2019; beta {:.4f}). There are two samples in which no class is larger "
      "than {:.3g} times the smallest: <code>/balance/undersample</code> of qa.h5 marks the items "
      "to keep, and <code>/balance/repeats</code> says how often to take each item.",
      balance.effective_number_beta, balance.sample_ratio));
}

}  // namespace

std::string class_section(const Report& report) {
  const Balance& balance = report.balance;
  const std::vector<double>& counts = report.consensus.class_counts;
  return mix_charts(balance, counts) + mix_text(balance) +
         details("Shares, weights, samples and seeds of each class",
                 weights_text(balance) + class_table(balance, counts));
}

}  // namespace kith::report
