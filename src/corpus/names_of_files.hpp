/// What all files name, and how it becomes the names of the corpus.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/corpus/config.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/io/input_file.hpp"

#include "corpus/joined_names.hpp"

namespace kith::corpus {

/// Names: one entry a file each, in order of files; voters only if they are configured.
struct NamesOfFiles {
  std::vector<NamesOfFile> classes;
  std::vector<NamesOfFile> voters;
  std::vector<Count> num_votes;  // columns of corpus.votes
  std::vector<NamesOfFile> prob_voters;
  std::vector<std::vector<NamesOfFile>> slices;  // [slice]
  std::set<std::string> sources;                 // files that virtual datasets take values from
};

/// The attribute names of a dataset. Throws Error.
[[nodiscard]] NamesOfFile names_in_attribute(const io::InputFile& file, const std::string& dataset);

/// Adds the voters of corpus.votes in a file. Throws Error if its names are not as many as its
/// columns.
void add_voters(const io::InputFile& file, const std::string& dataset, Count num_votes,
                NamesOfFiles& names);

/// Names of classes, voters and slices of the corpus, the numbers of its files, and notes on what
/// differs. Throws Error for what cannot be joined.
void join_names_of_files(const CorpusConfig& config, const NamesOfFiles& names, Corpus& corpus);

}  // namespace kith::corpus
