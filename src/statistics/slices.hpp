/// Where in the corpus labels are worse than elsewhere: by the user's groups, cells and classes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/qa/agreement.hpp"
#include "kith/qa/audit.hpp"
#include "kith/qa/slices.hpp"
#include "kith/statistics/grouping.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// A grouping measured; one entry a group. The same on every rank.
struct SliceTable {
  std::string name;                   // of the grouping
  std::vector<std::int64_t> numbers;  // of the groups
  std::vector<std::string> names;     // of the groups
  std::vector<qa::SliceFinding> findings;
  std::vector<std::optional<qa::AuditEstimate>> weighted;  // of an audit: Hajek
  std::vector<Count> automatic;                            // items of status auto
  std::vector<double> mean_vote_entropy;                   // nats
  std::vector<qa::Agreement> agreement;  // of the user's groups; empty where there are too many
                                         // patterns
};

/// report.json has every group of the user and every class, of cells the 100 that are most likely
/// worse; /slices of qa.h5 has every group. Asks for AuditAccuracy.
class Slices final : public Statistic {
 public:
  static constexpr const char* kKey = "slices";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& earlier) override;
  [[nodiscard]] io::Json json(const RunResults& run, const Computed& all) const override;
  void write_tables(const RunResults& run, io::OutputFile& file) const override;

 private:
  std::string basis_;
  std::vector<SliceTable> tables_;
};

}  // namespace kith::statistics
