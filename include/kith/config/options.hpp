/// The table of options.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/config/config.hpp"

namespace kith::config {

/// One key: how to read it, how to write it, what it means.
struct Option {
  std::string key;     // section.name, as in the INI file and on the command line
  std::string stages;  // that read it: "check, cells"; those that depend on these need no mention.
                       // None: no result depends on it but by what it names, which counts
  std::string range;   // what values are legal, for help and messages
  std::string help;
  std::function<std::string(const Config&)> get;
  std::function<void(Config&, const std::string&)> set;  // throws Error naming the range
  bool is_list = false;  // get() and set() have the text as written, each entry in its own quotes
};

/// All options but those of named sections, in the order of the help text.
[[nodiscard]] std::span<const Option> option_table();

/// A section that a user names: "member.NAME" of a key "member.NAME.method", "graph.NAME" of
/// "graph.NAME.dataset"; empty of all other keys.
[[nodiscard]] std::string named_section(std::string_view key);

/// The options of a named section; none of an empty one. get() needs a configuration that has the
/// section, set() adds it.
[[nodiscard]] std::vector<Option> section_options(std::string_view section);

/// The named sections of a configuration, in order.
[[nodiscard]] std::vector<std::string> named_sections(const Config& config);

/// The option with this key, of the table or of a named section; none if it is unknown.
[[nodiscard]] std::optional<Option> find_option(std::string_view key);

/// The known key that is nearest to `key` in edit distance.
[[nodiscard]] std::string nearest_key(std::string_view key);

}  // namespace kith::config
