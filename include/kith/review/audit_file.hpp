/// An audit on disk: which items were drawn, how, and what people said of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/io/text_file.hpp"

namespace kith::review {

/// Items of the corpus that were drawn from alike. f = 1 - probability of the label, when drawn.
struct AuditStratum {
  Label predicted;
  Count items = 0;
  Count drawn = 0;
  double forecast_mean = 0;      // of f over all items
  double forecast_variance = 0;  // of f over all items
};

struct AuditEntry {
  Count row = 0;
  std::string id;  // empty if the corpus has none
  std::int32_t stratum = 0;
  double confidence = 0;  // of the label when drawn
  Label truth;            // none: not answered yet
};

struct Audit {
  std::vector<AuditStratum> strata;
  std::vector<AuditEntry> entries;  // by row

  [[nodiscard]] Count answered() const;
  [[nodiscard]] Count population() const;
};

/// audit.json. from_json(to_json(a)) is a. path: for the message of Error.
[[nodiscard]] std::string to_json(const Audit& audit);
[[nodiscard]] Audit from_json(std::string_view text, const std::string& path);

/// The list to fill in: row[,id],stratum,inclusion,label. Labels are empty where not answered. What
/// the program says of an item is left out, so that nobody is led by it.
[[nodiscard]] std::string to_csv(const Audit& audit, std::span<const std::string> class_names);

/// Takes the labels of a filled-in list: a header with row and label, other columns are not looked
/// at; a label is a class's name or number, empty = no answer. Returns how many answers there were.
/// Throws Error with one sentence and leaves `audit` alone if a row was not drawn or stands twice,
/// or a label is no class.
Count take_answers(Audit& audit, io::TextFile text, std::span<const std::string> class_names);

}  // namespace kith::review
