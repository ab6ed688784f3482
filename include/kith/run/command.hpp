/// The command line.
#pragma once

#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/config/config.hpp"
#include "kith/run/stage.hpp"

namespace kith::run {

/// The command line in its parts.
struct Command {
  std::string name;                    // run, check, config, export, help, ...
  std::vector<std::string> arguments;  // what belongs to the subcommand
  config::Config config;
  std::string config_path;
  std::string export_path;  // export --graph PATH
  std::string file_path;    // review --file PATH
  std::string gold_path;    // eval, votes --gold PATH
  std::string json_path;    // votes --json PATH
  std::string labels_path;  // votes --labels PATH
  Count audit_items = 0;    // review export --audit N
  Count queue_items = 0;    // review export --queue N
  std::string strategy;     // review export --strategy NAME
  std::string annotator;    // review import --annotator NAME
};

/// Collective. Rank 0 parses and validates, all get the same. Throws CollectiveError with one
/// sentence. stages: kept alive by the caller; by their files a glob leaves out what runs have
/// left.
[[nodiscard]] Command parse_command_line(const comm::Communicator& comm, const StageList& stages,
                                         int argc, char** argv);

}  // namespace kith::run
