/// How far the voters are apart on each item, and on what that rests.
#pragma once

#include <span>
#include <vector>

#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {

/// One value an owned node; NaN where a measure is undefined. p_m are the calibrated probabilities
/// of the voters that say something, p their plain mean, q the consensus.
struct Disagreement {
  std::vector<float> variation_ratio;     // 1 - share of the largest class among the votes
  std::vector<float> pair_agreement;      // share of pairs of votes that agree; two votes or more
  std::vector<float> consensus_entropy;   // H(p), nats
  std::vector<float> kl_max;              // largest KL(p_m || p), nats
  std::vector<float> surprise;            // nodes x members: KL(p_m || q), nats
  std::vector<float> neighbor_agreement;  // weight share of graph neighbors with the same `best`
  std::vector<float> flip_rate;           // share of seed bootstraps whose vote is not `best`
  std::vector<float> quality;             // normalized margin of `best` under q
  std::vector<float> quality_entropy;     // confidence-weighted entropy of `best` under q
};

/// Collective. As form_consensus() left it. Both qualities of a seed's label are taken from
/// `held_out`, members that had not seen it; NaN if it was never held out. Cost: one pass over
/// members' scores and one over the edges.
[[nodiscard]] Disagreement measure_disagreement(const graph::Graph& graph,
                                                std::span<const Member> members,
                                                std::span<const FoldedSeed> seeds,
                                                const Consensus& consensus,
                                                const HeldOutPredictions& held_out);

}  // namespace kith::ensemble
