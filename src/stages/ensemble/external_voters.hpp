/// Votes and probabilities that come with the corpus, as members of the ensemble.
#pragma once

#include "kith/run/workspace.hpp"

namespace kith::stages {

/// Collective. Throws CollectiveError if two voters or members have one name, or a member's voter
/// is not there.
void check_voter_names(const run::Workspace& workspace);

/// Collective. Probabilities of a voter of corpus.probs: owned nodes x K.
[[nodiscard]] std::vector<float> voter_on_nodes(const run::Workspace& workspace,
                                                const std::string& name);

/// Collective. Appends a member for each voter of corpus.votes, one for the label model of these,
/// and one for each voter of corpus.probs. A node has the voice of its representative. Memory: rows
/// of the block x K floats for one voter at a time, and owned nodes x K for each.
void append_external_voters(run::Workspace& workspace);

}  // namespace kith::stages
