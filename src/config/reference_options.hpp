/// The keys of the section [reference].
#pragma once

#include <vector>

#include "kith/config/options.hpp"

namespace kith::config {

void append_reference_options(std::vector<Option>& table);

}  // namespace kith::config
