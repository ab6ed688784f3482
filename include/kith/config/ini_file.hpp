/// INI files: [section], name = value, and comments.
#pragma once

#include <vector>

#include "kith/config/setting.hpp"
#include "kith/io/text_file.hpp"

namespace kith::config {

/// The settings in order. A comment begins with "#" or ";", at the start of a line or behind white
/// space. Throws Error, naming file and line, for a line of another form and for a key given twice.
[[nodiscard]] std::vector<Setting> read_ini(io::TextFile text);

}  // namespace kith::config
