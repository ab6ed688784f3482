#include <algorithm>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/ensemble/ensemble.hpp"

#include "ensemble/class_mass.hpp"
#include "ensemble/held_out.hpp"
#include "ensemble/node_sample.hpp"

namespace kith::ensemble {
namespace {

/// Collective. Mean over reached nodes of the largest potential: what one unit of logit is.
double potential_scale(const graph::Graph& graph, const LabelRows<float>& scores) {
  std::vector<ExactSum> sums(2);
  for (std::size_t node = 0; node < scores.size(); ++node) {
    const auto row = scores[node].values;
    const float best = row.empty() ? 0.0F : *std::max_element(row.begin(), row.end());
    if (best > 0) {
      // Potentials are tiny on large graphs: scaled up so that fixed point keeps their digits.
      sums[0].add(double{best} * 0x1p40);
      sums[1].add(1.0);
    }
  }
  comm::sum_over_ranks(graph.comm(), sums);
  return sums[1].value() > 0 ? sums[0].value() * 0x1p-40 / sums[1].value() : 1.0;
}

/// The logits of owned nodes that are no seed. scores: dense.
ReadLogits read_unlabeled(const graph::Graph& graph, std::span<const FoldedSeed> seeds,
                          const CalibratedOutput& output, const LabelRows<float>& scores) {
  std::vector<char> is_seed(to_size(graph.num_owned()), 0);
  for (const FoldedSeed& entry : seeds) {
    if (graph.owned().contains(entry.seed.node)) {
      is_seed[to_size(graph.local_id(entry.seed.node))] = 1;
    }
  }
  return [is_seed = std::move(is_seed), output, &scores, columns = Candidates{scores.num_classes}](
             Count row, std::span<double> logits) {
    return is_seed[to_size(row)] == 0 && output.logits(scores[to_size(row)], columns, logits);
  };
}

/// Collective. The output at temperature 1.
CalibratedOutput make_output(const graph::Graph& graph, const Member& member,
                             std::span<const FoldedSeed> seeds, std::span<const double> prior) {
  CalibratedOutput output;
  std::vector<double> factors(prior.size(), 1.0);
  if (!member.config.solver.method->facts().gives_distributions) {
    output.takes_log = false;
    std::fill(factors.begin(), factors.end(), 1 / potential_scale(graph, member.scores));
  }
  output.factors = ClassFactors{factors};
  const ClassMass class_mass = member.config.class_mass;
  if (class_mass == ClassMass::none) {
    return output;
  }
  const Unlabeled rows{&graph, read_unlabeled(graph, seeds, output, member.scores)};
  if (class_mass == ClassMass::volume || class_mass == ClassMass::bidding) {
    const std::vector<double> weights = class_mass == ClassMass::volume
                                            ? volume_weights(rows, prior, output.takes_log)
                                            : bidding_weights(rows, prior);
    for (std::size_t label = 0; label < weights.size(); ++label) {
      factors[label] *= weights[label];
    }
  } else if (!member.result.class_mass.empty()) {
    const std::vector<double>& mass = member.result.class_mass;
    const double total = std::accumulate(mass.begin(), mass.end(), 0.0);
    for (std::size_t label = 0; label < prior.size(); ++label) {
      factors[label] = mass[label] > 0 ? prior[label] * total / mass[label] : 1.0;
    }
  }
  output.factors = ClassFactors{std::move(factors)};
  return output;
}

/// By class mass each fold divides by its own masses, the output by those of the member on all
/// seeds: what makes the output right for the fold's scores.
std::vector<double> mass_ratios(const Member& member, const propagate::TaskResult& fold,
                                std::size_t width) {
  std::vector<double> ratios(width, 1.0);
  const std::vector<double>& all = member.result.class_mass;
  if (member.config.class_mass != ClassMass::normalize || all.empty() || fold.class_mass.empty()) {
    return ratios;
  }
  const double all_total = std::accumulate(all.begin(), all.end(), 0.0);
  const double fold_total = std::accumulate(fold.class_mass.begin(), fold.class_mass.end(), 0.0);
  for (std::size_t label = 0; label < width; ++label) {
    if (all[label] > 0 && fold.class_mass[label] > 0) {
      ratios[label] = (fold_total / fold.class_mass[label]) / (all_total / all[label]);
    }
  }
  return ratios;
}

/// The scores of a result, which are taken out of it.
LabelRows<float> take_scores(propagate::TaskResult& result, int num_classes, int top_labels) {
  LabelRows<float> rows{num_classes, top_labels};
  rows.values = std::move(result.scores);
  rows.labels = std::move(result.labels);
  rows.other = std::move(result.other);
  return rows;
}

/// What a fold says of the seeds that it had not seen. held_out: which they are.
void add_fold(Member& member, propagate::TaskResult& fold, std::span<const std::size_t> held_out) {
  const int num_classes = member.scores.num_classes;
  const std::vector<double> ratios = mass_ratios(member, fold, to_size(num_classes));
  const LabelRows<float> scores = take_scores(fold, num_classes, member.scores.width);
  std::vector<float> scaled;
  for (std::size_t at = 0; at < held_out.size(); ++at) {
    LabelRow<float> row = scores[at];
    scaled.assign(row.values.begin(), row.values.end());
    for (std::size_t entry = 0; entry < scaled.size(); ++entry) {
      scaled[entry] = static_cast<float>(double{scaled[entry]} * ratios[to_size(row.label(entry))]);
    }
    row.values = scaled;
    member.held_out_scores.set(held_out[at], row);
  }
}

}  // namespace

std::vector<Member> join_results(const graph::Graph& graph, std::span<const FoldedSeed> seeds,
                                 std::vector<propagate::TaskResult> results,
                                 const EnsembleConfig& config, int num_classes) {
  const std::vector<double> prior = class_prior(seeds, config, num_classes);
  const int top_labels = labels_kept(config, num_classes);
  std::vector<Member> members;
  for (const MemberConfig& member : config.members) {
    if (member.head == nullptr) {
      members.emplace_back().config = member;
    }
  }
  const std::size_t num_members = members.size();
  for (std::size_t m = 0; m < num_members; ++m) {
    members[m].scores = take_scores(results[m], num_classes, top_labels);
    members[m].result = std::move(results[m]);
    members[m].held_out_scores = LabelRows<float>{num_classes, top_labels};
    members[m].held_out_scores.resize(seeds.size());
    members[m].output = make_output(graph, members[m], seeds, prior);
  }
  std::size_t next =
      num_members;  // the folds' tasks follow, fold by fold, as make_tasks laid them out
  for (int fold = 0; fold < config.folds && next < results.size(); ++fold) {
    std::vector<std::size_t> held_out;
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      if (seeds[i].fold == fold) {
        held_out.push_back(i);
      }
    }
    for (std::size_t m = 0; m < num_members && !held_out.empty(); ++m, ++next) {
      add_fold(members[m], results[next], held_out);
    }
  }
  for (Member& member : members) {
    member.output.neutral_temperature =
        neutral_temperature(nodes_of(graph), member, seeds, config.seed);
    member.output.temperature = fit_member_temperature(member, seeds);
  }
  return members;
}

}  // namespace kith::ensemble
