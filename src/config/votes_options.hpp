/// The keys of the section [votes].
#pragma once

#include <vector>

#include "kith/config/options.hpp"

namespace kith::config {

void append_votes_options(std::vector<Option>& table);

}  // namespace kith::config
