/// What is known of items besides their vectors: seeds, gold labels, votes, probabilities.
#pragma once

#include <cstdint>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/numbers.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::corpus {

/// Weights of seeds. They count relative to each other: in this range their products with degrees
/// and with the shares that reach an item stay far from the limits of single precision.
inline constexpr NumberRange<double> kSeedWeights{1e-9, 1e9};

/// A known label to learn from. A soft seed has several, one entry each.
struct Seed {
  GlobalId row;
  Label label;
  float weight = 1;
  bool is_soft = false;

  bool operator==(const Seed&) const = default;
};

/// Collective. Seeds of the label column, of the seed file and of what people have said of rows,
/// who are asked to be right where the others may not be: together, replicated, sorted by row; a
/// row given twice with the same label is one seed; the labels of a soft seed are side by side, the
/// heaviest first, ties to the smaller label. Ids are looked up by streaming each rank's block of
/// ids past the seeds. Throws CollectiveError for: no seed at all, a class without seed (unless
/// allowed), an id or row that the corpus has not, a row with two labels (unless seeds may be
/// soft), an unknown class name, a label or a weight out of range.
[[nodiscard]] std::vector<Seed> read_seeds(const comm::Communicator& comm, const Corpus& corpus,
                                           const CorpusConfig& config);

/// Collective. Class vectors, num_classes x dim, the same on every rank; none if `dataset` is
/// empty. From the first file that has them, its classes by name. Throws CollectiveError for
/// another shape, values that are not finite, and zero vectors.
[[nodiscard]] std::vector<float> read_prototypes(const comm::Communicator& comm,
                                                 const Corpus& corpus, const std::string& dataset);

/// Gold labels of these rows; none where unknown. Empty if no gold is configured. Local; throws
/// Error.
[[nodiscard]] std::vector<Label> read_gold(const Corpus& corpus, const CorpusConfig& config,
                                           IdRange<GlobalId> rows);

/// Votes of these rows x corpus.vote_names, -1 = abstains. Local; throws Error for a vote out of
/// range.
[[nodiscard]] std::vector<std::int32_t> read_votes(const Corpus& corpus, const CorpusConfig& config,
                                                   IdRange<GlobalId> rows);

/// Probabilities by one voter (an index of corpus.prob_names), rows x K. Local; throws Error for a
/// row with NaN, a negative entry, or a sum off 1 by more than 1e-2.
[[nodiscard]] std::vector<float> read_probs(const Corpus& corpus, const CorpusConfig& config,
                                            int voter, IdRange<GlobalId> rows);

/// Groups of these rows by one of config.slices, -1 = in none. Local; throws Error for a number
/// below -1.
[[nodiscard]] std::vector<std::int64_t> read_slices(const Corpus& corpus,
                                                    const std::string& dataset,
                                                    IdRange<GlobalId> rows);

}  // namespace kith::corpus
