/// The kinds of options that tables are made of.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kith/config/options.hpp"
#include "kith/config/value_text.hpp"
#include "kith/core/error.hpp"
#include "kith/core/numbers.hpp"
#include "kith/core/quote.hpp"

namespace kith::config {

/// Weights count relative to each other: their sums, products and ratios keep their digits.
inline constexpr NumberRange<double> kWeightRange{1e-6, 1e6, true};

/// An option that is a number in a range. field: Config& -> Number&.
template <class Number, class Field>
Option number(std::string key, std::string stages, Field field, NumberRange<Number> range,
              std::string help) {
  Option option{key, std::move(stages), range.text(), std::move(help), {}, {}};
  option.get = [field](const Config& config) {
    return fmt::format("{}", field(const_cast<Config&>(config)));  // NOLINT: field only reads here
  };
  option.set = [=](Config& config, const std::string& text) {
    const std::optional<Number> value = parse_number<Number>(text);
    if (!value) {
      fail("{} = \"{}\", must be a {} {}{}", key, quote(text),
           std::is_integral_v<Number> ? "whole number" : "number", range.or_zero ? "" : "in ",
           range.text());
    }
    if (!range.contains(*value)) {
      fail("{} = {}, must be {}{}", key, quote(text), range.or_zero ? "" : "in ", range.text());
    }
    field(config) = *value;
  };
  return option;
}

/// An option that is a number in [low, high].
template <class Number, class Field>
Option number(std::string key, std::string stages, Field field, Number low, Number high,
              std::string help) {
  return number(std::move(key), std::move(stages), field, NumberRange<Number>{low, high},
                std::move(help));
}

/// An option that is a list of texts. field: Config& -> std::vector<std::string>&.
template <class Field>
Option list(std::string key, std::string stages, Field field, std::string range, std::string help) {
  Option option{std::move(key), std::move(stages), std::move(range), std::move(help), {}, {}, true};
  option.get = [field](const Config& config) {
    return as_written(field(const_cast<Config&>(config)));  // NOLINT: field only reads here
  };
  option.set = [field](Config& config, const std::string& value) {
    field(config) = split_list(value);
  };
  return option;
}

template <class Field>
Option text(std::string key, std::string stages, Field field, std::string range, std::string help) {
  Option option{std::move(key), std::move(stages), std::move(range), std::move(help), {}, {}};
  option.get = [field](const Config& config) {
    return field(const_cast<Config&>(config));
  };  // NOLINT
  option.set = [field](Config& config, const std::string& value) { field(config) = value; };
  return option;
}

/// An option that is one of a few words, each with its value.
template <class Value>
struct Word {
  const char* word;
  Value value;
};

template <class Value, class Field>
Option choice(std::string key, std::string stages, Field field, std::vector<Word<Value>> words,
              std::string help) {
  std::string range;
  for (const Word<Value>& word : words) {
    range += (range.empty() ? "" : " | ") + std::string{word.word};
  }
  Option option{key, std::move(stages), range, std::move(help), {}, {}};
  option.get = [field, words](const Config& config) {
    const Value value = field(const_cast<Config&>(config));  // NOLINT: field only reads here
    const auto found = std::find_if(words.begin(), words.end(),
                                    [&](const Word<Value>& word) { return word.value == value; });
    return std::string{found == words.end() ? "" : found->word};
  };
  option.set = [=](Config& config, const std::string& value) {
    const auto found = std::find_if(words.begin(), words.end(),
                                    [&](const Word<Value>& word) { return word.word == value; });
    if (found == words.end()) {
      fail("{} = {}, must be one of: {}", key, quote(value), range);
    }
    field(config) = found->value;
  };
  return option;
}

template <class Field>
Option yes_no(std::string key, std::string stages, Field field, std::string help) {
  return choice<bool>(std::move(key), std::move(stages), field,
                      {{"no", false}, {"yes", true}, {"false", false}, {"true", true}},
                      std::move(help));
}

}  // namespace kith::config
