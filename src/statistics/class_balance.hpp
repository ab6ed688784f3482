/// Classes of very different size: their true shares, weights and samples for training, seeds that
/// are missing.
#pragma once

#include <string>
#include <vector>

#include "kith/qa/imbalance.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// /balance of qa.h5. Asks for AuditAccuracy.
class ClassBalance final : public Statistic {
 public:
  static constexpr const char* kKey = "balance";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;
  void write_tables(const RunResults& run, io::OutputFile& file) const override;

 private:
  /// Collective. Samples of the items to train on: with a stated label, each vector once.
  void draw_samples(const RunResults& run);

  std::string basis_;                     // of the corrected shares
  std::vector<Count> stated_;             // items by most probable class
  std::vector<qa::ClassShare> shares_;    // of the true classes
  std::vector<Count> corrected_;          // items by true class, estimated
  qa::ClassMix mix_;                      // of the corrected counts
  std::vector<double> inverse_;           // weights, from the corrected counts
  std::vector<double> effective_;         // the same, by effective number
  std::vector<Count> usable_;             // items with a stated label that repeat no vector
  std::vector<Count> kept_;               // of them, in the smaller sample
  std::vector<Count> repeats_;            // of each of them, in the larger one
  std::vector<Count> seeds_;              // by class
  std::vector<Count> seeds_missing_;      // up to qa.seeds_wanted
  std::vector<std::uint8_t> is_kept_;     // this rank's rows
  std::vector<std::int32_t> times_kept_;  // this rank's rows: how often in the larger sample
};

}  // namespace kith::statistics
