/// Items that people are asked about, in the forms that they and their tools read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/io/text_file.hpp"

namespace kith::review {

struct Question {
  Count row = 0;
  std::string id;         // empty: the corpus has none
  std::string predicted;  // a class; empty: none is stated
  double probability = 0;
  bool is_shown = false;            // the annotator sees what is predicted
  std::string reason;               // why this item
  std::optional<double> inclusion;  // the chance of any item like it to be asked
  std::string text;                 // to show; empty: none
  std::string uri;                  // where the item lies; empty: not known
  std::string image;                // as a data: URI; empty: none
};

struct Sheet {
  std::string list;  // names it for good: answers come back with it
  std::vector<std::string> classes;
  std::vector<Question> questions;
};

struct Answer {
  std::string list;  // empty: the file does not say
  Count row = 0;
  std::string item_id;
  std::string annotator;  // empty: the file does not say
  std::string label;      // a class as the file has it; empty: does not know
  std::string time;       // ISO 8601, or empty
  std::string note;
  std::string place;  // in the file, for messages
};

/// What a file of questions is by the end of its name.
enum class SheetForm { csv, label_studio, page };

/// In the column label of a CSV: the annotator has looked and does not know.
inline constexpr const char* kDoesNotKnow = "?";

/// Throws Error unless it ends with .csv, .json or .html.
[[nodiscard]] SheetForm form_of(const std::string& path);

/// The whole file. label_studio: JSON tasks with predictions (labelstud.io, "Import pre-annotated
/// data"); page: HTML to label in, offline, which saves a file for read_answers().
[[nodiscard]] std::string to_text(const Sheet& sheet, SheetForm form);

/// The labeling interface of Label Studio for these classes: XML to paste into the project.
[[nodiscard]] std::string label_studio_config(const Sheet& sheet);

/// Does the file say which lists its answers belong to? An audit's does not.
[[nodiscard]] bool names_lists(const std::string& path);

/// What people answered, in the order of the file: CSV with row and label, or in a file that ends
/// with .json what Label Studio exports (JSON and JSON-MIN) or the page has saved. Items that
/// nobody has looked at are left out. Throws Error, naming the place.
[[nodiscard]] std::vector<Answer> read_answers(const std::string& path);

}  // namespace kith::review
