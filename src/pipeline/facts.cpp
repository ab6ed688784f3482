#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/io/files.hpp"
#include "kith/io/json.hpp"

#include "pipeline/stage.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {
namespace {

std::string facts_path(const Workspace& workspace, const std::string& stage) {
  return workspace.path(find_stage(stage)->description().facts);
}

}  // namespace

io::Snapshots open_snapshots(const Workspace& workspace, const std::string& stage) {
  const std::string directory = workspace.path("snapshots");
  comm::on_root(workspace.comm, [&] { std::filesystem::create_directories(directory); });
  constexpr double kSecondsPerMinute = 60;
  return {workspace.comm, directory, stage, workspace.fingerprint,
          workspace.config.run.snapshot_minutes * kSecondsPerMinute};
}

void write_facts(const Workspace& workspace, const std::string& stage, const io::Json& facts) {
  comm::on_root(workspace.comm, [&] {
    const std::string path = facts_path(workspace, stage);
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    io::write_file_atomically(path, io::json_text(facts, 2) + "\n");
  });
}

io::Json read_facts(const Workspace& workspace, const std::string& stage) {
  std::string text;
  comm::on_root(workspace.comm, [&] {
    const std::string path = facts_path(workspace, stage);
    const io::Json facts = io::read_json(path);
    if (!facts.is_object()) {
      io::fail_damaged(path, "it has not the form that kith writes");
    }
    text = facts.dump();
  });
  comm::broadcast(workspace.comm, text);
  return io::Json::parse(text);
}

}  // namespace kith::pipeline
