#include "kith/config/options.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "kith/config/value_text.hpp"
#include "kith/core/error.hpp"
#include "kith/corpus/labels.hpp"
#include "kith/qa/acceptance.hpp"

#include "config/corpus_options.hpp"
#include "config/option_kinds.hpp"
#include "config/reference_options.hpp"
#include "config/votes_options.hpp"

namespace kith::config {
namespace {

using ensemble::ClassMass;

Option memory_option() {
  Option option = text(
      "run.memory_per_rank", "", [](Config & c) -> auto& { return c.run.memory_per_rank; },
      bytes_range(),
      "memory that ghost cells and label state of a rank may take; less means more waves; 0 = no "
      "limit");
  option.set = [](Config& config, const std::string& value) {
    (void)parse_bytes(value);
    config.run.memory_per_rank = value;
  };
  return option;
}

void append_graph_options(std::vector<Option>& table) {
  table.push_back(number<Count>(
      "cells.num_cells", "cells", [](Config & c) -> auto& { return c.cells.num_cells; }, 0, 1 << 30,
      "k-means regions of the corpus; 0 = chosen from its size"));
  table.push_back(number<Count>(
      "cells.sample_per_cell", "cells", [](Config & c) -> auto& { return c.cells.sample_per_cell; },
      1, 100000, "training items a cell"));
  table.push_back(number<int>(
      "knn.k", "knn", [](Config & c) -> auto& { return c.knn.k; }, 1, 1024,
      "nearest neighbors of an item"));
  table.push_back(text(
      "knn.method", "knn", [](Config & c) -> auto& { return c.knn.method; },
      "cells | exact | faiss:<factory>",
      "cells: probe cells and refine; exact: all pairs; faiss: that index, for comparison"));
  table.push_back(number<double>(
      "knn.recall", "knn", [](Config & c) -> auto& { return c.effort.recall; }, 0.01, 1.0,
      "share of the true nearest neighbors to find: a pilot chooses probes and refine_rounds"));
  table.push_back(number<int>(
      "knn.probes", "knn", [](Config & c) -> auto& { return c.effort.probes; }, 0, 4096,
      "cells searched for the neighbors of an item; 0 = chosen for knn.recall"));
  table.push_back(number<int>(
      "knn.refine_rounds", "knn", [](Config & c) -> auto& { return c.effort.refine_rounds; }, -1,
      10, "rounds of search among neighbors of neighbors; -1 = chosen for knn.recall"));
  table.push_back(number<int>(
      "knn.recall_sample", "knn", [](Config & c) -> auto& { return c.recall_sample; }, 0, 1000000,
      "items whose neighbors are checked against an exact search; 0 = none"));
  table.push_back(choice<std::string>(
      "graph.symmetrize", "graph", [](Config & c) -> auto& { return c.graph.symmetrize; },
      {{"union", "union"}, {"mean", "mean"}, {"mutual", "mutual"}},
      "an edge where either lists the other, the same with half weight if one-sided, or both"));
  table.push_back(choice<std::string>(
      "graph.weights", "graph", [](Config & c) -> auto& { return c.graph.weights; },
      {{"gaussian", "gaussian"}, {"binary", "binary"}},
      "exp(-d^2 / (s_i s_j)) with local scales, or 1"));
  table.push_back(number<int>(
      "graph.scale_neighbor", "graph", [](Config & c) -> auto& { return c.graph.scale_neighbor; },
      1, 1024, "the neighbor whose distance is an item's local scale"));
}

void append_ensemble_options(std::vector<Option>& table) {
  table.push_back(number<int>(
      "ensemble.folds", "label_model, heads, propagate",
      [](Config & c) -> auto& { return c.ensemble.folds; }, 0, 20,
      "held-out folds of the seeds, which measure the accuracy; 0 = none"));
  table.push_back(number<int>(
      "ensemble.top_labels", "heads, propagate",
      [](Config & c) -> auto& { return c.ensemble.top_labels; }, 0, 1000000,
      "labels that an item's scores keep, the largest; the others share what is left. 0 = all of "
      "up "
      "to 64 classes, 16 of more"));
  table.push_back(text(
      "ensemble.prior", "propagate", [](Config & c) -> auto& { return c.ensemble.prior; },
      ensemble::prior_range(),
      "class shares of the corpus, which the consensus follows and class mass aims at; estimated: "
      "from held-out seeds and the members' probabilities; class mass of a member then aims at the "
      "seeds' shares"));
  table.push_back(choice<qa::SeedDesign>(
      "corpus.seed_design", "ensemble", [](Config & c) -> auto& { return c.ensemble.seed_design; },
      {{"unknown", qa::SeedDesign::unknown},
       {"random", qa::SeedDesign::random},
       {"by_class", qa::SeedDesign::by_class}},
      "how seeds were chosen: each item alike, or so many of each class; unknown: by class if "
      "their numbers are too even for chance"));
  table.push_back(choice<ClassMass>(
      "ensemble.class_mass", "ensemble", [](Config & c) -> auto& { return c.ensemble.class_mass; },
      {{"none", ClassMass::none},
       {"normalize", ClassMass::normalize},
       {"bidding", ClassMass::bidding},
       {"volume", ClassMass::volume}},
      "the consensus gives each class its share of the prior: by its mass, or by its number of "
      "items"));
  table.push_back(choice<ensemble::Calibration>(
      "ensemble.calibration", "ensemble",
      [](Config & c) -> auto& { return c.ensemble.calibration; },
      {{"temperature", ensemble::Calibration::temperature},
       {"vector", ensemble::Calibration::vector},
       {"isotonic", ensemble::Calibration::isotonic}},
      "what makes a member's probabilities true, fitted on held-out seeds: one temperature; a "
      "scale "
      "and a shift for each class; a monotone map for each class (many seeds)"));
  const auto share = [&](const char* key, auto field, const char* help) {
    table.push_back(number<double>(std::string{"ensemble."} + key, "ensemble", field, 0, 1, help));
  };
  share(
      "auto_probability", [](Config & c) -> auto& { return c.ensemble.auto_probability; },
      "share of right labels that status auto promises; with it go the labels from a probability "
      "on "
      "that held-out seeds bear out");
  share(
      "abstain_probability", [](Config & c) -> auto& { return c.ensemble.abstain_probability; },
      "consensus probability below which no label is stated");
  table.push_back(number<double>(
      "ensemble.outside_weight", "ensemble",
      [](Config & c) -> auto& { return c.ensemble.outside_weight; }, kWeightRange,
      "weight of each voter of corpus.votes and corpus.probs in the consensus; a member has 1"));
  table.push_back(number<double>(
      "ensemble.outlier_factor", "ensemble",
      [](Config & c) -> auto& { return c.ensemble.outlier_factor; }, 0, 1e6,
      "mean neighbor distance, in medians, above which an item is an outlier; 0 = never"));
}

void append_acceptance_options(std::vector<Option>& table) {
  Option errors = text(
      "qa.accept_errors", "qa", [](Config & c) -> auto& { return c.qa.accept_errors; },
      qa::errors_range(),
      "errors for which the report says how many labels may be used without a look");
  errors.set = [](Config& config, const std::string& value) {
    (void)qa::parse_errors(value);
    config.qa.accept_errors = value;
  };
  table.push_back(errors);
  table.push_back(number<double>(
      "qa.accept_confidence", "qa", [](Config & c) -> auto& { return c.qa.accept_confidence; }, 0.5,
      0.9999, "confidence with which all thresholds of acceptance keep to their errors"));
}

void append_qa_options(std::vector<Option>& table) {
  table.push_back(number<int>(
      "qa.bootstrap_draws", "qa", [](Config & c) -> auto& { return c.qa.bootstrap_draws; }, 0,
      100000,
      "resamples behind the intervals of agreement statistics; 0 = intervals from the linearized "
      "variance"));
  table.push_back(number<Count>(
      "qa.max_patterns", "qa", [](Config & c) -> auto& { return c.qa.max_patterns; }, 1,
      Count{1} << 32,
      "distinct rows of votes that are counted on every rank; with more, agreement is computed "
      "from "
      "the rows and there is no model of the voters"));
  append_acceptance_options(table);
  table.push_back(choice<qa::Allocation>(
      "qa.audit_allocation", "qa", [](Config & c) -> auto& { return c.qa.audit_allocation; },
      {{"proportional", qa::Allocation::proportional},
       {"neyman", qa::Allocation::neyman},
       {"per_class", qa::Allocation::per_class}},
      "what an audit is for: all questions, the accuracy alone, or every class alike"));
  using Filter = qa::LabelErrorFilter;
  table.push_back(choice<Filter>(
      "qa.seed_filter", "qa", [](Config & c) -> auto& { return c.qa.seed_filter; },
      {{"likely_wrong", Filter::likely_wrong},
       {"predicted_neq_given", Filter::predicted_neq_given},
       {"confident_learning", Filter::confident_learning},
       {"prune_by_class", Filter::prune_by_class},
       {"prune_by_noise_rate", Filter::prune_by_noise_rate},
       {"both", Filter::both},
       {"low_self_confidence", Filter::low_self_confidence}},
      "which seeds are listed as suspected errors: the likely wrong ones, or a filter of confident "
      "learning"));
  table.push_back(number<int>(
      "qa.review_items", "qa", [](Config & c) -> auto& { return c.qa.review_items; }, 0, 100000,
      "items listed in the report for review"));
  table.push_back(number<double>(
      "qa.false_discovery_rate", "qa",
      [](Config & c) -> auto& { return c.qa.false_discovery_rate; }, 0.0001, 0.5,
      "share of false alarms among the slices that are flagged as worse than the others"));
  table.push_back(number<double>(
      "qa.balance_ratio", "qa", [](Config & c) -> auto& { return c.qa.balance_ratio; }, 1.0, 1e9,
      "largest class over the smallest one in the lists of balanced samples"));
  table.push_back(number<Count>(
      "qa.seeds_wanted", "qa", [](Config & c) -> auto& { return c.qa.seeds_wanted; }, 1,
      Count{1} << 30, "seeds that every class should have; the report says how many are missing"));
}

std::vector<Option> make_table() {
  std::vector<Option> table;
  table.push_back(text(
      "run.directory", "", [](Config & c) -> auto& { return c.run.directory; }, "path",
      "folder of the results; a run that finds its own work there goes on with it"));
  table.push_back(number<std::uint64_t>(
      "run.seed", "cells, label_model", [](Config & c) -> auto& { return c.run.seed; }, 0,
      std::uint64_t{1} << 62, "of every random choice"));
  table.push_back(memory_option());
  table.push_back(number<int>(
      "run.threads", "", [](Config & c) -> auto& { return c.run.threads; }, 0, 4096,
      "threads a rank; 0 = OMP_NUM_THREADS, else its share of the node's cores"));
  table.push_back(number<double>(
      "run.snapshot_minutes", "", [](Config & c) -> auto& { return c.run.snapshot_minutes; }, 0,
      1e6,
      "least time between snapshots inside a long stage; longer if they would take over 3 % of the "
      "run; 0 = after each unit of work"));
  table.push_back(choice<bool>(
      "run.hash_inputs", "", [](Config & c) -> auto& { return c.run.hash_all_input; },
      {{"sampled", false}, {"full", true}},
      "what tells other vectors and probabilities from these, above 64 MiB a file: 256 blocks of "
      "64 "
      "KiB, or every value; a change of this key does all again there"));
  append_corpus_options(table);
  append_graph_options(table);
  append_ensemble_options(table);
  append_qa_options(table);
  append_votes_options(table);
  append_reference_options(table);
  table.push_back(number<double>(
      "review.blind_share", "", [](Config & c) -> auto& { return c.review.blind_share; }, 0.0, 1.0,
      "of the questions to people: without what is predicted, which leads who sees it"));
  return table;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::span<const Option> option_table() {
  static const std::vector<Option> table = make_table();
  return table;
}

std::optional<Option> find_option(std::string_view key) {
  const std::vector<Option> of_section = section_options(named_section(key));
  for (const std::span<const Option> options :
       {option_table(), std::span<const Option>{of_section}}) {
    for (const Option& option : options) {
      if (option.key == key) {
        return option;
      }
    }
  }
  return std::nullopt;
}

std::string nearest_key(std::string_view key) {
  key = key.substr(0, 100);  // the cost is the product of the lengths, and no known key is so long
  std::string best;
  std::size_t best_distance = std::string::npos;
  const auto consider = [&](const Option& option) {
    const std::size_t distance = edit_distance(key, option.key);
    if (distance < best_distance) {
      best_distance = distance;
      best = option.key;
    }
  };
  for (const Option& option : option_table()) {
    consider(option);
  }
  for (const Option& option : section_options(named_section(key))) {
    consider(option);
  }
  return best;
}

}  // namespace kith::config
