/// The steps of an estimate of class shares.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::qa {

inline constexpr int kMostSteps = 300;
inline constexpr int kResampledSteps = 50;

/// See shares_by_maximum().
struct SharesProblem {
  std::vector<double> probabilities;
  std::vector<double> source;
  std::vector<double> centre;
  double strength = 0;
};
[[nodiscard]] std::vector<double> maximize_shares(const SharesProblem& problem, int most_steps);

/// p^scale exp(shift), normalized.
struct BiasCorrection {
  double scale = 1;
  std::vector<double> shifts;

  [[nodiscard]] std::vector<double> apply(std::span<const double> rows) const;
};
/// Minimizes sum_i weights_i NLL_i + (log scale)^2 / 2 + |shifts|^2 / 2.
[[nodiscard]] BiasCorrection fit_bias_correction(std::span<const double> probabilities,
                                                 std::span<const Label> truth,
                                                 std::span<const double> weights,
                                                 std::size_t num_classes);

/// Draws labels with replacement, as many of each class as there are.
class LabelResampler {
 public:
  LabelResampler(std::span<const Label> truth, std::size_t num_classes, std::uint64_t seed);
  /// How often each item is in a draw.
  [[nodiscard]] std::vector<double> weights(int draw) const;

 private:
  std::vector<std::vector<std::size_t>> of_class_;
  std::size_t num_items_;
  std::uint64_t seed_;
};

/// At most so many rows, evenly spaced.
[[nodiscard]] std::vector<double> sparse_rows(std::span<const double> rows, std::size_t width,
                                              std::size_t most);

/// Shares pi with C pi = the corpus' shares of predicted classes, C the held-out items' predicted
/// classes by true one; negative ones to 0 (Z. Lipton, Y. Wang, A. Smola, ICML 2018). Empty if C
/// has no inverse.
[[nodiscard]] std::vector<double> shares_by_confusion(std::span<const double> corpus,
                                                      std::span<const double> held_out,
                                                      std::span<const Label> truth,
                                                      std::size_t num_classes);

}  // namespace kith::qa
