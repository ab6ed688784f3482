#include "pipeline/manifest.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/io/files.hpp"
#include "kith/pipeline/pipeline.hpp"

namespace kith::pipeline {
namespace {

using Json = nlohmann::ordered_json;

Stage stage_at(int index) {
  return static_cast<Stage>(index);
}

/// The text of an existing manifest, or nothing; creates the directory.
std::string prepare(const Config& config) {
  const std::filesystem::path directory{config.run.directory};
  if (config.run.directory.empty()) {
    fail("run.directory is not set: where should the results go?");
  }
  std::error_code status;
  std::filesystem::create_directories(directory, status);
  if (status) {
    fail("{}: cannot be created: {}", config.run.directory, status.message());
  }
  const std::filesystem::path path = directory / "manifest.json";
  return std::filesystem::exists(path) ? io::read_file(path.string()) : std::string{};
}

}  // namespace

Manifest Manifest::open(const comm::Communicator& comm, const Config& config) {
  Manifest manifest;
  manifest.path_ = (std::filesystem::path{config.run.directory} / "manifest.json").string();
  manifest.configuration_ = to_text(config);
  std::string text;
  comm::on_root(comm, [&] {
    text = prepare(config);
    if (!text.empty() && !Json::accept(text)) {
      fail("{}: is not JSON; remove it to start this run from the beginning", manifest.path_);
    }
  });
  comm::broadcast(comm, text);
  const Json stages =
      text.empty() ? Json::object() : Json::parse(text).value("stages", Json::object());
  for (int index = 0; index < kNumStages; ++index) {
    const auto found = stages.find(to_string(stage_at(index)));
    if (found != stages.end()) {
      Line& line = manifest.lines_[stage_at(index)];
      line.fingerprint = found->value("fingerprint", "");
      line.cost = {found->value("seconds", 0.0), found->value("peak_rss_bytes", Count{0}),
                   found->value("ranks", 0), found->value("threads", 0)};
    }
  }
  return manifest;
}

bool Manifest::is_done(Stage stage, const std::string& fingerprint) const {
  const auto found = lines_.find(stage);
  return found != lines_.end() && found->second.fingerprint == fingerprint;
}

void Manifest::record(const comm::Communicator& comm, Stage stage, const std::string& fingerprint,
                      const StageCost& cost) {
  lines_[stage] = {fingerprint, cost};
  write(comm);
}

void Manifest::forget(const comm::Communicator& comm, Stage stage) {
  if (lines_.erase(stage) > 0) {
    write(comm);
  }
}

void Manifest::write(const comm::Communicator& comm) const {
  Json json;
  json["program"] = "kith";
  json["version"] = version();
  Json configuration = Json::object();
  std::istringstream text{configuration_};
  for (std::string line; std::getline(text, line);) {
    configuration[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  }
  json["configuration"] = configuration;
  json["stages"] = Json::object();
  for (const auto& [stage, line] : lines_) {
    json["stages"][to_string(stage)] = {{"fingerprint", line.fingerprint},
                                        {"seconds", line.cost.seconds},
                                        {"peak_rss_bytes", line.cost.peak_rss_bytes},
                                        {"ranks", line.cost.ranks},
                                        {"threads", line.cost.threads}};
  }
  comm::on_root(comm, [&] { io::write_file_atomically(path_, json.dump(2) + "\n"); });
}

}  // namespace kith::pipeline
