/// Numbers as text and pieces of HTML that every section uses.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace kith::report {

using Json = nlohmann::ordered_json;

/// Text that is safe between tags and in attributes.
[[nodiscard]] std::string escape(std::string_view text);

/// 70000 -> "70,000".
[[nodiscard]] std::string grouped(long long number);
[[nodiscard]] std::string count_text(const Json& number);

/// 0.7523 -> "75.2 %".
[[nodiscard]] std::string percent(double share);

/// "75.2 % [74.9, 75.5]" of a proportion or estimate of one; "not known" without a value.
[[nodiscard]] std::string share_text(const Json& share);

/// "0.8123 [0.8010, 0.8233]" of a coefficient, or why it is undefined.
[[nodiscard]] std::string coefficient_text(const Json& estimate);

/// With `digits` decimals; a dash for null.
[[nodiscard]] std::string decimal(const Json& number, int digits);

/// A table whose cells are HTML already. The first column heads its rows. text_columns: those that
/// hold sentences and may be wrapped.
[[nodiscard]] std::string table(const std::vector<std::string>& head,
                                const std::vector<std::vector<std::string>>& rows,
                                const std::vector<std::size_t>& text_columns = {});

/// Content that opens on a click; paper has it as the screen had it.
[[nodiscard]] std::string details(std::string_view summary, const std::string& content);

/// A section with its heading; content: HTML. id: what links go to.
[[nodiscard]] std::string section(std::string_view id, std::string_view heading,
                                  const std::string& content);

[[nodiscard]] std::string paragraph(std::string_view html);

[[nodiscard]] std::vector<std::string> class_names(const Json& report);

}  // namespace kith::report
