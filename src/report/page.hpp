/// What stands around the sections of the page.
#pragma once

#include <string>

namespace kith::report {

/// subtitle: HTML. From the doctype to the page's heading.
[[nodiscard]] std::string page_head(const std::string& subtitle);
/// Links to the sections in `html`, by their headings.
[[nodiscard]] std::string contents(const std::string& html);
[[nodiscard]] std::string page_foot();

}  // namespace kith::report
