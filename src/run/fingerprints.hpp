/// What each stage's result depends on, and nothing else.
#pragma once

#include <map>
#include <string>

#include "kith/io/json.hpp"
#include "kith/run/workspace.hpp"

#include "run/inputs.hpp"

namespace kith::run {

/// All that a stage reads: format of its files, values of keys, digests of inputs, fingerprints of
/// the stages that it reads.
struct Fingerprint {
  io::Json reads;  // what -> value, in order
  std::string digest;
};

/// By stage.
using Fingerprints = std::map<std::string, Fingerprint>;

/// Collective. Of every stage of the workspace's list.
[[nodiscard]] Fingerprints fingerprints(const Workspace& workspace, const Inputs& inputs);

/// In words, what differs: "knn.k is 9, was 8; other gold; cells done again". before: `reads` of an
/// earlier run.
[[nodiscard]] std::string differences(const io::Json& before, const io::Json& now);

}  // namespace kith::run
