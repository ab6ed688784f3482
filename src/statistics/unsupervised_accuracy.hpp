/// What can be said of the accuracy without true labels of the corpus, each under its assumption,
/// beside what is known from true ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/qa/unsupervised_accuracy.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// One estimate of an accuracy.
struct AssumedEstimate {
  std::string name;
  std::string of;  // "consensus", "model" (its own labels) or "voter" (one drawn at random)
  std::string assumption;
  std::optional<double> value;
  std::string reason;  // why there is no value
};

/// Asks for VoterAgreement and VoterDiversity.
class UnsupervisedAccuracy final : public Statistic {
 public:
  static constexpr const char* kKey = "accuracy_without_gold";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;

 private:
  std::vector<AssumedEstimate> estimates_;
  std::optional<double> disagreement_bound_;    // of the disagreement's error, from held-out seeds
  std::optional<double> confidence_threshold_;  // of the thresholded confidence
  std::vector<qa::AssumedAccuracy> triplets_;   // one a voter
};

}  // namespace kith::statistics
