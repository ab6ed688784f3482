/// How differently the voters err, and a model of their votes.
#pragma once

#include <optional>

#include "kith/label_model/dawid_skene.hpp"
#include "kith/qa/diversity.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// /diversity and /dawid_skene of qa.h5. Asks for VoterAgreement.
class VoterDiversity final : public Statistic {
 public:
  static constexpr const char* kKey = "diversity";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;
  void write_tables(const RunResults& run, io::OutputFile& file) const override;

  /// Of the vote patterns; it says if there is none.
  [[nodiscard]] const label_model::DawidSkene& model() const { return model_; }

 private:
  label_model::DawidSkene model_;
  qa::Diversity expected_;             // by the model
  std::optional<qa::Diversity> gold_;  // against gold labels, where there are any
};

}  // namespace kith::statistics
