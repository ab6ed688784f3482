/// Columns of classes or groups as numbers, whatever they are stored as.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kith/corpus/corpus.hpp"
#include "kith/io/input_file.hpp"

namespace kith::corpus {

/// Throws Error unless a column can hold classes: integers, whole floats, booleans and other
/// enumerations, strings.
void require_named_values(const io::InputFile& file, const std::string& dataset,
                          const io::DatasetInfo& info);

/// Rows x width of a column as numbers; -1 for -1, NaN and the empty string. A string is one of
/// `names`, or a number unless names are numbers of others; a member of an enumeration is the name
/// that it has, or its value if none of the members has such a name. Numbers are not compared with
/// the count of names. Local; throws Error, naming the row.
[[nodiscard]] std::vector<std::int64_t> read_named_column(const Corpus& corpus,
                                                          const std::string& dataset,
                                                          const std::vector<std::string>& names,
                                                          IdRange<GlobalId> rows, Count width = 1);

/// The same of classes.
[[nodiscard]] std::vector<std::int64_t> read_class_column(const Corpus& corpus,
                                                          const std::string& dataset,
                                                          IdRange<GlobalId> rows, Count width = 1);

/// Names that an enumeration gives to 0, 1, ...; empty if it leaves one out or names far more than
/// it has members.
[[nodiscard]] std::vector<std::string> names_of_members(const io::DatasetInfo& info);

}  // namespace kith::corpus
