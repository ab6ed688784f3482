#include "stages/qa/describe_run.hpp"

#include <fmt/format.h>

#include <sstream>

#include "kith/comm/agree.hpp"
#include "kith/config/graph_source.hpp"
#include "kith/core/error.hpp"
#include "kith/report/html.hpp"
#include "kith/report/view.hpp"
#include "kith/run/run.hpp"
#include "kith/stages/stages.hpp"

namespace kith::stages {
namespace {

io::Json run_json(const run::Workspace& workspace) {
  io::Json json;
  json["program"] = "kith";
  json["version"] = run::version();
  json["corpus"] = read_facts(workspace, "check");
  json["configuration"] = io::Json::object();
  std::istringstream text{to_text(workspace.config)};
  for (std::string line; std::getline(text, line);) {
    // Where and with how many threads a run goes does not belong to its numbers.
    if (!line.starts_with("run.") || line.starts_with("run.seed")) {
      json["configuration"][line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    }
  }
  return json;
}

/// Graphs of other vectors that a member has used.
io::Json other_graphs_json(const run::Workspace& workspace) {
  io::Json graphs = io::Json::array();
  for (const config::GraphSource& source : workspace.config.graphs) {
    if (!config::is_used(workspace.config, source)) {
      continue;
    }
    const config::Config config = config::config_of_graph(workspace.config, source);
    for (const char* stage : {"knn", "graph"}) {
      run::require_recorded(workspace.comm, workspace.stages->at(stage), config.run.directory);
    }
    const run::Workspace other{workspace.comm, *workspace.stages, config};
    io::Json json;
    json["name"] = source.name;
    json["dataset"] = source.dataset;
    json["metric"] = corpus::to_string(config.corpus.metric);
    json.update(read_facts(other, "graph"));
    json["knn"] = read_facts(other, "knn");
    graphs.push_back(json);
  }
  return graphs;
}

io::Json graph_json(const run::Workspace& workspace) {
  io::Json json = read_facts(workspace, "graph");
  json["cells"] = read_facts(workspace, "cells");
  json["knn"] = read_facts(workspace, "knn");
  json.update(read_facts(workspace, "propagate"));
  json["others"] = other_graphs_json(workspace);
  return json;
}

}  // namespace

io::Json describe_run(const run::Workspace& workspace) {
  io::Json report;
  report["run"] = run_json(workspace);
  report["graph"] = graph_json(workspace);
  for (const char* stage : {"label_model", "reference"}) {
    if (const io::Json facts = read_facts(workspace, stage); !facts.empty()) {
      report[stage] = facts;
    }
  }
  return report;
}

std::string summary(const comm::Communicator& comm, const config::Config& config) {
  std::string text;
  comm::on_root(comm, [&] {
    const auto path = [&](const char* name) {
      return (std::filesystem::path{config.run.directory} / name).string();
    };
    const std::string json = io::json_text(io::read_json(path("report.json")), -1);
    try {
      text = report::summary(report::read_view(json));
    } catch (const Error& error) {
      io::fail_damaged(path("report.json"), error.what());
    }
    text += fmt::format("labels in  {}\nreport in  {}\n", path("labels.h5"), path("report.html"));
  });
  return text;
}

}  // namespace kith::stages
