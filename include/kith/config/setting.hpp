/// A key with its value, before it is put into a configuration.
#pragma once

#include <string>

#include "kith/config/config.hpp"

namespace kith::config {

struct Setting {
  std::string key;     // section.name
  std::string value;   // as written: see value_text.hpp
  std::string origin;  // where, for messages: "PATH: line 3", "command line"
};

/// Throws Error, naming the origin, if the key is unknown or the value not legal.
void apply(const Setting& setting, Config& config);

}  // namespace kith::config
