#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

/// The methods of the members with their sources, each once, in the members' order.
std::string method_citations(const std::vector<Member>& members) {
  std::vector<std::string> texts;
  for (const Member& member : members) {
    const std::string& text = member.citation;
    if (!text.empty() && std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(text);
    }
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// An option's text as HTML; empty if the run has no such option.
std::string option_of(const Report& report, std::string_view key) {
  for (const auto& [name, text] : report.run.configuration.options) {
    if (name == key) {
      return escape(text);
    }
  }
  return {};
}

std::string calibration_citation(const std::string& calibration) {
  if (calibration == "vector") {
    return "vector scaling (Guo et al. 2017)";
  }
  return calibration == "isotonic" ? "isotonic maps (Zadrozny and Elkan 2002)"
                                   : "one temperature (Guo et al. 2017)";
}

/// Which class shares the consensus follows.
std::string followed_shares(const Report& report) {
  const std::string class_mass = option_of(report, "ensemble.class_mass");
  if (class_mass != "none") {
    return fmt::format("; its class mass was balanced ({})", class_mass);
  }
  const CorpusEstimate& corpus = report.consensus.corpus;
  if (corpus.shares_from == "given") {
    return "; it follows the class shares of ensemble.prior";
  }
  return corpus.shares_from == "estimated" && corpus.seed_design == "by_class" &&
                 corpus.shares_known
             ? "; it follows the estimated class shares of the corpus (Saerens et al. 2002)"
             : "";
}

std::string learning_text(const Report& report) {
  const std::string seed = option_of(report, "run.seed");
  if (report.consensus.held_out.accuracy.trials == 0) {
    return fmt::format(
        "No seeds were held out: nothing was calibrated, and the consensus is the logarithmic pool "
        "(Genest and Zidek 1986) at the configured weights{}. Random seed {}.",
        followed_shares(report), seed);
  }
  return fmt::format(
      "Each member's probabilities were calibrated by {} on {} held-out folds of the seeds; a seed "
      "was predicted without its own fold. The consensus is the logarithmic pool (Genest and Zidek "
      "1986) of the calibrated probabilities, at {}{}. Its temperature was fitted together with "
      "the share of wrong seeds (noise as in Patrini et al. 2017). Random seed {}.",
      calibration_citation(option_of(report, "ensemble.calibration")),
      option_of(report, "ensemble.folds"),
      report.consensus.corpus.weights_fitted ? "weights fitted on held-out seeds"
                                             : "the configured weights",
      followed_shares(report), seed);
}

std::string agreement_text(const Report& report) {
  return fmt::format(
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
      report.diversity.gold ? " and against gold labels" : "");
}

std::string audit_text(const Report& report) {
  return report.audit
             ? "An audit was stratified by predicted class and probability (Cochran 1977), with "
               "intervals after Korn and Graubard (1998) and the difference estimator of "
               "Angelopoulos "
               "et al. (2023). "
             : "";
}

std::string quality_text(const Report& report) {
  const std::string filter = option_of(report, "qa.seed_filter");
  return fmt::format(
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
}

std::string recall_text(const Knn& knn) {
  return knn.recall ? fmt::format(" (measured recall {:.4f} [{:.4f}, {:.4f}] on {} items)",
                                  knn.recall->recall, knn.recall->low, knn.recall->high,
                                  grouped(knn.recall->sampled_nodes))
                    : "";
}

/// The graphs of other vectors, and whose they are.
std::string other_graphs_text(const Report& report) {
  std::string text;
  for (const OtherGraph& graph : report.graph.others) {
    std::vector<std::string> members;
    for (const Member& member : report.members) {
      if (member.propagation && member.graph == graph.name) {
        members.push_back(escape(member.name));
      }
    }
    if (members.empty()) {
      continue;
    }
    text += fmt::format(
        "{} spread their labels on a graph of the {} nearest neighbors under the {} metric{} among "
        "the vectors {}: {} edges over {} distinct vectors, {} connected components. ",
        fmt::join(members, ", "), grouped(graph.knn.k), escape(graph.metric),
        recall_text(graph.knn), escape(graph.dataset), grouped(graph.edges), grouped(graph.nodes),
        grouped(graph.components));
  }
  return text;
}

std::string graph_text(const Report& report) {
  const Corpus& corpus = report.run.corpus;
  const Graph& graph = report.graph;
  return fmt::format(
      "Kith {} labeled {} vectors of {} dimensions in {} classes from {} seeds. A graph of the {} "
      "nearest neighbors under the {} metric{} was symmetrized ({}) and weighted ({}, local scale "
      "at neighbor {}; Zelnik-Manor and Perona 2004): {} edges over {} distinct vectors, {} "
      "connected components. ",
      escape(report.run.version), grouped(corpus.items), grouped(corpus.dim), corpus.classes.size(),
      grouped(corpus.seeds), grouped(graph.knn.k), escape(corpus.metric), recall_text(graph.knn),
      option_of(report, "graph.symmetrize"), option_of(report, "graph.weights"),
      option_of(report, "graph.scale_neighbor"), grouped(graph.edges), grouped(graph.nodes),
      grouped(graph.components));
}

std::string configuration_table(const Configuration& configuration) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, value] : configuration.options) {
    rows.push_back({escape(key), escape(value)});
  }
  return table({"key", "value"}, rows);
}

}  // namespace

std::string methods_section(const Report& report) {
  return "<p>" + graph_text(report) + other_graphs_text(report) +
         "The members are: " + method_citations(report.members) + ", as configured below. " +
         learning_text(report) + "</p>\n<p>" + agreement_text(report) + audit_text(report) +
         quality_text(report) + "</p>\n" +
         details("Configuration", configuration_table(report.run.configuration));
}

}  // namespace kith::report
