/// The classes' shares of the corpus, for the consensus.
#pragma once

#include <span>
#include <vector>

#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {

/// Collective. By the configured prior: estimated from the pooled distributions of a sample of
/// nodes and from the held-out seeds, or as the user says, which is then certain. consensus: before
/// classes are balanced. sureness: one an owned node. With rows of few labels those of the seeds.
[[nodiscard]] qa::ClassShares corpus_shares(const graph::Graph& graph, const Consensus& consensus,
                                            std::span<const float> sureness,
                                            const ConsensusInputs& inputs,
                                            const EnsembleConfig& config);

/// The shares that the consensus is pulled to: those of the seeds where it is not pulled, since
/// their labels were drawn at random or shares are not known.
[[nodiscard]] std::vector<double> wanted_shares(const qa::ClassShares& shares,
                                                const ConsensusInputs& inputs,
                                                const EnsembleConfig& config);

/// Each class' share over that of the seeds; 1 for a class without seeds, unless the user says that
/// there is none of it; all 1 if shares are those of the seeds.
[[nodiscard]] std::vector<double> share_ratios(std::span<const double> shares,
                                               const ConsensusInputs& inputs,
                                               const EnsembleConfig& config);

}  // namespace kith::ensemble
