/// What members say of seeds that they had not seen, and the temperatures that follow from it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {

/// The temperature of one member from the seeds that its held-out scores cover, those of fold
/// `left_out` excepted: of least negative log likelihood (Guo et al., ICML 2017); for votes that of
/// the share of right ones. 1 if there are none. One number needs no more than 20,000 seeds: of
/// more, every n-th is taken.
[[nodiscard]] double fit_member_temperature(const Member& member, std::span<const FoldedSeed> seeds,
                                            std::optional<int> left_out = std::nullopt);

/// As the member's output, with its calibration fitted on the same seeds; bare votes have a
/// temperature only.
[[nodiscard]] CalibratedOutput fit_output(const Member& member, std::span<const FoldedSeed> seeds,
                                          std::optional<int> left_out = std::nullopt);

/// The temperature of the consensus, fitted together with the share of wrong seeds (see
/// calibrate::fit_label_noise). outputs: one a member.
[[nodiscard]] double fit_consensus_temperature(std::span<const FoldedSeed> seeds,
                                               std::span<const Member> members,
                                               std::span<const CalibratedOutput> outputs,
                                               std::span<const double> class_factors,
                                               std::optional<int> left_out = std::nullopt);

}  // namespace kith::ensemble
