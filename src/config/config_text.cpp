// A configuration as text: key=value lines, and the help.
#include <algorithm>

#include "kith/config/config.hpp"
#include "kith/config/options.hpp"
#include "kith/config/value_text.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith::config {
namespace {

std::string written_value(const Option& option, const Config& config) {
  const std::string value = option.get(config);
  return option.is_list ? value : as_written(value);
}

template <class Visit>
void for_each_option(const Config& config, const Visit& visit) {
  for (const Option& option : option_table()) {
    visit(option);
  }
  for (const std::string& section : named_sections(config)) {
    for (const Option& option : section_options(section)) {
      visit(option);
    }
  }
}

}  // namespace

std::string to_text(const Config& config) {
  std::string text;
  for_each_option(config, [&](const Option& option) {
    text += option.key + "=" + written_value(option, config) + "\n";
  });
  return text;
}

std::string value_text(const Config& config, const std::string& key) {
  const std::optional<Option> option = find_option(key);
  if (!option) {
    fail("unknown key {}; the nearest known one is {}", quote(key), nearest_key(key));
  }
  return option->get(config);
}

std::vector<std::pair<std::string, std::string>> values_of_stage(const Config& config,
                                                                 std::string_view stage) {
  std::vector<std::pair<std::string, std::string>> values;
  for_each_option(config, [&](const Option& option) {
    const std::vector<std::string> stages = split_list(option.stages);
    if (std::find(stages.begin(), stages.end(), stage) != stages.end()) {
      values.emplace_back(option.key, written_value(option, config));
    }
  });
  return values;
}

std::string help_text() {
  std::string text;
  const Config defaults;
  const auto append = [&](const Option& option, const std::string& key, const std::string& value) {
    text += fmt::format("  --{} ({}){}\n      {}\n", key, option.range,
                        value.empty() ? "" : " = " + value, option.help);
  };
  for (const Option& option : option_table()) {
    append(option, option.key, option.get(defaults));
  }
  Config named;
  named.ensemble.members.emplace_back().name = "NAME";
  named.graphs.emplace_back().name = "NAME";
  const auto append_section = [&](const char* title, const char* section) {
    text += title;
    for (const Option& option : section_options(section)) {
      append(option, option.key, option.get(named));
    }
  };
  append_section(
      "\n  Members of the ensemble: one section [member.NAME] each; without any, eleven of them.\n",
      "member.NAME");
  append_section(
      "\n  Graphs of other vectors of the same items, for members that name them: [graph.NAME].\n",
      "graph.NAME");
  return text;
}

}  // namespace kith::config
