/// Classes of very different size: their true shares, weights and samples for training, seeds that
/// are missing.
#pragma once

#include <vector>

#include "kith/io/output_file.hpp"
#include "kith/qa/imbalance.hpp"

#include "pipeline/qa_known.hpp"

namespace kith::pipeline {

/// The same on every rank but for the last two.
struct Balance {
  std::string basis;                     // of the corrected shares
  std::vector<Count> stated;             // items by most probable class
  std::vector<qa::ClassShare> shares;    // of the true classes
  std::vector<Count> corrected;          // items by true class, estimated
  qa::ClassMix mix;                      // of the corrected counts
  std::vector<double> inverse;           // weights, from the corrected counts
  std::vector<double> effective;         // the same, by effective number
  std::vector<Count> usable;             // items with a stated label that repeat no vector
  std::vector<Count> kept;               // of them, in the smaller sample
  std::vector<Count> repeats;            // of each of them, in the larger one
  std::vector<Count> seeds;              // by class
  std::vector<Count> seeds_missing;      // up to qa.seeds_wanted
  std::vector<std::uint8_t> is_kept;     // this rank's rows
  std::vector<std::int32_t> times_kept;  // this rank's rows: how often in the larger sample
};

/// Collective.
[[nodiscard]] Balance measure_balance(const Workspace& workspace, const QaRows& rows,
                                      const KnownRows& known,
                                      const std::optional<AuditFindings>& audit);

/// "balance" of report.json.
[[nodiscard]] io::Json balance_json(const Workspace& workspace, const Balance& balance);

/// Collective. /balance/... of qa.h5.
void write_balance(io::OutputFile& file, const Workspace& workspace, IdRange<GlobalId> block,
                   const Balance& balance);

}  // namespace kith::pipeline
