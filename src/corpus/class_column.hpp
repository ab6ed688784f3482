/// Columns of classes or groups as numbers, whatever they are stored as.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kith/corpus/corpus.hpp"
#include "kith/io/input_file.hpp"

#include "corpus/file_numbers.hpp"

namespace kith::corpus {

/// Throws Error unless a column can hold classes: integers, whole floats, booleans and other
/// enumerations, strings.
void require_named_values(const io::InputFile& file, const std::string& dataset,
                          const io::DatasetInfo& info);

/// Rows of a file x width of its column as the file's numbers; -1 for -1, NaN and the empty string.
/// A string is one of the file's `names`, or a number unless names are numbers of others; a member
/// of an enumeration is the name that it has, or its value if none of the members has such a name.
/// Numbers are not compared with the count of names. Local; throws Error, naming the row.
[[nodiscard]] std::vector<std::int64_t> read_named_column(const FileExtent& file,
                                                          const std::string& dataset,
                                                          const FileNames& names,
                                                          IdRange<GlobalId> rows, Count width = 1);

/// Classes of these rows as the corpus numbers them. Without class names any number is a class.
/// Local; throws Error, also for a number beyond the names of a file that has its own.
[[nodiscard]] std::vector<std::int64_t> read_class_column(const Corpus& corpus,
                                                          const std::string& dataset,
                                                          IdRange<GlobalId> rows);

/// Names that an enumeration gives to 0, 1, ...; a number that it leaves out is its own name. Empty
/// if members are below -1 or far above the number of members, or a member is named as a number
/// that is left out.
[[nodiscard]] std::vector<std::string> names_of_members(const io::DatasetInfo& info);

}  // namespace kith::corpus
