/// What the corpus calls its items: 64-bit integers or texts, unique over all files.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/random.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::corpus {

/// The longest text that may be an id, in bytes of UTF-8: labels.h5 holds all of them at one
/// length.
inline constexpr Count kLongestId = 4096;

/// Ids of these rows as text. Local; throws Error for an empty or too long text. The corpus has
/// ids. Memory: about 40 bytes a row and the texts.
[[nodiscard]] std::vector<std::string> read_id_texts(const Corpus& corpus,
                                                     const CorpusConfig& config,
                                                     IdRange<GlobalId> rows);

/// Hashes of the ids of these rows: equal ids, equal hash. Empty if the corpus has no ids. Reads in
/// blocks. Local; throws Error. Memory: 16 bytes a row and one block.
[[nodiscard]] std::vector<Hash128> read_id_hashes(const Corpus& corpus, const CorpusConfig& config,
                                                  IdRange<GlobalId> rows);

/// The hash of an id that a user wrote; none if the text cannot be an id of that kind.
[[nodiscard]] std::optional<Hash128> hash_of_id(IdKind kind, std::string_view text);

/// Collective. The smallest row that has each of these ids, none where the corpus has it not. ids:
/// the same on every rank, in any order, twice or more where that is so. Streams each rank's block
/// of ids past them. Memory: 40 bytes an id.
[[nodiscard]] std::vector<GlobalId> find_rows_of_ids(const comm::Communicator& comm,
                                                     const Corpus& corpus,
                                                     const CorpusConfig& config,
                                                     std::span<const Hash128> ids);

/// Ids of these rows as numbers. T: std::int64_t for signed ids, std::uint64_t for unsigned ones.
/// Local; throws Error.
template <class T>
[[nodiscard]] std::vector<T> read_id_numbers(const Corpus& corpus, const CorpusConfig& config,
                                             IdRange<GlobalId> rows);

}  // namespace kith::corpus
