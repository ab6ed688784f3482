#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include <boost/program_options.hpp>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/config/ini_file.hpp"
#include "kith/config/options.hpp"
#include "kith/config/value_text.hpp"
#include "kith/core/error.hpp"
#include "kith/core/numbers.hpp"
#include "kith/core/quote.hpp"
#include "kith/core/random.hpp"
#include "kith/corpus/ledger.hpp"
#include "kith/io/files.hpp"
#include "kith/io/json.hpp"
#include "kith/run/command.hpp"

#include "run/inputs.hpp"
#include "run/manifest.hpp"
#include "run/run_files.hpp"

namespace kith::run {
namespace {

namespace po = boost::program_options;

/// The command line through Boost: all keys of the table, and those of the sections it names.
po::options_description describe_options(std::span<const std::string> words) {
  po::options_description description;
  description.add_options()("config,c", po::value<std::string>())("help,h", "")("version", "")(
      "graph", po::value<std::string>())("file", po::value<std::string>())(
      "gold", po::value<std::string>())("json", po::value<std::string>())(
      "labels", po::value<std::string>())("audit", po::value<std::string>())(
      "queue", po::value<std::string>())("strategy", po::value<std::string>())(
      "annotator", po::value<std::string>());
  std::set<std::string> sections;
  for (const std::string& word : words) {
    if (word.starts_with("--")) {
      sections.insert(config::named_section(std::string_view{word}.substr(2, word.find('=') - 2)));
    }
  }
  const auto add = [&](const config::Option& option) {
    description.add_options()(option.key.c_str(), po::value<std::string>());
  };
  for (const config::Option& option : config::option_table()) {
    add(option);
  }
  for (const std::string& section : sections) {
    for (const config::Option& option : config::section_options(section)) {
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
    fail("command line: unknown key {}; the nearest known one is {}", quote(key),
         config::nearest_key(key));
  } catch (const po::error& error) {
    fail("command line: {}", quote(error.what()));
  }
}

/// The keys of a run's manifest; results go to a new directory.
std::vector<config::Setting> settings_of_manifest(const std::vector<std::string>& arguments) {
  if (arguments.size() != 1) {
    fail("replay: of which run? say kith replay RUN/manifest.json");
  }
  const std::string& path = arguments.front();
  const io::Json manifest = read_manifest(path);
  if (!manifest.contains("configuration")) {
    io::fail_damaged(path, "it has no configuration");
  }
  std::vector<config::Setting> settings;
  for (const auto& [key, value] : manifest["configuration"].items()) {
    const bool is_directory = key == "run.directory";
    const auto written = value.get<std::string>();
    settings.push_back(
        {key, is_directory ? config::as_written(config::unquoted(written) + "-replay") : written,
         path});
  }
  return settings;
}

Count parse_items(const std::string& word, const std::string& text) {
  constexpr NumberRange<Count> kItems{1, 100'000'000};
  const auto items = parse_number<Count>(text);
  if (!items || !kItems.contains(*items)) {
    fail("command line: --{} {}, must be how many items to have labeled, {}", word, quote(text),
         kItems.text());
  }
  return *items;
}

/// A word that some commands take: said to any other, it would do nothing.
struct OwnWord {
  std::string word;
  std::vector<std::string> commands;
};

void require_own_words(std::span<const po::option> options, const Command& command) {
  static const std::vector<OwnWord> kWords{
      {"graph", {"export"}},       {"file", {"review"}},     {"audit", {"review"}},
      {"gold", {"eval", "votes"}}, {"json", {"votes"}},      {"labels", {"votes"}},
      {"queue", {"review"}},       {"strategy", {"review"}}, {"annotator", {"review"}}};
  for (const OwnWord& own : kWords) {
    const bool is_said = std::any_of(options.begin(), options.end(), [&](const po::option& option) {
      return option.string_key == own.word;
    });
    if (is_said &&
        std::find(own.commands.begin(), own.commands.end(), command.name) == own.commands.end()) {
      fail("command line: --{} belongs to kith {}, not to kith {}", own.word,
           fmt::join(own.commands, " and kith "), quote(command.name));
    }
  }
  static const std::set<std::string> kWithArguments{"config", "plan", "replay", "review"};
  if (!command.arguments.empty() && !kWithArguments.contains(command.name)) {
    fail("command line: kith {} takes no argument, but was given {}", quote(command.name),
         quote(command.arguments.front()));
  }
}

/// Puts what is no key into the command; returns whether it was that.
bool take_word(const po::option& option, const std::string& value, Command& command) {
  const std::map<std::string, std::string*> texts{
      {"config", &command.config_path}, {"graph", &command.export_path},
      {"file", &command.file_path},     {"gold", &command.gold_path},
      {"json", &command.json_path},     {"labels", &command.labels_path},
      {"strategy", &command.strategy},  {"annotator", &command.annotator}};
  if (option.position_key >= 0 || option.string_key.empty()) {
    (command.name.empty() ? command.name : command.arguments.emplace_back()) = value;
    return true;
  }
  if (option.string_key == "audit" || option.string_key == "queue") {
    (option.string_key == "audit" ? command.audit_items : command.queue_items) =
        parse_items(option.string_key, value);
    return true;
  }
  const auto text = texts.find(option.string_key);
  if (text != texts.end()) {
    *text->second = value;
  }
  return text != texts.end();
}

/// The configuration's own sources, from the weakest to the strongest.
void apply_settings(std::span<const config::Setting> from_line, Command& command) {
  std::vector<config::Setting> settings;
  if (!command.config_path.empty()) {
    settings = config::read_ini(io::TextFile{command.config_path, io::kMostKeptBytes});
  }
  for (const config::Setting& setting : settings) {
    apply(setting, command.config);
  }
  if (command.name == "replay") {
    for (const config::Setting& setting : settings_of_manifest(command.arguments)) {
      apply(setting, command.config);
    }
  }
  for (const config::Setting& setting : from_line) {
    apply(setting, command.config);
  }
}

/// Did people label an item? For a replay: when its run was made.
bool has_answers(const Command& command) {
  const corpus::CorpusConfig& config = command.config.corpus;
  if (config.reviews.empty()) {
    return false;
  }
  if (command.name == "replay") {
    return has_reviewed_input(read_manifest(command.arguments.front()));
  }
  const auto items =
      corpus::reviewed_items(corpus::read_ledger(config.reviews), config.adjudicator);
  return std::any_of(items.begin(), items.end(),
                     [](const corpus::ReviewedItem& item) { return item.has_label(); });
}

/// Throws Error. Who asks people for the first labels has none yet.
void validate_for(const Command& command) {
  const bool takes_answers = command.queue_items > 0 ||
                             (!command.arguments.empty() && command.arguments.front() == "import");
  config::Config checked = command.config;
  checked.corpus.has_answers =
      checked.corpus.has_answers ||
      (command.name == "review" && takes_answers && !checked.corpus.reviews.empty());
  config::validate(checked);
}

Command parse_on_root(const StageList& stages, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (const std::string fault = io::fault_of_text(word); !fault.empty()) {
      fail("command line: a word {}", fault);
    }
  }
  Command command;
  std::vector<config::Setting> from_line;
  const std::vector<po::option> options = parse_words(words);
  for (const po::option& option : options) {
    const std::string value = option.value.empty() ? "" : option.value.front();
    if (option.string_key == "help" || option.string_key == "version") {
      command.name = option.string_key;
      return command;
    }
    if (!take_word(option, value, command)) {
      from_line.push_back({option.string_key, value, "command line"});
    }
  }
  if (command.name.empty()) {
    command.name = "help";
  }
  if (command.name == "help" || command.name == "version") {
    return command;
  }
  require_own_words(options, command);
  apply_settings(from_line, command);
  command.config.corpus.has_answers = has_answers(command);
  config::complete(command.config);
  command.config.corpus.is_no_input = [&stages](const std::string& path) {
    return is_of_a_run(stages, path);
  };
  if (command.name != "plan" && command.name != "votes") {  // which may have no corpus, no seeds
    validate_for(command);
  }
  if (!command.config.corpus.answers.empty() && !config::learns_from_votes(command.config) &&
      command.name != "votes" && command.name != "config") {
    fail("corpus.answers teaches the members by votes.weak_seeds, which is 0");
  }
  return command;
}

config::Config parse_text(const std::string& text, bool has_answers) {
  config::Config config;
  config.corpus.has_answers = has_answers;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    apply({line.substr(0, equals), line.substr(equals + 1), "configuration"}, config);
  }
  complete(config);
  return config;
}

}  // namespace

Command parse_command_line(const comm::Communicator& comm, const StageList& stages, int argc,
                           char** argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  Command command;
  comm::on_root(comm, [&] { command = parse_on_root(stages, words); });
  comm::broadcast(comm, command.name);
  comm::broadcast(comm, command.config_path);
  comm::broadcast(comm, command.export_path);
  comm::broadcast(comm, command.file_path);
  comm::broadcast(comm, command.gold_path);
  comm::broadcast(comm, command.json_path);
  comm::broadcast(comm, command.labels_path);
  comm::broadcast(comm, command.strategy);
  comm::broadcast(comm, command.annotator);
  std::vector<Count> numbers{command.audit_items, command.queue_items,
                             command.config.corpus.has_answers ? 1 : 0};
  comm::broadcast(comm, numbers);
  command.audit_items = numbers[0];
  command.queue_items = numbers[1];
  std::string text = to_text(command.config);
  comm::broadcast(comm, text);
  std::string arguments = fmt::format("{}", fmt::join(command.arguments, "\n"));
  comm::broadcast(comm, arguments);
  if (!comm.is_root()) {
    command.config = parse_text(text, numbers[2] != 0);
    std::istringstream lines{arguments};
    for (std::string line; std::getline(lines, line);) {
      command.arguments.push_back(line);
    }
  }
  return command;
}

}  // namespace kith::run
