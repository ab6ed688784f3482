/// report.html: the numbers of report.json as one page that needs nothing else.
#pragma once

#include <string>
#include <string_view>

namespace kith::report {

/// A self-contained XHTML page with inline SVG: no script, no network, light and dark, print and
/// small screens. report_json: report.json of a run. Deterministic. Throws Error as
/// read_view() does.
[[nodiscard]] std::string render_html(std::string_view report_json);

}  // namespace kith::report
