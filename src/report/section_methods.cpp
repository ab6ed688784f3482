#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {

namespace {

/// The methods of the members with their sources, each once, in the members' order.
std::string method_citations(const Json& members) {
  std::vector<std::string> texts;
  for (const Json& member : members) {
    const std::string text = member.value("citation", "");
    if (!text.empty() && std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(text);
    }
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string option_of(const Json& report, const char* key) {
  return escape(report.at("run").at("configuration").value(key, ""));
}

std::string calibration_citation(const std::string& calibration) {
  if (calibration == "vector") {
    return "vector scaling (Guo et al. 2017)";
  }
  return calibration == "isotonic" ? "isotonic maps (Zadrozny and Elkan 2002)"
                                   : "one temperature (Guo et al. 2017)";
}

std::string learning_text(const Json& report) {
  return fmt::format(
      "Each member's probabilities were calibrated by {} on {} held-out folds of the seeds, a seed "
      "being judged without its own fold, and the consensus is the weighted mean of the calibrated "
      "probabilities{}, at a temperature of its own, fitted together with the share of wrong seeds "
      "(noise as in Patrini et al. 2017). Random seed {}.",
      calibration_citation(option_of(report, "ensemble.calibration")),
      option_of(report, "ensemble.folds"),
      option_of(report, "ensemble.class_mass") == "normalize"
          ? ", its classes balanced towards the prior"
          : "",
      option_of(report, "run.seed"));
}

/// How the labels were judged.
std::string quality_text(const Json& report) {
  std::string text = fmt::format(
      "Disagreement is vote entropy and mutual information (Houlsby et al. 2011); agreement is "
      "given "
      "as Cohen's (1960) and Fleiss' (1971) kappa, Krippendorff's alpha, Gwet's AC1 (2008) and "
      "PABAK "
      "(Byrt et al. 1993) with intervals from {} Poisson resamples of the vote patterns or their "
      "linearization; intervals of proportions are Wilson's (1927). Diversity follows Kuncheva and "
      "Whitaker (2003), in expectation under the model of Dawid and Skene (1979){}. Accuracy "
      "without "
      "labels is estimated by triplets (Platanios et al. 2014; Fu et al. 2020), agreement (Jiang "
      "et "
      "al. 2022; Kirsch and Gal 2022), thresholded confidence (Garg et al. 2022) and difference of "
      "confidences (Guillory et al. 2021). ",
      option_of(report, "qa.bootstrap_draws"),
      report.at("diversity").contains("gold") ? " and against gold labels" : "");
  if (report.contains("audit")) {
    text +=
        "An audit was stratified by predicted class and probability (Cochran 1977), with "
        "intervals after Korn and Graubard (1998) and the difference estimator of Angelopoulos "
        "et al. (2023). ";
  }
  const std::string filter = option_of(report, "qa.seed_filter");
  text += fmt::format(
      "Thresholds of acceptance for errors of {} are tested in a fixed sequence (Angelopoulos et "
      "al. "
      "2021) with bounds after Clopper and Pearson (1934) at confidence {} over all errors, by "
      "class over all classes too (Bonferroni). Seeds were checked {} "
      "and "
      "valued by kNN-Shapley values (Jia et al. 2019). Slices were compared at a false discovery "
      "rate "
      "of {} (Benjamini and Hochberg 1995), their rates shrunk (Kleinman 1973); class weights by "
      "effective number follow Cui et al. (2019).",
      option_of(report, "qa.accept_errors"), option_of(report, "qa.accept_confidence"),
      filter == "likely_wrong"
          ? "against the fitted share of wrong ones"
          : fmt::format("by confident learning (Northcutt et al. 2021; filter {}), its joint "
                        "weighed by the fitted share of wrong ones",
                        filter),
      option_of(report, "qa.false_discovery_rate"));
  return text;
}

std::string recall_text(const Json& knn) {
  if (!knn.contains("recall")) {
    return {};
  }
  const Json& measured = knn["recall"];
  return fmt::format(" (measured recall {:.4f} [{:.4f}, {:.4f}] on {} items)",
                     measured.at("recall").get<double>(), measured.at("low").get<double>(),
                     measured.at("high").get<double>(), count_text(measured.at("sampled_nodes")));
}

/// The graphs of other vectors, and whose they are.
std::string other_graphs_text(const Json& report) {
  std::string text;
  for (const Json& graph : report.at("graph").at("others")) {
    std::vector<std::string> members;
    for (const Json& member : report.at("members")) {
      if (member.value("graph", "") == graph.at("name").get<std::string>()) {
        members.push_back(escape(member.at("name").get<std::string>()));
      }
    }
    text += fmt::format(
        "{} spread their labels on a graph of the {} nearest neighbors under the {} metric{} among "
        "the vectors {}: {} edges over {} distinct vectors, {} connected components. ",
        fmt::join(members, ", "), count_text(graph.at("knn").at("k")),
        escape(graph.at("metric").get<std::string>()), recall_text(graph.at("knn")),
        escape(graph.at("dataset").get<std::string>()), count_text(graph.at("edges")),
        count_text(graph.at("nodes")), count_text(graph.at("components")));
  }
  return text;
}

}  // namespace

std::string methods_section(const Json& report) {
  const Json& corpus = report.at("run").at("corpus");
  const Json& graph = report.at("graph");
  const Json& options = report["run"].at("configuration");
  const auto option = [&](const char* key) { return escape(options.value(key, "")); };
  std::string html = "<p>";
  html += fmt::format(
      "Kith {} labeled {} vectors of {} dimensions in {} classes from {} seeds. A graph of the {} "
      "nearest neighbors under the {} metric{} was symmetrized ({}) and weighted ({}, local scale "
      "at "
      "neighbor {}; Zelnik-Manor and Perona 2004): {} edges over {} distinct vectors, {} connected "
      "components. ",
      escape(report["run"].at("version").get<std::string>()), count_text(corpus.at("items")),
      count_text(corpus.at("dim")), corpus.at("classes").size(), count_text(corpus.at("seeds")),
      count_text(graph.at("knn").at("k")), escape(corpus.at("metric").get<std::string>()),
      recall_text(graph.at("knn")), option("graph.symmetrize"), option("graph.weights"),
      option("graph.scale_neighbor"), count_text(graph.at("edges")), count_text(graph.at("nodes")),
      count_text(graph.at("components")));
  html += other_graphs_text(report);
  html +=
      "Labels were propagated by " + method_citations(report["members"]) + " as configured below. ";
  html += learning_text(report) + "</p>\n<p>" + quality_text(report) + "</p>\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, value] : options.items()) {
    rows.push_back({escape(key), escape(value.get<std::string>())});
  }
  return section("methods", "Methods",
                 html + details("Configuration", table({"key", "value"}, rows)));
}

}  // namespace kith::report
