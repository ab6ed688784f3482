/// What a reader sees first.
#pragma once

#include <string>

#include "kith/report/view.hpp"

namespace kith::report {

/// How many labels, how accurate, what to review, what looks wrong. HTML.
[[nodiscard]] std::string overview(const Report& report);

}  // namespace kith::report
