/// The ids that the corpus gives its items.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/corpus/ids.hpp"
#include "kith/io/output_file.hpp"

namespace kith::layout {

/// Collective. Ids of these rows as text, in their order; empty if the corpus has no ids. rows: the
/// same on every rank, and the result too. Reads the blocks of ids that hold these rows.
[[nodiscard]] std::vector<std::string> id_texts(const comm::Communicator& comm,
                                                const corpus::Corpus& corpus,
                                                const corpus::CorpusConfig& config,
                                                std::span<const Count> rows);

/// A text for a place of a list.
struct PlacedText {
  Count place = 0;
  std::string text;
};

/// Collective. The list of `size` texts that the ranks have pieces of; the same on every rank.
[[nodiscard]] std::vector<std::string> gather_texts(const comm::Communicator& comm,
                                                    std::span<const PlacedText> mine,
                                                    std::size_t size);

/// Collective. /ids of labels.h5, as the corpus has them: i64, u64 or UTF-8. Nothing if the corpus
/// has no ids. Memory: one block of ids.
void write_ids(io::OutputFile& file, const comm::Communicator& comm, const corpus::Corpus& corpus,
               const corpus::CorpusConfig& config);

}  // namespace kith::layout
