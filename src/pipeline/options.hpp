/// The table of options.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kith/pipeline/config.hpp"

namespace kith::pipeline {

/// One key: how to read it, how to write it, what it means.
struct Option {
  std::string key;             // section.name, as in the INI file and on the command line
  std::optional<Stage> stage;  // first stage whose result depends on it; none: no result does
  std::string range;           // what values are legal, for help and messages
  std::string help;
  std::function<std::string(const Config&)> get;
  std::function<void(Config&, const std::string&)> set;  // throws Error naming the range
  bool of_labels = false;  // says what is known of items: no graph depends on it
};

/// All options but those of members, in the order of the help text.
[[nodiscard]] std::span<const Option> option_table();

/// The options of the member with this name: member.NAME.method and so on. The member must exist
/// for get().
[[nodiscard]] std::vector<Option> member_options(const std::string& name);

/// The key of the table that is nearest to `key` in edit distance.
[[nodiscard]] std::string nearest_key(std::string_view key);

}  // namespace kith::pipeline
