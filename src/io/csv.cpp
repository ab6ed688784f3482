#include "kith/io/csv.hpp"

#include <algorithm>
#include <utility>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith::io {
namespace {

std::string_view without_leading_space(std::string_view text, char separator) {
  const std::size_t first = text.find_first_not_of(separator == '\t' ? " " : " \t");
  return text.substr(std::min(first, text.size()));
}

std::string_view without_trailing_space(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// What separates the names of a header.
char separator_of(std::string_view header) {
  for (const char separator : {',', ';', '\t'}) {
    if (header.find(separator) != std::string_view::npos) {
      return separator;
    }
  }
  return ',';
}

}  // namespace

CsvReader::CsvReader(TextFile text, std::string expected)
    : text_{std::move(text)}, expected_{std::move(expected)} {
  if (!read_row()) {
    fail("{}: is empty, expected the header {}", text_.shown_path(), expected_);
  }
  header_.assign(cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>(num_cells_));
  for (auto name = header_.begin(); name != header_.end(); ++name) {
    if (!name->empty() && std::find(header_.begin(), name, *name) != name) {
      fail("{}: has two columns {}", place(), quote(*name));
    }
  }
}

std::string CsvReader::place() const {
  return text_.place_of(first_line_);
}

std::optional<std::size_t> CsvReader::find_column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  return found == header_.end() ? std::nullopt
                                : std::optional{static_cast<std::size_t>(found - header_.begin())};
}

std::size_t CsvReader::require_column(std::string_view name) const {
  if (const auto column = find_column(name)) {
    return *column;
  }
  fail("{}: has no column {}, expected the header {}; it has: {}", place(), name, expected_,
       quote(fmt::format("{}", fmt::join(header_, ", "))));
}

bool CsvReader::next_row() {
  if (!read_row()) {
    return false;
  }
  if (num_cells_ != header_.size()) {
    fail("{}: has {} values, but the header has {}{}", place(), num_cells_, header_.size(),
         num_cells_ > header_.size()
             ? fmt::format(" (a text with \"{}\" stands in double quotes)", quote({&separator_, 1}))
             : "");
  }
  return true;
}

bool CsvReader::is_blank() const {
  return std::all_of(cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>(num_cells_),
                     [](const std::string& cell) { return cell.empty(); });
}

bool CsvReader::read_row() {
  do {
    if (!text_.next_line()) {
      return false;
    }
    first_line_ = text_.line_number();
    if (header_.empty()) {
      separator_ = separator_of(text_.line());
    }
    split_row();
  } while (is_blank());
  return true;
}

std::string& CsvReader::add_cell() {
  if (num_cells_ == cells_.size()) {
    cells_.emplace_back();
  }
  std::string& cell = cells_[num_cells_++];
  cell.clear();
  return cell;
}

void CsvReader::split_row() {
  num_cells_ = 0;
  std::string_view rest = text_.line();
  while (true) {
    std::string& cell = add_cell();
    rest = without_leading_space(rest, separator_);
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
      read_quoted(rest, cell);
    } else {
      const std::string_view plain = rest.substr(0, rest.find(separator_));
      cell = without_trailing_space(plain);
      rest.remove_prefix(plain.size());
    }
    if (rest.empty()) {
      return;
    }
    rest.remove_prefix(1);
  }
}

/// Reads up to the separator or the end of the row, over as many lines as the quotes hold.
void CsvReader::read_quoted(std::string_view& rest, std::string& cell) {
  const Count opening_line = text_.line_number();
  const auto fail_open = [&](const char* what) {
    fail("{}: a quote that is opened there {}", text_.place_of(opening_line), what);
  };
  while (true) {
    const std::size_t quotation_mark = rest.find('"');
    cell += rest.substr(0, quotation_mark);
    if (count_of(cell) > kLongestLine) {
      fail_open("is not closed within the longest cell");
    }
    if (quotation_mark == std::string_view::npos) {
      if (!text_.next_line()) {
        fail_open("is not closed");
      }
      cell += '\n';
      rest = text_.line();
      continue;
    }
    rest.remove_prefix(quotation_mark + 1);
    if (!rest.starts_with('"')) {
      break;
    }
    cell += '"';
    rest.remove_prefix(1);
  }
  rest = without_leading_space(rest, separator_);
  if (!rest.empty() && rest.front() != separator_) {
    fail_open("is closed before the cell ends; inside of quotes \"\" stands for one");
  }
}

std::string csv_cell(std::string_view text) {
  const bool is_plain = text.find_first_of(",;\t\"\r\n") == std::string_view::npos &&
                        !text.starts_with(' ') && !text.ends_with(' ');
  if (is_plain) {
    return std::string{text};
  }
  std::string cell = "\"";
  for (const char c : text) {
    cell += c == '"' ? "\"\"" : std::string{c};
  }
  return cell + '"';
}

}  // namespace kith::io
