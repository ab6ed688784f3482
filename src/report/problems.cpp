#include "report/problems.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/text.hpp"

namespace kith::report {
namespace {

using Problems = std::vector<std::string>;

void find_in_corpus(const Report& report, Problems& problems) {
  for (const std::string& warning : report.run.corpus.warnings) {
    problems.push_back(escape(warning) + ".");
  }
}

void find_in_reference(const Report& report, Problems& problems) {
  if (!report.reference) {
    return;
  }
  for (const std::string& warning : report.reference->warnings) {
    problems.push_back(
        fmt::format("<a href=\"#reference\">The other corpus</a>: {}.", escape(warning)));
  }
}

void find_in_graph(const Report& report, Problems& problems) {
  const std::optional<Recall>& recall = report.graph.knn.recall;
  const Corpus& corpus = report.run.corpus;
  const Count unreachable = report.consensus.status_counts.unreachable;
  if (unreachable > 0) {
    problems.push_back(fmt::format(
        "{} items lie in parts of the graph without a seed: they have no label. Label one item in "
        "each part, or raise knn.k.",
        grouped(unreachable)));
  }
  if (recall && recall->recall < 0.9) {
    problems.push_back(
        fmt::format("The graph holds only {} of the true neighbors: raise knn.recall.",
                    percent(recall->recall)));
  }
  const auto items = static_cast<double>(corpus.items);
  const auto duplicates = static_cast<double>(corpus.duplicate_items);
  if (duplicates > 0.01 * items) {
    problems.push_back(fmt::format("{} of the items have the same vector as another item.",
                                   percent(duplicates / items)));
  }
}

void find_in_seeds(const Report& report, Problems& problems) {
  const SeedCheck& seeds = report.seeds;
  if (seeds.suspects.empty()) {
    return;
  }
  std::string text = fmt::format(
      "{} of the {} seeds {} mislabeled: <a href=\"#seeds\">which ones</a>.", seeds.suspects.size(),
      grouped(seeds.held_out), has_noise(seeds) ? "look" : "may be");
  if (has_noise(seeds)) {
    text += fmt::format(
        " An estimated {} of all seeds are wrong. Each counts as an error of the labels: correct "
        "the seeds before you trust the numbers above.",
        share_text(seeds.noise_rate));
  }
  problems.push_back(text);
}

void find_in_chosen_seeds(const Report& report, Problems& problems) {
  const Corpus& corpus = report.run.corpus;
  if (corpus.chosen_seeds > 0) {
    problems.push_back(fmt::format(
        "{} of the {} seeds were asked for because the run was unsure of them. They are harder "
        "than "
        "the corpus, so what held-out seeds say is likely too low; an audit (kith review export "
        "--audit N) says how accurate the labels are.",
        grouped(corpus.chosen_seeds), grouped(corpus.seeds)));
  }
}

void find_in_classes(const Report& report, Problems& problems) {
  std::vector<std::pair<double, std::string>> poor;
  for (const ClassAccuracy& of_class : *best_accuracy(report).per_class) {
    const Share& precision = of_class.precision;
    if (precision.value && *precision.value < 0.7) {
      poor.emplace_back(*precision.value,
                        fmt::format("{} {}", escape(of_class.name), share_text(precision)));
    }
  }
  if (poor.empty()) {
    return;
  }
  std::sort(poor.begin(), poor.end());
  constexpr std::size_t kNamed = 5;
  std::string text = fmt::format("Labels of these classes are often wrong (share right{}): ",
                                 report.consensus.gold ? "" : " among held-out seeds");
  for (std::size_t i = 0; i < std::min(poor.size(), kNamed); ++i) {
    text += (i == 0 ? "" : ", ") + poor[i].second;
  }
  problems.push_back(
      text + (poor.size() > kNamed ? fmt::format(" and {} more.", poor.size() - kNamed) : "."));
}

void find_in_voters(const Report& report, Problems& problems) {
  const std::optional<double> agreement = report.agreement.mean_pair_agreement.value;
  if (agreement && *agreement < 0.7) {
    problems.push_back(
        fmt::format("Two voters agree on an item in only {} of cases.", percent(*agreement)));
  }
}

/// Where votes have taught: what little coverage and what a model makes of it.
void find_in_rules(const Report& report, Problems& problems) {
  if (!report.label_model) {
    return;
  }
  const LabelModel& model = *report.label_model;
  const auto used =
      std::find_if(model.models.begin(), model.models.end(),
                   [&](const LabelModelFit& fit) { return fit.method == model.choice.method; });
  std::string text =
      fmt::format("Everything rests on votes on {} of the items{}", percent(model.coverage),
                  report.reference ? " and on another corpus" : "");
  if (used != model.models.end() && used->expected_accuracy) {
    text += fmt::format(
        ". If the voters err independently of each other, {} of the labels that they give are "
        "right; rules seldom do, and then fewer are",
        percent(*used->expected_accuracy));
  }
  problems.push_back(text + ".");
}

void find_scarce_classes(const Report& report, Problems& problems) {
  const Corpus& corpus = report.run.corpus;
  if (corpus.seeds == 0) {
    problems.push_back(fmt::format(
        "There are no seeds: the run cannot say how accurate it is, and {}. kith review export "
        "--audit N draws items to label.",
        report.reference ? "probabilities were calibrated on another corpus at most"
                         : "no probability was calibrated"));
    find_in_rules(report, problems);
    return;
  }
  std::vector<std::string> few;
  for (std::size_t k = 0; k < corpus.seeds_per_class.size(); ++k) {
    if (corpus.seeds_per_class[k] < 5) {
      few.push_back(escape(corpus.classes[k]));
    }
  }
  if (!few.empty()) {
    problems.push_back(
        fmt::format("{} of the classes have fewer than five seeds{}: their accuracy is uncertain.",
                    few.size(), few.size() <= 5 ? fmt::format(" ({})", fmt::join(few, ", ")) : ""));
  }
}

}  // namespace

std::string estimate_basis(const CorpusEstimate& corpus) {
  if (corpus.shares_from == "given") {
    return "held-out seeds, at the class shares of ensemble.prior";
  }
  if (corpus.shares_from == "seeds") {
    return "held-out seeds, at their own class shares";
  }
  return std::string{"held-out seeds drawn "} +
         (corpus.seed_design == "by_class" ? "by class" : "at random");
}

BestAccuracy best_accuracy(const Report& report) {
  const Consensus& consensus = report.consensus;
  const HeldOut& held_out = consensus.held_out;
  if (consensus.gold) {
    return {&consensus.gold->accuracy, &consensus.gold->per_class,
            fmt::format("measured on {} gold labels that were not used for learning",
                        grouped(consensus.gold->accuracy.trials))};
  }
  if (report.audit) {
    return {&report.audit->accuracy, &held_out.per_class,
            fmt::format("estimated from an audit of {} items", grouped(report.audit->audited))};
  }
  const CorpusEstimate& corpus = consensus.corpus;
  if (report.run.corpus.seeds == 0) {
    return {&corpus.accuracy, &held_out.per_class, "there are no seeds to hold out"};
  }
  return {&corpus.accuracy, &held_out.per_class,
          fmt::format("estimated for the corpus from {} {}", grouped(held_out.accuracy.trials),
                      estimate_basis(corpus))};
}

bool has_noise(const SeedCheck& seeds) {
  return seeds.noise_rate.value && seeds.noise_rate.low > 0;
}

bool is_from_audit(const Acceptance& acceptance) {
  return acceptance.basis == "the audit";
}

std::vector<std::string> find_problems(const Report& report) {
  Problems problems;
  for (const auto find :
       {find_in_corpus, find_in_reference, find_in_graph, find_in_seeds, find_in_chosen_seeds,
        find_in_classes, find_in_voters, find_scarce_classes}) {
    find(report, problems);
  }
  return problems;
}

}  // namespace kith::report
