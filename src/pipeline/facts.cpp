#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/io/files.hpp"
#include "kith/io/json.hpp"

#include "pipeline/workspace.hpp"

namespace kith::pipeline {
namespace {

std::string facts_name(Stage stage) {
  switch (stage) {
    case Stage::check:
      return "check.json";
    case Stage::cells:
      return "cells/cells.json";
    case Stage::knn:
      return "graph/knn.json";
    case Stage::graph:
      return "graph/graph.json";
    case Stage::propagate:
      return "propagation.json";
    case Stage::ensemble:
      return "labels.json";
    case Stage::qa:
      break;
  }
  return "report.json";
}

}  // namespace

io::Snapshots open_snapshots(const Workspace& workspace, Stage stage) {
  const std::string directory = workspace.path("snapshots");
  comm::on_root(workspace.comm, [&] { std::filesystem::create_directories(directory); });
  constexpr double kSecondsPerMinute = 60;
  return {workspace.comm, directory, to_string(stage), workspace.fingerprint,
          workspace.config.run.snapshot_minutes * kSecondsPerMinute};
}

void write_facts(const Workspace& workspace, Stage stage, const io::Json& facts) {
  comm::on_root(workspace.comm, [&] {
    const std::string path = workspace.path(facts_name(stage));
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    io::write_file_atomically(path, io::json_text(facts, 2) + "\n");
  });
}

io::Json read_facts(const Workspace& workspace, Stage stage) {
  std::string text;
  comm::on_root(workspace.comm, [&] {
    const std::string path = workspace.path(facts_name(stage));
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
