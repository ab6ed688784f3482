/// What stands around the sections of the page.
#pragma once

#include <string>
#include <string_view>

namespace kith::report {

/// subtitle: HTML. From the doctype to the page's heading.
[[nodiscard]] std::string page_head(const std::string& subtitle);

/// Links to the sections. entries: of contents_entry().
[[nodiscard]] std::string contents(const std::string& entries);
[[nodiscard]] std::string contents_entry(std::string_view anchor, std::string_view title);

/// A section with its heading; content: HTML. anchor: what links go to.
[[nodiscard]] std::string section_html(std::string_view anchor, std::string_view title,
                                       const std::string& content);

[[nodiscard]] std::string page_foot();

}  // namespace kith::report
