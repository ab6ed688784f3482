#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include <boost/program_options.hpp>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/numbers.hpp"
#include "kith/core/quote.hpp"
#include "kith/core/random.hpp"
#include "kith/io/files.hpp"
#include "kith/io/json.hpp"

#include "pipeline/ini_file.hpp"
#include "pipeline/manifest.hpp"
#include "pipeline/options.hpp"
#include "pipeline/run_files.hpp"
#include "pipeline/value_text.hpp"

namespace kith::pipeline {
namespace {

namespace po = boost::program_options;

constexpr int kMostTebibytes = 1024;

/// The command line through Boost: all keys of the table, and those of the sections it names.
po::options_description describe_options(std::span<const std::string> words) {
  po::options_description description;
  description.add_options()("config,c", po::value<std::string>())("help,h", "")("version", "")(
      "graph", po::value<std::string>())("file", po::value<std::string>())(
      "gold", po::value<std::string>())("audit", po::value<std::string>());
  std::set<std::string> sections;
  for (const std::string& word : words) {
    if (word.starts_with("--")) {
      sections.insert(named_section(std::string_view{word}.substr(2, word.find('=') - 2)));
    }
  }
  const auto add = [&](const Option& option) {
    description.add_options()(option.key.c_str(), po::value<std::string>());
  };
  for (const Option& option : option_table()) {
    add(option);
  }
  for (const std::string& section : sections) {
    for (const Option& option : section_options(section)) {
      add(option);
    }
  }
  return description;
}

std::vector<po::option> parse_words(const std::vector<std::string>& words) {
  const po::options_description description = describe_options(words);
  namespace style = po::command_line_style;
  try {
    return po::command_line_parser{words}
        .options(description)
        .style(style::unix_style & ~style::allow_guessing)
        .run()
        .options;
  } catch (const po::unknown_option& error) {
    std::string key = error.get_option_name();
    key.erase(0, key.find_first_not_of('-'));
    fail("command line: unknown key {}; the nearest known one is {}", quote(key), nearest_key(key));
  } catch (const po::error& error) {
    fail("command line: {}", quote(error.what()));
  }
}

/// Names of sections become names of folders and of groups in HDF5 files.
void validate_name(const char* section, const std::string& name) {
  constexpr std::size_t kLongest = 100;
  const bool is_plain = std::none_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == '\\' || static_cast<unsigned char>(c) < ' ';
  });
  if (name.empty() || name.size() > kLongest || !is_plain) {
    fail("[{}.{}]: a name has 1 to {} characters without / and \\", section,
         name.substr(0, kLongest), kLongest);
  }
}

void validate_graphs(const Config& config) {
  for (const GraphSource& graph : config.graphs) {
    if (graph.dataset.empty()) {
      fail("graph.{}.dataset is not set: which vectors are its?", graph.name);
    }
  }
  for (const ensemble::MemberConfig& member : config.ensemble.members) {
    int k = config.knn.k;
    std::string k_key = "knn.k";
    if (!member.graph.empty()) {
      const auto graph =
          std::find_if(config.graphs.begin(), config.graphs.end(),
                       [&](const GraphSource& entry) { return entry.name == member.graph; });
      if (graph == config.graphs.end()) {
        fail("member.{}.graph = {}, but there is no section [graph.{}]", member.name, member.graph,
             member.graph);
      }
      if (graph->k > 0) {
        k = graph->k;
        k_key = fmt::format("graph.{}.k", graph->name);
      }
    }
    if (member.k > k) {
      fail("member.{}.k = {}, but {} = {} neighbors are found", member.name, member.k, k_key, k);
    }
  }
}

void validate(const Config& config) {
  for (const ensemble::MemberConfig& member : config.ensemble.members) {
    validate_name("member", member.name);
  }
  for (const GraphSource& graph : config.graphs) {
    validate_name("graph", graph.name);
  }
  ensemble::validate(config.ensemble);
  validate_graphs(config);
  if (config.corpus.files.empty()) {
    fail("corpus.files is not set: which HDF5 files hold the corpus?");
  }
  if (config.corpus.labels.empty() && config.corpus.seeds.empty()) {
    fail("neither corpus.labels nor corpus.seeds is set: without a seed nothing can be labeled");
  }
  const std::string& method = config.knn.method;
  if (method != "cells" && method != "exact" && knn::faiss_factory(config.knn).empty()) {
    fail("knn.method = {}, must be one of: cells | exact | faiss:<factory>", method);
  }
  if (config.ensemble.abstain_probability > config.ensemble.auto_probability) {
    fail("ensemble.abstain_probability = {} is above ensemble.auto_probability = {}",
         config.ensemble.abstain_probability, config.ensemble.auto_probability);
  }
}

/// The keys of a run's manifest; results go to a new directory.
std::vector<Setting> settings_of_manifest(const std::vector<std::string>& arguments) {
  if (arguments.size() != 1) {
    fail("replay: of which run? say kith replay RUN/manifest.json");
  }
  const std::string& path = arguments.front();
  const io::Json manifest = read_manifest(path);
  if (!manifest.contains("configuration")) {
    io::fail_damaged(path, "it has no configuration");
  }
  std::vector<Setting> settings;
  for (const auto& [key, value] : manifest["configuration"].items()) {
    const bool is_directory = key == "run.directory";
    const auto written = value.get<std::string>();
    settings.push_back(
        {key, is_directory ? as_written(unquoted(written) + "-replay") : written, path});
  }
  return settings;
}

Count parse_audit(const std::string& text) {
  constexpr NumberRange<Count> kItems{1, 100'000'000};
  const auto items = parse_number<Count>(text);
  if (!items || !kItems.contains(*items)) {
    fail("command line: --audit {}, must be how many items to have labeled, {}", quote(text),
         kItems.text());
  }
  return *items;
}

Command parse_on_root(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (const std::string fault = io::fault_of_text(word); !fault.empty()) {
      fail("command line: a word {}", fault);
    }
  }
  Command command;
  std::vector<Setting> from_line;
  for (const po::option& option : parse_words(words)) {
    const std::string value = option.value.empty() ? "" : option.value.front();
    if (option.position_key >= 0 || option.string_key.empty()) {
      (command.name.empty() ? command.name : command.arguments.emplace_back()) = value;
    } else if (option.string_key == "config") {
      command.config_path = value;
    } else if (option.string_key == "help" || option.string_key == "version") {
      command.name = option.string_key;
      return command;
    } else if (option.string_key == "graph") {
      command.export_path = value;
    } else if (option.string_key == "file") {
      command.file_path = value;
    } else if (option.string_key == "gold") {
      command.gold_path = value;
    } else if (option.string_key == "audit") {
      command.audit_items = parse_audit(value);
    } else {
      from_line.push_back({option.string_key, value, "command line"});
    }
  }
  if (command.name.empty()) {
    command.name = "help";
  }
  if (command.name == "help" || command.name == "version") {
    return command;
  }
  if (!command.config_path.empty()) {
    for (const Setting& setting : read_ini(io::TextFile{command.config_path, io::kMostKeptBytes})) {
      apply(setting, command.config);
    }
  }
  if (command.name == "replay") {
    for (const Setting& setting : settings_of_manifest(command.arguments)) {
      apply(setting, command.config);
    }
  }
  for (const Setting& setting : from_line) {
    apply(setting, command.config);
  }
  if (command.config.ensemble.members.empty()) {
    command.config.ensemble.members = ensemble::default_members();
  }
  command.config.cells.seed = command.config.run.seed;
  command.config.ensemble.seed = command.config.run.seed;
  command.config.corpus.is_no_input = is_of_a_run;
  if (command.name != "plan") {  // a plan needs no corpus
    validate(command.config);
  }
  return command;
}

Config parse_text(const std::string& text) {
  Config config;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    apply({line.substr(0, equals), line.substr(equals + 1), "configuration"}, config);
  }
  config.cells.seed = config.run.seed;
  config.ensemble.seed = config.run.seed;
  return config;
}

}  // namespace

Command parse_command_line(const comm::Communicator& comm, int argc, char** argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  Command command;
  comm::on_root(comm, [&] { command = parse_on_root(words); });
  comm::broadcast(comm, command.name);
  comm::broadcast(comm, command.config_path);
  comm::broadcast(comm, command.export_path);
  comm::broadcast(comm, command.file_path);
  comm::broadcast(comm, command.gold_path);
  std::vector<Count> audit{command.audit_items};
  comm::broadcast(comm, audit);
  command.audit_items = audit[0];
  std::string text = to_text(command.config);
  comm::broadcast(comm, text);
  std::string arguments = fmt::format("{}", fmt::join(command.arguments, "\n"));
  comm::broadcast(comm, arguments);
  if (!comm.is_root()) {
    command.config = parse_text(text);
    std::istringstream lines{arguments};
    for (std::string line; std::getline(lines, line);) {
      command.arguments.push_back(line);
    }
  }
  return command;
}

std::string bytes_range() {
  return fmt::format("0..{}TiB: bytes, or with KiB, MiB, GiB, TiB", kMostTebibytes);
}

Count parse_bytes(std::string_view text) {
  static const std::map<std::string_view, double> kUnits{
      {"", 1}, {"B", 1}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view unit = text.substr(digits);
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  const auto found = kUnits.find(unit);
  const auto number = parse_number<double>(text.substr(0, digits));
  if (!number || found == kUnits.end() || *number * found->second > kMostTebibytes * 0x1p40) {
    fail("run.memory_per_rank = {}, must be in {}", quote(text), bytes_range());
  }
  return static_cast<Count>(*number * found->second);
}

const char* to_string(Stage stage) {
  switch (stage) {
    case Stage::check:
      return "check";
    case Stage::cells:
      return "cells";
    case Stage::knn:
      return "knn";
    case Stage::graph:
      return "graph";
    case Stage::propagate:
      return "propagate";
    case Stage::ensemble:
      return "ensemble";
    case Stage::qa:
      return "qa";
  }
  return "";
}

}  // namespace kith::pipeline
