/// What votes say on their own where nothing is labeled, beside the members that have learned from
/// them.
#pragma once

#include <optional>

#include "kith/core/label_rows.hpp"
#include "kith/run/workspace.hpp"

#include "stages/votes/votes_report.hpp"

namespace kith::stages {

/// Collective. What the label model says of this rank's items that have votes, into empty rows.
void write_posteriors(const run::Workspace& workspace, const VotesReport& report,
                      IdRange<GlobalId> block, LabelRows<float>& rows);

struct Agreement {
  double with_heads = 0;         // share of nodes with votes on which heads say the same
  double expected_accuracy = 0;  // of the label model, by itself
};

/// Collective. posteriors: of owned nodes. Empty without heads or votes. The same on any ranks.
[[nodiscard]] std::optional<Agreement> agreement_with_heads(const run::Workspace& workspace,
                                                            const LabelRows<float>& posteriors);

/// What the votes on an item weigh beside the members, who have learned from the votes on all of
/// them: something where the members seem to err more often than the votes do, by how much. If both
/// err independently, and wrong classes are all alike, they agree in a b + (1 - a) (1 - b) / (K -
/// 1) of the items, with a the accuracy that the label model expects of itself and b the members'.
[[nodiscard]] double weight_beside_members(const Agreement& agreement, int num_classes);

}  // namespace kith::stages
