#include "kith/review/audit_file.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "kith/core/error.hpp"

namespace kith::review {
namespace {

using Json = nlohmann::ordered_json;

/// A cell of CSV, quoted where it must be (RFC 4180).
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string cell = "\"";
  for (const char c : text) {
    cell += c == '"' ? std::string{"\"\""} : std::string{c};
  }
  return cell + "\"";
}

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(" \t"));
  text.erase(text.find_last_not_of(" \t") + 1);
  return text;
}

/// Rows of cells; quotes may hold commas and line ends.
std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool is_quoted = false;
  const auto end_cell = [&] { row.push_back(trimmed(std::exchange(cell, {}))); };
  const auto end_row = [&] {
    end_cell();
    rows.push_back(std::exchange(row, {}));
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else if (c == '"') {
        is_quoted = false;
      } else {
        cell += c;
      }
    } else if (c == '"') {
      is_quoted = true;
    } else if (c == ',') {
      end_cell();
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      cell += c;
    }
  }
  if (!cell.empty() || !row.empty()) {
    end_row();
  }
  return rows;
}

std::size_t column_of(const std::vector<std::string>& head, const std::string& name,
                      const std::string& path) {
  const auto found = std::find(head.begin(), head.end(), name);
  if (found == head.end()) {
    fail("{}: line 1: has no column {}, expected a header such as row,label", path, name);
  }
  return static_cast<std::size_t>(found - head.begin());
}

std::optional<Count> whole_number(const std::string& text) {
  Count value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  return status == std::errc{} && rest == end && !text.empty() ? std::optional{value}
                                                               : std::nullopt;
}

Label parse_label(const std::string& text, std::span<const std::string> class_names,
                  const std::string& place) {
  const auto named = std::find(class_names.begin(), class_names.end(), text);
  if (named != class_names.end()) {
    return Label{static_cast<std::int32_t>(named - class_names.begin())};
  }
  const std::optional<Count> value = whole_number(text);
  if (!value || *value < 0 || *value >= count_of(class_names)) {
    fail("{}: label {}, expected the name of a class or 0 to {}", place, text,
         class_names.size() - 1);
  }
  return Label{static_cast<std::int32_t>(*value)};
}

}  // namespace

Count Audit::answered() const {
  return std::count_if(entries.begin(), entries.end(),
                       [](const AuditEntry& entry) { return !entry.truth.is_none(); });
}

Count Audit::population() const {
  Count items = 0;
  for (const AuditStratum& stratum : strata) {
    items += stratum.items;
  }
  return items;
}

std::string to_json(const Audit& audit) {
  Json json;
  json["strata"] = Json::array();
  for (const AuditStratum& stratum : audit.strata) {
    json["strata"].push_back({{"predicted", stratum.predicted.value()},
                              {"items", stratum.items},
                              {"drawn", stratum.drawn},
                              {"forecast_mean", stratum.forecast_mean},
                              {"forecast_variance", stratum.forecast_variance}});
  }
  json["entries"] = Json::array();
  for (const AuditEntry& entry : audit.entries) {
    json["entries"].push_back({{"row", entry.row},
                               {"id", entry.id},
                               {"stratum", entry.stratum},
                               {"confidence", entry.confidence},
                               {"truth", entry.truth.value()}});
  }
  return json.dump(1) + "\n";
}

Audit from_json(std::string_view text, const std::string& path) {
  try {
    const Json json = Json::parse(text);
    Audit audit;
    for (const Json& entry : json.at("strata")) {
      audit.strata.push_back({Label{entry.at("predicted").get<std::int32_t>()},
                              entry.at("items").get<Count>(), entry.at("drawn").get<Count>(),
                              entry.at("forecast_mean").get<double>(),
                              entry.at("forecast_variance").get<double>()});
    }
    for (const Json& entry : json.at("entries")) {
      audit.entries.push_back({entry.at("row").get<Count>(), entry.at("id").get<std::string>(),
                               entry.at("stratum").get<std::int32_t>(),
                               entry.at("confidence").get<double>(),
                               Label{entry.at("truth").get<std::int32_t>()}});
      (void)audit.strata.at(to_size(audit.entries.back().stratum));
    }
    return audit;
  } catch (const std::exception& error) {
    fail("{}: is no audit: {}", path, error.what());
  }
}

std::string to_csv(const Audit& audit, std::span<const std::string> class_names) {
  const bool has_ids = !audit.entries.empty() && !audit.entries.front().id.empty();
  std::string csv = has_ids ? "row,id,stratum,inclusion,label\n" : "row,stratum,inclusion,label\n";
  for (const AuditEntry& entry : audit.entries) {
    const AuditStratum& stratum = audit.strata[to_size(entry.stratum)];
    csv += fmt::format(
        "{},{}{},{},{}\n", entry.row, has_ids ? entry.id + "," : "", entry.stratum,
        static_cast<double>(stratum.drawn) / static_cast<double>(stratum.items),
        entry.truth.is_none() ? std::string{} : quoted(class_names[to_size(entry.truth)]));
  }
  return csv;
}

Count take_answers(Audit& audit, std::string_view csv, std::span<const std::string> class_names,
                   const std::string& path) {
  const auto rows = parse_csv(csv);
  if (rows.empty()) {
    fail("{}: is empty, expected a header such as row,label", path);
  }
  const std::size_t row_column = column_of(rows[0], "row", path);
  const std::size_t label_column = column_of(rows[0], "label", path);
  std::map<Count, AuditEntry*> drawn;
  Audit filled = audit;
  for (AuditEntry& entry : filled.entries) {
    drawn[entry.row] = &entry;
  }
  std::set<Count> seen;
  Count answers = 0;
  for (std::size_t line = 1; line < rows.size(); ++line) {
    if (rows[line].size() == 1 && rows[line][0].empty()) {
      continue;
    }
    const std::string place = fmt::format("{}: line {}", path, line + 1);
    if (rows[line].size() != rows[0].size()) {
      fail("{}: has {} values, but the header has {}", place, rows[line].size(), rows[0].size());
    }
    const std::optional<Count> row = whole_number(rows[line][row_column]);
    if (!row || !drawn.contains(*row)) {
      fail("{}: row {} was not drawn for this audit", place, rows[line][row_column]);
    }
    if (!seen.insert(*row).second) {
      fail("{}: row {} stands there twice", place, *row);
    }
    if (!rows[line][label_column].empty()) {
      drawn[*row]->truth = parse_label(rows[line][label_column], class_names, place);
      ++answers;
    }
  }
  audit = std::move(filled);
  return answers;
}

}  // namespace kith::review
