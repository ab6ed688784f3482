// A configuration as text: key=value lines, and the help.
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/pipeline/config.hpp"

#include "pipeline/options.hpp"
#include "pipeline/value_text.hpp"

namespace kith::pipeline {
namespace {

std::string written_value(const Option& option, const Config& config) {
  const std::string value = option.get(config);
  return option.is_list ? value : as_written(value);
}

template <class Keep>
std::string write_text(const Config& config, Keep&& keep) {
  std::string text;
  const auto append = [&](const Option& option) {
    if (keep(option)) {
      text += option.key + "=" + written_value(option, config) + "\n";
    }
  };
  for (const Option& option : option_table()) {
    append(option);
  }
  for (const std::string& section : named_sections(config)) {
    for (const Option& option : section_options(section)) {
      append(option);
    }
  }
  return text;
}

}  // namespace

std::string to_text(const Config& config) {
  return write_text(config, [](const Option&) { return true; });
}

std::string value_text(const Config& config, const std::string& key) {
  const std::optional<Option> option = find_option(key);
  if (!option) {
    fail("unknown key {}; the nearest known one is {}", quote(key), nearest_key(key));
  }
  return option->get(config);
}

std::string stage_text(const Config& config, Stage stage) {
  return write_text(
      config, [stage](const Option& option) { return option.stage == stage && !option.of_labels; });
}

std::string labels_text(const Config& config) {
  return write_text(config, [](const Option& option) { return option.of_labels; });
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
      "\n  Members of the ensemble: one section [member.NAME] each; without any, eight of them.\n",
      "member.NAME");
  append_section(
      "\n  Graphs of other vectors of the same items, for members that name them: [graph.NAME].\n",
      "graph.NAME");
  return text;
}

}  // namespace kith::pipeline
