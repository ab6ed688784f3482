// Classes of a row from its nearest seeds.
#pragma once

#include <span>
#include <vector>

#include "kith/distance/nearest.hpp"
#include "kith/heads/heads.hpp"

namespace kith::heads {

/// How much the i-th of k nearest seeds counts: exp(-(d_i^2 - d_1^2) / (bandwidth d_k^2)), scaled
/// by the distance of the farthest as in L. Zelnik-Manor and P. Perona, NIPS 17 (2004); and how
/// much the shares of all seeds count beside the nearest one.
struct Kernel {
  double bandwidth = 0.1;
  double prior_weight = 1;
};

/// p_c is proportional to the sum over the nearest seeds of kernel times weight of label c, plus
/// prior_weight times the share of c among all seeds.
class NearestVotes {
 public:
  explicit NearestVotes(const Model& model);

  /// Those that have a seed, ascending.
  [[nodiscard]] const std::vector<Label>& classes() const { return classes_; }
  [[nodiscard]] int num_nearest() const { return num_nearest_; }

  /// rows: some x dim; out: a value a class each.
  void count(std::span<const float> rows, std::span<float> out) const;

  /// The nearest seeds of some rows: num_nearest() each.
  [[nodiscard]] std::vector<distance::Neighbor> nearest(std::span<const float> rows) const;
  /// A row's probabilities by its nearest seeds.
  void count(std::span<const distance::Neighbor> nearest, const Kernel& kernel,
             std::span<float> out) const;

 private:
  Kernel kernel_;
  int num_nearest_ = 0;
  Count dim_ = 0;
  distance::Panels seeds_;
  std::vector<Label> classes_;
  std::vector<double> shares_;                          // of each class among all seeds
  std::vector<std::size_t> offsets_;                    // of the labels of each seed
  std::vector<std::pair<std::size_t, double>> labels_;  // place in classes_, weight
};

}  // namespace kith::heads
