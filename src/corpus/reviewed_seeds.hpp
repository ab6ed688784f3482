/// Seeds that people have given, of corpus.reviews.
#pragma once

#include "kith/corpus/corpus.hpp"

#include "corpus/seed_file.hpp"

namespace kith::corpus {

/// One entry an item that people agree on, by id where the corpus and the ledger have ids. Local;
/// throws Error, naming the line.
[[nodiscard]] SeedFile read_reviewed_seeds(const Corpus& corpus, const CorpusConfig& config);

}  // namespace kith::corpus
