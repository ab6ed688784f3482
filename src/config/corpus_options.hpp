/// The keys of the section [corpus].
#pragma once

#include <vector>

#include "kith/config/options.hpp"

namespace kith::config {

void append_corpus_options(std::vector<Option>& table);

}  // namespace kith::config
