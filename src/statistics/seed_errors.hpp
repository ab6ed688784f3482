/// Are the seeds right? By what members say that had not seen them: a model of the noise, and
/// confident learning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/calibrate/label_noise.hpp"
#include "kith/qa/label_errors.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// Of the seeds that were held out, in the order of RunResults::held_out. /seeds of qa.h5.
class SeedErrors final : public Statistic {
 public:
  static constexpr const char* kKey = "seeds";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;
  void write_tables(const RunResults& run, io::OutputFile& file) const override;

  [[nodiscard]] const calibrate::LabelNoise& noise() const { return noise_; }
  [[nodiscard]] const calibrate::LabelSuspicion& suspicion() const { return suspicion_; }

 private:
  /// Collective. What needs a table of class by class: the joint of confident learning, its
  /// filters.
  void learn_confidently(const RunResults& run, const LabelRows<float>& probabilities);
  /// The two filters that need no table; those that do flag nothing and are not written.
  void flag_without_tables(const RunResults& run);
  [[nodiscard]] io::Json suspects_json(const RunResults& run,
                                       std::span<const std::uint8_t> flags) const;

  std::vector<std::string> ids_;  // empty if the corpus has none
  std::vector<Label> suggested_;  // most probable by the held-out consensus
  std::vector<double> self_confidence_;
  std::vector<double> normalized_margin_;
  std::vector<double> weighted_entropy_;  // confidence-weighted entropy
  calibrate::LabelNoise noise_;
  calibrate::LabelSuspicion suspicion_;
  std::vector<std::vector<std::uint8_t>> flags_;  // [filter][seed], filters in the enum's order
  std::optional<qa::ConfidentJoint> joint_;       // none with more than qa::kTableClasses classes
  qa::LabelHealth health_;                        // by the configured filter
};

}  // namespace kith::statistics
