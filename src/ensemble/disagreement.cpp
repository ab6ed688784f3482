#include "kith/ensemble/disagreement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kith/core/parallel.hpp"
#include "kith/qa/label_errors.hpp"

namespace kith::ensemble {
namespace {

constexpr Count kNodesPerChunk = 1024;
constexpr float kUndefined = std::numeric_limits<float>::quiet_NaN();

double entropy(std::span<const double> distribution) {
  double sum = 0;
  for (const double p : distribution) {
    sum -= p > 0 ? p * std::log(p) : 0.0;
  }
  return std::max(0.0, sum);
}

/// Infinite where q excludes what p holds possible.
template <class Reference>
double divergence(std::span<const double> p, std::span<const Reference> q) {
  double sum = 0;
  for (std::size_t label = 0; label < p.size(); ++label) {
    sum += p[label] > 0 ? p[label] * std::log(p[label] / double{q[label]}) : 0.0;
  }
  return std::max(0.0, sum);
}

/// Scratch of one thread.
struct Measurer {
  std::span<const Member> members;
  const Consensus* consensus;
  std::size_t num_classes;
  std::vector<double> said;  // members x K
  std::vector<bool> speaks;
  std::vector<double> mean;
  std::vector<Count> counts;

  Measurer(std::span<const Member> all, const Consensus& of)
      : members{all},
        consensus{&of},
        num_classes{of.class_factors.size()},
        said(all.size() * num_classes),
        speaks(all.size()),
        mean(num_classes),
        counts(num_classes) {}

  [[nodiscard]] std::span<double> row(std::size_t member) {
    return std::span{said}.subspan(member * num_classes, num_classes);
  }

  /// Fills said, speaks and mean; false if no voter says anything.
  bool hear(std::size_t node) {
    std::fill(mean.begin(), mean.end(), 0.0);
    int speakers = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
      const auto scores =
          std::span{members[m].result.scores}.subspan(node * num_classes, num_classes);
      speaks[m] = members[m].readout.probabilities(scores, row(m));
      if (speaks[m]) {
        ++speakers;
        std::transform(mean.begin(), mean.end(), row(m).begin(), mean.begin(), std::plus<>{});
      }
    }
    for (double& value : mean) {
      value /= std::max(speakers, 1);
    }
    return speakers > 0;
  }

  void measure_votes(std::size_t node, Disagreement& result) {
    const auto votes = std::span{consensus->votes}.subspan(node * members.size(), members.size());
    std::fill(counts.begin(), counts.end(), 0);
    Count cast = 0;
    Count bootstraps = 0;
    Count flips = 0;
    for (std::size_t m = 0; m < votes.size(); ++m) {
      if (votes[m] >= 0) {
        ++counts[to_size(votes[m])];
        ++cast;
        const bool is_bootstrap = members[m].config.bootstrap > 0;
        bootstraps += is_bootstrap ? 1 : 0;
        flips += is_bootstrap && votes[m] != consensus->best[node].value() ? 1 : 0;
      }
    }
    Count pairs = 0;
    Count most = 0;
    for (const Count count : counts) {
      pairs += count * (count - 1);
      most = std::max(most, count);
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
    if (!hear(node)) {
      return;
    }
    const auto stated =
        std::span{consensus->distributions}.subspan(node * num_classes, num_classes);
    result.consensus_entropy[node] = static_cast<float>(entropy(mean));
    double largest = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (speaks[m]) {
        largest = std::max(largest, divergence<double>(row(m), mean));
        result.surprise[node * members.size() + m] =
            static_cast<float>(divergence<float>(row(m), stated));
      }
    }
    result.kl_max[node] = static_cast<float>(largest);
    result.quality[node] = static_cast<float>(qa::normalized_margin(stated, consensus->best[node]));
    result.quality_entropy[node] =
        static_cast<float>(qa::confidence_weighted_entropy(stated, consensus->best[node]));
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
void judge_seeds(const graph::Graph& graph, std::span<const FoldedSeed> seeds,
                 const Consensus& consensus, const HeldOut& judged, Disagreement& result) {
  const std::size_t width = consensus.class_factors.size();
  std::size_t next = 0;
  std::vector<float> row(width);
  for (const FoldedSeed& entry : seeds) {
    const bool is_judged = entry.fold >= 0;
    const std::size_t at = is_judged ? next++ : 0;
    if (!graph.owned().contains(entry.seed.node)) {
      continue;
    }
    const std::size_t node = to_size(graph.local_id(entry.seed.node));
    if (entry.seed.label != consensus.best[node]) {
      continue;
    }
    if (is_judged) {
      const auto held_out = std::span{judged.probabilities}.subspan(at * width, width);
      std::transform(held_out.begin(), held_out.end(), row.begin(),
                     [](double p) { return static_cast<float>(p); });
    }
    result.quality[node] =
        is_judged ? static_cast<float>(qa::normalized_margin(row, entry.seed.label)) : kUndefined;
    result.quality_entropy[node] =
        is_judged ? static_cast<float>(qa::confidence_weighted_entropy(row, entry.seed.label))
                  : kUndefined;
  }
}

}  // namespace

Disagreement measure_disagreement(const graph::Graph& graph, std::span<const Member> members,
                                  std::span<const FoldedSeed> seeds, const Consensus& consensus,
                                  const HeldOut& judged) {
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
  judge_seeds(graph, seeds, consensus, judged, result);
  return result;
}

}  // namespace kith::ensemble
