#include "pipeline/report_builder.hpp"

#include <fmt/format.h>

#include <sstream>

#include "kith/comm/agree.hpp"
#include "kith/pipeline/pipeline.hpp"

#include "pipeline/manifest.hpp"
#include "pipeline/other_graph.hpp"
#include "pipeline/stages.hpp"

namespace kith::pipeline {
namespace {

io::Json run_json(const Workspace& workspace) {
  io::Json json;
  json["program"] = "kith";
  json["version"] = version();
  json["corpus"] = read_facts(workspace, Stage::check);
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
io::Json other_graphs_json(const Workspace& workspace) {
  io::Json graphs = io::Json::array();
  for (const GraphSource& source : workspace.config.graphs) {
    if (!is_used(workspace.config, source)) {
      continue;
    }
    const Config config = config_of(workspace.config, source);
    for (const Stage stage : {Stage::knn, Stage::graph}) {
      require_recorded(workspace.comm, config.run.directory, stage);
    }
    const Workspace other{workspace.comm, config};
    io::Json json;
    json["name"] = source.name;
    json["dataset"] = source.dataset;
    json["metric"] = corpus::to_string(config.corpus.metric);
    json.update(read_facts(other, Stage::graph));
    json["knn"] = read_facts(other, Stage::knn);
    graphs.push_back(json);
  }
  return graphs;
}

io::Json graph_json(const Workspace& workspace) {
  io::Json json = read_facts(workspace, Stage::graph);
  json["cells"] = read_facts(workspace, Stage::cells);
  json["knn"] = read_facts(workspace, Stage::knn);
  json.update(read_facts(workspace, Stage::propagate));
  json["others"] = other_graphs_json(workspace);
  return json;
}

}  // namespace

io::Json describe_run(const Workspace& workspace) {
  io::Json report;
  report["run"] = run_json(workspace);
  report["graph"] = graph_json(workspace);
  return report;
}

namespace {

std::string percent(const io::Json& share) {
  if (share.at("value").is_null()) {
    return "not known (no class has two seeds)";
  }
  return fmt::format("{:.2f} % [{:.2f}, {:.2f}] of {}", share.at("value").get<double>() * 100,
                     share.at("low").get<double>() * 100, share.at("high").get<double>() * 100,
                     share.at("trials").get<Count>());
}

/// Throws io::Json::exception if a number is not where this program puts it.
std::string summary_of(const io::Json& report) {
  const io::Json& consensus = report.at("consensus");
  const io::Json& status = consensus.at("status_counts");
  std::string text;
  text += fmt::format("items      {} in {} classes, {} seeds\n",
                      report.at("run").at("corpus").at("items").get<Count>(),
                      report.at("run").at("corpus").at("classes").size(),
                      report.at("run").at("corpus").at("seeds").get<Count>());
  text += fmt::format("labels     {} auto, {} to review, {} abstained, {} unreachable\n",
                      status.at("auto").get<Count>(), status.at("review").get<Count>(),
                      status.at("abstain").get<Count>(), status.at("unreachable").get<Count>());
  if (consensus.contains("gold")) {
    text += "accuracy   " + percent(consensus.at("gold").at("accuracy")) + " gold labels\n";
    text += "auto       " + percent(consensus.at("gold_auto").at("accuracy")) + " gold labels\n";
  }
  text += "estimate   " + percent(consensus.at("held_out").at("accuracy")) + " held-out seeds\n";
  if (report.at("graph").at("knn").contains("recall")) {
    const io::Json& recall = report.at("graph").at("knn").at("recall");
    text += fmt::format("recall@{}  {:.4f} [{:.4f}, {:.4f}] on {} sampled items\n",
                        report.at("graph").at("knn").at("k").get<int>(),
                        recall.at("recall").get<double>(), recall.at("low").get<double>(),
                        recall.at("high").get<double>(), recall.at("sampled_nodes").get<Count>());
  }
  return text;
}

}  // namespace

std::string summary(const comm::Communicator& comm, const Config& config) {
  std::string text;
  comm::on_root(comm, [&] {
    const auto path = [&](const char* name) {
      return (std::filesystem::path{config.run.directory} / name).string();
    };
    const io::Json report = io::read_json(path("report.json"));
    text = io::interpret_json(path("report.json"), [&] { return summary_of(report); });
    text += fmt::format("labels in  {}\nreport in  {}\n", path("labels.h5"), path("report.html"));
  });
  return text;
}

}  // namespace kith::pipeline
