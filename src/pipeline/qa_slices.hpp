/// Where in the corpus labels are worse than elsewhere: by the user's groups, cells and classes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/io/output_file.hpp"
#include "kith/qa/agreement.hpp"
#include "kith/qa/audit.hpp"
#include "kith/qa/slices.hpp"

#include "pipeline/qa_known.hpp"

namespace kith::pipeline {

/// Groups of a grouping at most; a column with more holds something else.
inline constexpr Count kMaxSlices = 10'000;

/// A column of groups: distinct numbers in order, and where each of this rank's rows belongs.
struct Grouping {
  std::string name;                   // dataset, "cells" or "classes"
  std::vector<std::int64_t> numbers;  // of the groups, ascending
  std::vector<std::string> names;     // of the groups
  std::vector<std::int32_t> of_row;   // index of the row's group, -1 = in none
};

/// Collective. The user's grouping of these rows. Throws CollectiveError for a number below -1 and
/// for more than kMaxSlices groups.
[[nodiscard]] Grouping read_grouping(const comm::Communicator& comm, const corpus::Corpus& corpus,
                                     const std::string& dataset, IdRange<GlobalId> rows);

/// A grouping measured; one entry a group.
struct SliceTable {
  Grouping grouping;
  std::vector<qa::SliceFinding> findings;
  std::vector<std::optional<qa::AuditEstimate>> weighted;  // of an audit: Hajek
  std::vector<Count> automatic;                            // items of status auto
  std::vector<double> mean_vote_entropy;                   // nats
  std::vector<qa::Agreement> agreement;  // of the user's groups; empty where there are too many
                                         // patterns
};

struct SliceFindings {
  std::string basis;
  std::vector<SliceTable> tables;
};

/// Collective. The same on every rank but for Grouping::of_row.
[[nodiscard]] SliceFindings measure_slices(const Workspace& workspace, const QaRows& rows,
                                           const KnownRows& known);

/// "slices" of report.json: every group of the user and every class, of cells the 100 that are most
/// likely worse.
[[nodiscard]] io::Json slices_json(const Workspace& workspace, const SliceFindings& findings);

/// Collective. /slices/... of qa.h5: every group.
void write_slices(io::OutputFile& file, const SliceFindings& findings);

}  // namespace kith::pipeline
