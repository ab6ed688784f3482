#include "run/fingerprints.hpp"

#include <fmt/format.h>

#include "kith/core/quote.hpp"
#include "kith/run/stage.hpp"

namespace kith::run {
namespace {

// Raised when what stages leave changes its meaning: older run directories are then done again.
constexpr int kFormat = 6;

constexpr const char* kInput = "input ";
constexpr const char* kStage = "stage ";

/// Collective.
Fingerprint fingerprint_of(const Stage& stage, const Workspace& workspace, const Inputs& inputs,
                           const Fingerprints& earlier) {
  const config::Config& config = workspace.config;
  Fingerprint print;
  print.reads["format"] = std::to_string(kFormat);
  for (const auto& [key, value] : config::values_of_stage(config, stage.name())) {
    print.reads[key] = value;
  }
  for (const std::string& input : stage.inputs(config)) {
    print.reads[kInput + input] = inputs.content(input);
  }
  for (const auto& [input, text] : stage.other_inputs(workspace)) {
    print.reads[kInput + input] = digest(text);
  }
  for (const std::string& read : stage.description().stages) {
    print.reads[kStage + read] = earlier.at(read).digest;
  }
  print.digest = digest(stage.name() + io::json_text(print.reads, -1));
  return print;
}

std::string difference(const std::string& what, const std::string& before, const std::string& now) {
  if (what.starts_with(kInput)) {
    return "other " + what.substr(std::string{kInput}.size());
  }
  return fmt::format("{} is {}, was {}", what, now.empty() ? "not set" : quote(now),
                     before.empty() ? "not set" : quote(before));
}

}  // namespace

Fingerprints fingerprints(const Workspace& workspace, const Inputs& inputs) {
  Fingerprints prints;
  for (const Stage* stage : workspace.stages->all()) {
    prints[stage->name()] = fingerprint_of(*stage, workspace, inputs, prints);
  }
  return prints;
}

std::string differences(const io::Json& before, const io::Json& now) {
  std::vector<std::string> found;
  std::vector<std::string> redone;
  const auto add = [&](const std::string& what, const std::string& old, const std::string& value) {
    if (what.starts_with(kStage)) {
      redone.push_back(what.substr(std::string{kStage}.size()));
    } else {
      found.push_back(difference(what, old, value));
    }
  };
  for (const auto& [what, value] : now.items()) {
    if (const std::string old = before.value(what, ""); value != old) {
      add(what, old, value.get<std::string>());
    }
  }
  for (const auto& [what, value] : before.items()) {
    if (!now.contains(what)) {
      add(what, value.get<std::string>(), "");
    }
  }
  constexpr std::size_t kMostNamed = 6;
  if (found.size() > kMostNamed) {
    found.resize(kMostNamed);
    found.emplace_back("and more");
  }
  if (!redone.empty()) {
    found.push_back(fmt::format("{} done again", fmt::join(redone, ", ")));
  }
  return found.empty() ? "keys in another order" : fmt::format("{}", fmt::join(found, "; "));
}

}  // namespace kith::run
