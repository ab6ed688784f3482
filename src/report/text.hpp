/// Numbers as text and pieces of HTML that every section uses.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/report/estimates.hpp"

namespace kith::report {

/// Text that is safe between tags and in attributes.
[[nodiscard]] std::string escape(std::string_view text);

/// 70000 -> "70,000".
[[nodiscard]] std::string grouped(Count number);

/// 0.7523 -> "75.2 %".
[[nodiscard]] std::string percent(double share);

/// "75.2 % [74.9, 75.5]" of a proportion or estimate of one; "not known" without a value.
[[nodiscard]] std::string share_text(const Share& share);

/// "0.8123 [0.8010, 0.8233]" of a coefficient, or why it is undefined.
[[nodiscard]] std::string coefficient_text(const Coefficient& estimate);

/// With `digits` decimals; a dash for none.
[[nodiscard]] std::string decimal(std::optional<double> number, int digits);

/// A table whose cells are HTML already. The first column heads its rows. text_columns: those that
/// hold sentences and may be wrapped.
[[nodiscard]] std::string table(const std::vector<std::string>& head,
                                const std::vector<std::vector<std::string>>& rows,
                                const std::vector<std::size_t>& text_columns = {});

/// Content that opens on a click; paper has it as the screen had it.
[[nodiscard]] std::string details(std::string_view summary, const std::string& content);

[[nodiscard]] std::string paragraph(std::string_view html);

}  // namespace kith::report
