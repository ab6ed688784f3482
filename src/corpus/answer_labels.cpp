#include "corpus/answer_labels.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith::corpus {
namespace {

constexpr Count kMostLabels = 1'000'000;  // distinct ones, as of classes without names
constexpr Count kAbstains = -1;

bool is_class_number(std::string_view text) {
  return whole_number(text).value_or(kAbstains) >= 0;
}

}  // namespace

AnswerLabels::AnswerLabels(std::vector<std::string> class_names)
    : class_names_{std::move(class_names)},
      are_whole_numbers_{!class_names_.empty() &&
                         std::all_of(class_names_.begin(), class_names_.end(), is_class_number)},
      table_{class_names_} {
}

std::int32_t AnswerLabels::number_of(std::string_view label, const TableReader& table) {
  if (const auto found = known_.find(label); found != known_.end()) {
    return found->second;
  }
  return known_.emplace(label, find(label, table)).first->second;
}

std::int32_t AnswerLabels::find(std::string_view label, const TableReader& table) {
  const bool is_name =
      std::find(class_names_.begin(), class_names_.end(), label) != class_names_.end();
  const std::optional<Count> number = whole_number(label);
  if (!is_name && (label.empty() || number == kAbstains)) {
    return kAbstains;
  }
  if (!class_names_.empty()) {
    const bool is_number = !is_name && are_whole_numbers_ && number;  // 1.0 of the classes 1, 2, 3
    const Count found = table_.find(is_number ? std::to_string(*number) : label, table.place());
    return narrow<std::int32_t>(found, "class of an answer");
  }
  if (number && *number < 0) {
    fail("{}: label {}, expected a name, a number of 0 or more, or -1 to abstain", table.place(),
         *number);
  }
  const Count found = labels_.number_of(label);
  if (found == kMostLabels) {
    fail("{}: label \"{}\" is the {}th different one, expected those of classes", table.place(),
         quote(label), kMostLabels + 1);
  }
  return static_cast<std::int32_t>(found);
}

AnswerLabels::Classes AnswerLabels::classes() const {
  Classes classes{class_names_, {}};
  if (!class_names_.empty()) {
    classes.of_number.resize(class_names_.size());
    std::iota(classes.of_number.begin(), classes.of_number.end(), 0);
    return classes;
  }
  bool are_numbers = true;
  for (Count i = 0; i < labels_.size(); ++i) {
    are_numbers = are_numbers && is_class_number(labels_.name(i));
  }
  NameNumbers names;  // 1 and 1.0 are one
  std::vector<Count> name_of;
  for (Count i = 0; i < labels_.size(); ++i) {
    const std::string& label = labels_.name(i);
    name_of.push_back(names.number_of(are_numbers ? std::to_string(*whole_number(label)) : label));
  }
  SortedNames sorted = sorted_names(names);
  for (const Count name : name_of) {
    classes.of_number.push_back(static_cast<std::int32_t>(sorted.places[to_size(name)]));
  }
  classes.names = std::move(sorted.names);
  return classes;
}

}  // namespace kith::corpus
