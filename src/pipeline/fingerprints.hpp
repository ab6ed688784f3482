/// What each stage's result depends on, and nothing else.
#pragma once

#include <map>
#include <string>

#include "kith/config/config.hpp"
#include "kith/io/json.hpp"

#include "pipeline/inputs.hpp"

namespace kith::pipeline {

/// All that a stage reads: format of its files, values of keys, digests of inputs, fingerprints of
/// the stages that it reads.
struct Fingerprint {
  io::Json reads;  // what -> value, in order
  std::string digest;
};

/// By stage.
using Fingerprints = std::map<std::string, Fingerprint>;

/// Local. audit: the digest of the answers of an audit, which qa reads.
[[nodiscard]] Fingerprints fingerprints(const config::Config& config, const Inputs& inputs,
                                        const std::string& audit);

/// In words, what differs: "knn.k is 9, was 8; other gold; cells done again". before: `reads` of an
/// earlier run.
[[nodiscard]] std::string differences(const io::Json& before, const io::Json& now);

}  // namespace kith::pipeline
