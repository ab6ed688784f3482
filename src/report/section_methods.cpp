#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {

std::string methods_section(const Json& report) {
  const Json& corpus = report.at("run").at("corpus");
  const Json& graph = report.at("graph");
  const Json& options = report["run"].at("configuration");
  const auto option = [&](const char* key) { return escape(options.value(key, "")); };
  std::string recall;
  if (graph.at("knn").contains("recall")) {
    const Json& measured = graph["knn"]["recall"];
    recall =
        fmt::format(" (measured recall {:.4f} [{:.4f}, {:.4f}] on {} items)",
                    measured.at("recall").get<double>(), measured.at("low").get<double>(),
                    measured.at("high").get<double>(), count_text(measured.at("sampled_nodes")));
  }
  std::string html = "<p>";
  html += fmt::format(
      "Kith {} labeled {} vectors of {} dimensions in {} classes from {} seeds. A graph of the {} "
      "nearest neighbors under the {} metric{} was symmetrized ({}) and weighted ({}, local scale "
      "at "
      "neighbor {}; Zelnik-Manor and Perona 2004): {} edges over {} distinct vectors, {} connected "
      "components. ",
      escape(report["run"].at("version").get<std::string>()), count_text(corpus.at("items")),
      count_text(corpus.at("dim")), corpus.at("classes").size(), count_text(corpus.at("seeds")),
      count_text(graph.at("knn").at("k")), escape(corpus.at("metric").get<std::string>()), recall,
      option("graph.symmetrize"), option("graph.weights"), option("graph.scale_neighbor"),
      count_text(graph.at("edges")), count_text(graph.at("nodes")),
      count_text(graph.at("components")));
  html +=
      "Labels were propagated by harmonic functions with class-mass normalization (Zhu, Ghahramani "
      "and "
      "Lafferty 2003), label spreading (Zhou et al. 2004) and Poisson learning (Calder et al. "
      "2020) as "
      "configured below. ";
  html += fmt::format(
      "Each member's temperature (Guo et al. 2017) was fitted on {} held-out folds of the seeds, "
      "and "
      "the consensus is the weighted mean of the calibrated probabilities{}. Disagreement is vote "
      "entropy and mutual information (Houlsby et al. 2011); agreement is given as Cohen's (1960) "
      "and "
      "Fleiss' (1971) kappa, Krippendorff's alpha and Gwet's (2008) AC1 with intervals from {} "
      "Poisson resamples of the vote patterns; intervals of proportions are Wilson's (1927). "
      "Random "
      "seed {}.</p>\n",
      option("ensemble.folds"),
      option("ensemble.class_mass") == "normalize" ? ", its classes balanced towards the prior"
                                                   : "",
      option("qa.bootstrap_draws"), option("run.seed"));
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, value] : options.items()) {
    rows.push_back({escape(key), escape(value.get<std::string>())});
  }
  return section("methods", "Methods",
                 html + details("Configuration", table({"key", "value"}, rows)));
}

}  // namespace kith::report
