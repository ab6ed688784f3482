#include "kith/review/audit_file.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "kith/core/class_table.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/csv.hpp"

namespace kith::review {
namespace {

using Json = nlohmann::ordered_json;

/// Throws Error if a number cannot be one of an audit.
void require_sense(const Audit& audit) {
  constexpr double kRounding = 1e-6;
  const auto is_share = [](double value) { return value >= -kRounding && value <= 1 + kRounding; };
  const bool strata_are =
      std::all_of(audit.strata.begin(), audit.strata.end(), [&](const AuditStratum& stratum) {
        return stratum.items > 0 && stratum.drawn >= 0 && stratum.drawn <= stratum.items &&
               is_share(stratum.forecast_mean) && is_share(stratum.forecast_variance);
      });
  const bool entries_are =
      std::all_of(audit.entries.begin(), audit.entries.end(), [&](const AuditEntry& entry) {
        return entry.row >= 0 && is_share(entry.confidence) && entry.truth.value() >= -1 &&
               audit.strata.at(to_size(entry.stratum)).drawn > 0;
      });
  if (!strata_are || !entries_are) {
    fail("a number is out of range");
  }
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
    require_sense(audit);
    return audit;
  } catch (const std::exception&) {
    fail("{}: is no audit that kith has drawn: move it away, or put back a whole copy of it", path);
  }
}

std::string to_csv(const Audit& audit, std::span<const std::string> class_names) {
  const bool has_ids = !audit.entries.empty() && !audit.entries.front().id.empty();
  std::string csv = has_ids ? "row,id,stratum,inclusion,label\n" : "row,stratum,inclusion,label\n";
  for (const AuditEntry& entry : audit.entries) {
    const AuditStratum& stratum = audit.strata[to_size(entry.stratum)];
    csv += fmt::format(
        "{},{}{},{},{}\n", entry.row, has_ids ? io::csv_cell(entry.id) + "," : "", entry.stratum,
        static_cast<double>(stratum.drawn) / static_cast<double>(stratum.items),
        entry.truth.is_none() ? std::string{} : io::csv_cell(class_names[to_size(entry.truth)]));
  }
  return csv;
}

Count take_answers(Audit& audit, io::TextFile text, std::span<const std::string> class_names) {
  io::CsvReader csv{std::move(text), "row,label"};
  const std::size_t row_column = csv.require_column("row");
  const std::size_t label_column = csv.require_column("label");
  const ClassTable classes{class_names};
  std::map<Count, AuditEntry*> drawn;
  Audit filled = audit;
  for (AuditEntry& entry : filled.entries) {
    drawn[entry.row] = &entry;
  }
  std::map<Count, Count> lines;  // by row
  Count answers = 0;
  while (csv.next_row()) {
    const std::string place = csv.place();
    const std::optional<Count> row = whole_number(csv.cell(row_column));
    if (!row || !drawn.contains(*row)) {
      fail("{}: row \"{}\" was not drawn for this audit", place, quote(csv.cell(row_column)));
    }
    if (const auto [first, is_new] = lines.emplace(*row, csv.line_number()); !is_new) {
      fail("{}: row {} is given twice, first in line {}", place, *row, first->second);
    }
    if (const std::string_view label = csv.cell(label_column); !label.empty()) {
      drawn[*row]->truth = Label{static_cast<std::int32_t>(classes.find(label, place))};
      ++answers;
    }
  }
  audit = std::move(filled);
  return answers;
}

}  // namespace kith::review
