#include "kith/ensemble/disagreement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kith/core/parallel.hpp"
#include "kith/qa/label_errors.hpp"

#include "ensemble/mean.hpp"

namespace kith::ensemble {
namespace {

constexpr float kUndefined = std::numeric_limits<float>::quiet_NaN();

/// Infinite where q excludes what p holds possible.
double divergence(const Candidates& columns, std::span<const double> p, std::span<const double> q) {
  double sum = 0;
  for (std::size_t column = 0; column < p.size(); ++column) {
    sum +=
        p[column] > 0 ? columns.times(column) * (p[column] * std::log(p[column] / q[column])) : 0.0;
  }
  return std::max(0.0, sum);
}

/// Scratch of one thread.
struct Measurer {
  std::span<const Member> members;
  const Consensus* consensus;
  Candidates columns;
  std::vector<LabelRow<float>> rows;      // of the members, and of the consensus
  std::vector<std::vector<double>> said;  // [member], by columns
  std::vector<bool> speaks;
  Mean mean;
  std::vector<double> stated;
  std::vector<std::int32_t> sorted;  // votes

  Measurer(std::span<const Member> all, const Consensus& of)
      : members{all},
        consensus{&of},
        columns{of.distributions.num_classes},
        said(all.size()),
        speaks(all.size()) {}

  /// Fills columns, said, speaks, mean and stated; false if no voter says anything.
  bool gather(std::size_t node) {
    rows.clear();
    for (const Member& member : members) {
      rows.push_back(member.scores[node]);
    }
    rows.push_back(consensus->distributions[node]);
    columns.gather(rows);
    mean.clear(columns.width());
    for (std::size_t m = 0; m < members.size(); ++m) {
      said[m].resize(columns.width());
      speaks[m] = members[m].output.probabilities(rows[m], columns, said[m]);
      if (speaks[m]) {
        mean.add(said[m], 1);
      }
    }
    mean.finish();
    stated.resize(columns.width());
    columns.spread(rows.back(), stated);
    return mean.weight > 0;
  }

  void measure_votes(std::size_t node, Disagreement& result) {
    const auto votes = std::span{consensus->votes}.subspan(node * members.size(), members.size());
    Count bootstraps = 0;
    Count flips = 0;
    for (std::size_t m = 0; m < votes.size(); ++m) {
      if (votes[m] >= 0) {
        const bool is_bootstrap = members[m].config.bootstrap > 0;
        bootstraps += is_bootstrap ? 1 : 0;
        flips += is_bootstrap && votes[m] != consensus->best[node].value() ? 1 : 0;
      }
    }
    sorted.assign(votes.begin(), votes.end());
    std::sort(sorted.begin(), sorted.end());
    auto run = std::lower_bound(sorted.begin(), sorted.end(), 0);
    const Count cast = sorted.end() - run;
    Count pairs = 0;
    Count most = 0;
    while (run != sorted.end()) {
      const auto end = std::upper_bound(run, sorted.end(), *run);
      const Count count = end - run;
      pairs += count * (count - 1);
      most = std::max(most, count);
      run = end;
    }
    const auto share = [](Count part, Count whole) {
      return whole > 0 ? static_cast<float>(static_cast<double>(part) / static_cast<double>(whole))
                       : kUndefined;
    };
    result.variation_ratio[node] = share(cast - most, cast);
    result.pair_agreement[node] = share(pairs, cast * (cast - 1));
    result.flip_rate[node] = share(flips, bootstraps);
  }

  void measure(std::size_t node, Disagreement& result) {
    measure_votes(node, result);
    if (!gather(node)) {
      return;
    }
    result.consensus_entropy[node] = static_cast<float>(entropy(columns, mean.values));
    double largest = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (speaks[m]) {
        largest = std::max(largest, divergence(columns, said[m], mean.values));
        result.surprise[node * members.size() + m] =
            static_cast<float>(divergence(columns, said[m], stated));
      }
    }
    result.kl_max[node] = static_cast<float>(largest);
    const LabelRow<float>& row = rows.back();
    result.quality[node] = static_cast<float>(qa::normalized_margin(row, consensus->best[node]));
    result.quality_entropy[node] =
        static_cast<float>(qa::confidence_weighted_entropy(row, consensus->best[node]));
  }
};

/// Collective.
void measure_neighbors(const graph::Graph& graph, const Consensus& consensus,
                       std::vector<float>& agreement) {
  std::vector<Count> best(to_size(graph.num_owned() + graph.num_ghosts()), -1);
  std::transform(consensus.best.begin(), consensus.best.end(), best.begin(),
                 [](Label label) { return Count{label.value()}; });
  graph.halo().push(best, 1);
  parallel_for(graph.num_owned(), kNodesPerChunk, [&](Count begin, Count end) {
    for (Count i = begin; i < end; ++i) {
      const LocalId node{static_cast<std::int32_t>(i)};
      const auto neighbors = graph.neighbors(node);
      const auto weights = graph.weights(node);
      double same = 0;
      double all = 0;
      for (std::size_t e = 0; e < neighbors.size(); ++e) {
        all += double{weights[e]};
        same += best[to_size(neighbors[e])] == best[to_size(i)] ? double{weights[e]} : 0.0;
      }
      if (all > 0 && best[to_size(i)] >= 0) {
        agreement[to_size(i)] = static_cast<float>(same / all);
      }
    }
  });
}

/// A seed's own label is part of the consensus there: only held-out opinions can doubt it.
void rate_seeds(const graph::Graph& graph, std::span<const FoldedSeed> seeds,
                const Consensus& consensus, const HeldOutPredictions& held_out,
                Disagreement& result) {
  std::size_t next = 0;
  std::vector<float> values;
  for (const FoldedSeed& entry : seeds) {
    const bool is_held_out = entry.fold >= 0;
    const std::size_t at = is_held_out ? next++ : 0;
    if (!graph.owned().contains(entry.seed.node)) {
      continue;
    }
    const std::size_t node = to_size(graph.local_id(entry.seed.node));
    if (entry.seed.label != consensus.best[node]) {
      continue;
    }
    result.quality[node] = kUndefined;
    result.quality_entropy[node] = kUndefined;
    if (is_held_out) {
      const LabelRow<double> predicted = held_out.of_seeds[at];
      values.assign(predicted.values.size(), 0.0F);
      std::transform(predicted.values.begin(), predicted.values.end(), values.begin(),
                     [](double p) { return static_cast<float>(p); });
      const LabelRow<float> row{values, predicted.labels, static_cast<float>(predicted.other),
                                predicted.num_classes};
      result.quality[node] = static_cast<float>(qa::normalized_margin(row, entry.seed.label));
      result.quality_entropy[node] =
          static_cast<float>(qa::confidence_weighted_entropy(row, entry.seed.label));
    }
  }
}

}  // namespace

Disagreement measure_disagreement(const graph::Graph& graph, std::span<const Member> members,
                                  std::span<const FoldedSeed> seeds, const Consensus& consensus,
                                  const HeldOutPredictions& held_out) {
  const auto num_nodes = to_size(graph.num_owned());
  Disagreement result;
  for (std::vector<float>* column :
       {&result.variation_ratio, &result.pair_agreement, &result.consensus_entropy, &result.kl_max,
        &result.neighbor_agreement, &result.flip_rate, &result.quality, &result.quality_entropy}) {
    column->assign(num_nodes, kUndefined);
  }
  result.surprise.assign(num_nodes * members.size(), kUndefined);
  parallel_for(graph.num_owned(), kNodesPerChunk, [&](Count begin, Count end) {
    Measurer measurer{members, consensus};
    for (Count node = begin; node < end; ++node) {
      measurer.measure(to_size(node), result);
    }
  });
  measure_neighbors(graph, consensus, result.neighbor_agreement);
  rate_seeds(graph, seeds, consensus, held_out, result);
  return result;
}

}  // namespace kith::ensemble
