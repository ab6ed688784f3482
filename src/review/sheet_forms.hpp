/// The forms that a sheet is written in and answers are read from.
#pragma once

#include <string>
#include <vector>

#include "kith/io/json.hpp"
#include "kith/review/sheet.hpp"

namespace kith::review {

[[nodiscard]] std::string to_csv(const Sheet& sheet);
[[nodiscard]] std::string to_label_studio(const Sheet& sheet);
[[nodiscard]] std::string to_page(const Sheet& sheet);

/// Tasks with annotations, of both of Label Studio's JSON exports. Throws Error.
[[nodiscard]] std::vector<Answer> answers_of_label_studio(const io::Json& tasks,
                                                          const std::string& path);

/// What the page has saved. Throws Error.
[[nodiscard]] std::vector<Answer> answers_of_page(const io::Json& saved, const std::string& path);

/// Adds a member unless it is empty.
void add_text(io::Json& object, const char* name, const std::string& text);

/// A member that is a text or a number, as text; empty if there is none. Throws Error, naming the
/// place, if it is anything else.
[[nodiscard]] std::string text_of(const io::Json& object, const char* name,
                                  const std::string& place);

/// The member "row". Throws Error, naming the place, if it is no whole number of 0 or more.
[[nodiscard]] Count row_of(const io::Json& object, const std::string& place);

}  // namespace kith::review
