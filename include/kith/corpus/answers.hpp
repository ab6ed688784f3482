/// Votes as a long table: who said what of which item. For many annotators with a few votes each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::corpus {

struct Answer {
  std::int64_t item = 0;  // a row of the corpus; without a corpus a number of item_names
  std::int32_t annotator = 0;
  std::int32_t label = 0;

  bool operator==(const Answer&) const = default;
};

struct Answers {
  std::vector<std::string> item_names;  // without a corpus, as people count; else empty
  std::vector<std::string> annotators;  // as people count
  std::vector<std::string> classes;
  std::vector<Answer> answers;     // by item and annotator, each pair once
  std::vector<std::string> notes;  // on what was left out, a sentence each
};

/// Collective. Reads config.answers on rank 0; the same on every rank. CSV, or records
/// of the dataset /answers where the path ends with .h5 or .hdf5, with the columns item, row or id;
/// annotator; label; and perhaps time: all numbers, or all dates YYYY-MM-DD, with
/// Thh:mm[:ss[.s]] and Z or an offset or neither (then it is UTC). item: an id where the corpus has
/// ids, else a row. Who answers an item twice is counted once, with the latest answer; of equal
/// times, or without times, with that of the last line. An empty label, or -1, is no answer.
/// corpus: none, if items are only what the table names; then classes are those of the text file
/// config.classes, or the labels that occur, as people count; whole numbers count by value.
/// Throws CollectiveError for what cannot be read, an item that the corpus has not, a label that is
/// no class, a time that is none, and if there is no answer. Memory: 16 bytes an answer on every
/// rank, on rank 0 up to 80 and the names while it reads and sorts.
[[nodiscard]] Answers read_answers(const comm::Communicator& comm, const Corpus* corpus,
                                   const CorpusConfig& config);

struct KnownLabels {
  std::vector<std::int32_t> classes;  // one an item, -1 = not known
  Count num_ignored = 0;              // lines of items that nobody answered
};

/// Collective. Known classes of the items of a table without a corpus: CSV with the columns item,
/// row or id, and label. Throws CollectiveError for what cannot be read, a label that is no class,
/// and two labels of an item.
[[nodiscard]] KnownLabels read_known_labels(const comm::Communicator& comm, const std::string& path,
                                            const Answers& answers);

}  // namespace kith::corpus
