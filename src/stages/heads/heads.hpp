/// Heads: members that are models on the vectors. What the stage heads leaves, and who reads it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kith/propagate/task.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// The member of this name if it is a head; else null.
[[nodiscard]] const ensemble::MemberConfig* find_head(const config::Config& config,
                                                      const std::string& name);

/// Collective. Puts the heads among the members, in the order of the configuration.
void add_heads(run::Workspace& workspace);

/// What heads say, for the members that start from it: rows of all classes of this rank's block of
/// the corpus, by head and fold (-1 = the head that has seen all seeds).
using HeadRows = std::map<std::pair<std::string, int>, std::vector<float>>;

/// Collective. Of every head that a task starts from, without the task's fold. Reads the vectors
/// again. Cost: that of the predictions; memory: rows x classes of each.
[[nodiscard]] HeadRows predict_for(run::Workspace& workspace,
                                   std::span<const propagate::Task> tasks);

}  // namespace kith::stages
