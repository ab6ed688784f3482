#include <fmt/format.h>

#include <numeric>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::string confusion_chart(const Accuracy& accuracy, const std::vector<std::string>& names,
                            const std::string& title) {
  if (!accuracy.confusion) {
    return without_table(names.size());
  }
  const std::vector<std::vector<double>>& counts = *accuracy.confusion;
  std::vector<std::vector<double>> square = counts;
  for (std::vector<double>& row : square) {
    row.resize(names.size());  // without the column of items that have no label
  }
  const auto shown = largest(confusion_weights(square), kMatrixClasses);
  Matrix shares;
  for (const std::size_t truth : shown) {
    const double total = std::accumulate(counts[truth].begin(), counts[truth].end(), 0.0);
    shares.emplace_back();
    for (const std::size_t k : shown) {
      shares.back().push_back(total > 0 ? std::optional{counts[truth][k] / total} : std::nullopt);
    }
  }
  return heat_map(title + " (rows: true class, columns: label)", pick(names, shown),
                  pick(names, shown), shares) +
         left_out(shown.size(), names.size(), "classes that are confused most");
}

Bar proportion_bar(const std::string& name, const Proportion& share) {
  Bar bar{name,
          share.value.value_or(0) * 100,
          {},
          {},
          fmt::format("{}: {} of {}", name, grouped(share.successes), grouped(share.trials))};
  if (share.value) {
    bar.low = share.low * 100;
    bar.high = share.high * 100;
  }
  return bar;
}

/// weights: of the classes, those to show first.
std::string accuracy_part(const Accuracy& accuracy, const std::vector<std::string>& names,
                          std::span<const double> weights, const std::string& how) {
  std::vector<Bar> precision;
  std::vector<Bar> recall;
  std::vector<std::vector<std::string>> rows;
  for (const ClassAccuracy& of_class : accuracy.per_class) {
    precision.push_back(proportion_bar(of_class.name, of_class.precision));
    recall.push_back(proportion_bar(of_class.name, of_class.recall));
    rows.push_back({escape(of_class.name), share_text(of_class.precision),
                    share_text(of_class.recall),
                    of_class.f1 ? fmt::format("{:.3f}", *of_class.f1) : ""});
  }
  const auto shown = largest(weights, kChartClasses);
  return bar_chart("Precision by class, " + how,
                   "% of items with this label that are right, 95 % interval", 100,
                   pick(precision, shown)) +
         bar_chart("Recall by class, " + how,
                   "% of items of the class that are found, 95 % interval", 100,
                   pick(recall, shown)) +
         left_out(shown.size(), names.size(), "classes with most items") +
         details("Numbers", long_table({"class", "precision", "recall", "F1"}, rows)) +
         confusion_chart(accuracy, names, "Confusion, " + how);
}

}  // namespace

std::string accuracy_section(const Report& report) {
  const std::vector<std::string>& names = report.run.corpus.classes;
  const Consensus& consensus = report.consensus;
  std::string html;
  if (consensus.gold) {
    html += "<h3>Against gold labels</h3>" +
            accuracy_part(*consensus.gold, names, consensus.class_counts, "gold");
  }
  if (report.run.corpus.seeds == 0) {
    return html +
           paragraph(
               "There are no seeds to hold out: the accuracy is not known without gold labels "
               "or an audit (kith review export --audit N).");
  }
  html +=
      "<h3>On held-out seeds</h3>\n<p>Each seed was predicted by members that were fitted without "
      "its fold. This needs no gold labels. Precision is at the class shares of the "
      "seeds, not of the corpus.</p>\n";
  if (consensus.held_out.accuracy.trials == 0) {
    return html + paragraph("No class has two seeds: nothing could be held out.");
  }
  return html + accuracy_part(consensus.held_out, names, consensus.class_counts, "held-out seeds");
}

}  // namespace kith::report
