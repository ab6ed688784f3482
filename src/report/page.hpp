/// What stands around the sections of the page.
#pragma once

#include <string>

namespace kith::report {

/// subtitle: HTML. From the doctype to the page's heading.
[[nodiscard]] std::string page_head(const std::string& subtitle);
[[nodiscard]] std::string page_foot();

}  // namespace kith::report
