/// Every member: how it was made, how it settled, and how often it is right.
#pragma once

#include <vector>

#include "kith/qa/accuracy.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// /convergence of qa.h5.
class MemberSummary final : public Statistic {
 public:
  static constexpr const char* kKey = "members";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;
  void write_tables(const RunResults& run, io::OutputFile& file) const override;

  /// On the held-out seeds, one a member.
  [[nodiscard]] const std::vector<qa::Confusion>& held_out() const { return held_out_; }
  /// Against gold labels, one a member; empty if there are none.
  [[nodiscard]] const std::vector<qa::Confusion>& gold() const { return gold_; }

 private:
  std::vector<qa::Confusion> held_out_;
  std::vector<qa::Confusion> gold_;
};

}  // namespace kith::statistics
