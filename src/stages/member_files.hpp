/// What members say, in the files of the stages that make them: /members/NAME.
#pragma once

#include <array>
#include <string>

#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// Collective. Scores of owned nodes and of the held-out seeds, and how they become probabilities.
void write_member(io::OutputFile& file, const run::Workspace& workspace,
                  const ensemble::Member& member);

/// The same back, looked at before it is used. Local; throws Error.
[[nodiscard]] ensemble::Member read_member(const io::InputFile& file,
                                           const run::Workspace& workspace,
                                           const ensemble::MemberConfig& config);

}  // namespace kith::stages
