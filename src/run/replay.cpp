// A run done again from its manifest, and compared.
#include <filesystem>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/run/run.hpp"
#include "kith/run/stage.hpp"

#include "run/inputs.hpp"
#include "run/manifest.hpp"
#include "run/provenance.hpp"
#include "run/run_directory.hpp"

namespace kith::run {
namespace {

/// Collective. With all the parts that are looked at here.
io::Json share_manifest(const comm::Communicator& comm, const std::string& path) {
  std::string text;
  comm::on_root(comm, [&] {
    io::Json manifest = read_manifest(path);
    for (const char* part : {"stages", "inputs"}) {
      if (!manifest.contains(part)) {
        io::fail_damaged(path, fmt::format("it has no list of {}", part));
      }
    }
    text = io::json_text(manifest, -1);
  });
  comm::broadcast(comm, text);
  return io::Json::parse(text);
}

/// The last stage that the manifest has as done.
std::string last_stage(const StageList& stages, const io::Json& manifest) {
  std::string last = stages.all().front()->name();
  for (const Stage* stage : stages.all()) {
    last = manifest["stages"].contains(stage->name()) ? stage->name() : last;
  }
  return last;
}

}  // namespace

bool replay(const comm::Communicator& comm, const StageList& stages, const config::Config& config,
            const std::string& manifest) {
  const io::Json before = share_manifest(comm, manifest);
  const std::string directory = std::filesystem::absolute(config.run.directory).string();
  comm::locally(comm, [&] {
    std::error_code gone;  // paths may be absolute: then it is not needed
    std::filesystem::current_path(before.value("working_directory", "."), gone);
  });
  config::Config again = config;
  again.run.directory = directory;
  require_same_inputs(comm, config, before["inputs"]);
  run(comm, stages, again, last_stage(stages, before));
  const io::Json after = share_manifest(comm, manifest_path(directory));
  bool all_equal = true;
  for (const auto& [stage, line] : before["stages"].items()) {
    const io::Json recorded = line.value("files", io::Json::object());
    for (const auto& [name, file] : recorded.items()) {
      const io::Json files =
          after["stages"].value(stage, io::Json::object()).value("files", io::Json::object());
      const bool is_equal = files.value(name, io::Json{}) == file;
      all_equal = all_equal && is_equal;
      log::info("replay file={} state={}", name, is_equal ? "equal" : "differs");
    }
  }
  if (before.value("build", io::Json{}) != after.value("build", io::Json{})) {
    log::info("replay warning: the program or its libraries are not the ones of the run");
  }
  return all_equal;
}

}  // namespace kith::run
