#include "kith/config/setting.hpp"

#include <algorithm>

#include "kith/config/options.hpp"
#include "kith/config/value_text.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/text_file.hpp"

namespace kith::config {
namespace {

constexpr std::size_t kLongestValue = 4096;  // of one that is no list: as long as a path may be
constexpr std::size_t kLongestName = 100;

/// Throws Error unless a section's name can be part of a key, of a file's name and of a dataset's.
void check_section_name(const std::string& section) {
  const std::string_view name = std::string_view{section}.substr(section.find('.') + 1);
  if (name.size() > kLongestName || name != trimmed(name) ||
      name.find_first_of("/=\"") != std::string_view::npos) {
    fail("[{}]: a name has at most {} bytes, no / = \" and no space at its ends", quote(section),
         kLongestName);
  }
}

void apply_here(const Setting& setting, Config& config) {
  const std::optional<Option> option = find_option(setting.key);
  if (!option) {
    fail("unknown key {}; the nearest known one is {}", quote(setting.key),
         nearest_key(setting.key));
  }
  if (const std::string section = named_section(setting.key); !section.empty()) {
    check_section_name(section);
  }
  if (const std::string fault = io::fault_of_text(setting.value); !fault.empty()) {
    fail("the value of {} {}", setting.key, fault);
  }
  if (option->is_list) {
    option->set(config, setting.value);
    return;
  }
  const std::string value = unquoted(setting.value);
  if (value.size() > kLongestValue) {
    fail("the value of {} has {} bytes, expected at most {}: {}", setting.key, value.size(),
         kLongestValue, quote(value));
  }
  option->set(config, value);
}

}  // namespace

void apply(const Setting& setting, Config& config) {
  try {
    apply_here(setting, config);
  } catch (const Error& error) {
    fail("{}: {}", setting.origin, error.what());
  }
}

}  // namespace kith::config
