#include "kith/corpus/ids.hpp"

#include <algorithm>
#include <charconv>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/io/input_file.hpp"

#include "corpus/column.hpp"

namespace kith::corpus {
namespace {

struct FoundId {
  Count wanted = 0;  // index in the sorted list of wanted ids
  GlobalId row;
};

template <class T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = status == std::errc{} && end == text.data() + text.size();
  return is_whole ? std::optional{value} : std::nullopt;
}

template <class T>
Hash128 hash_of_number(T id) {
  return hash_bytes(&id, sizeof(id));
}

template <class T>
std::vector<std::string> texts_of(const std::vector<T>& ids) {
  std::vector<std::string> texts;
  texts.reserve(ids.size());
  for (const T id : ids) {
    texts.push_back(std::to_string(id));
  }
  return texts;
}

void check_text(const Corpus& corpus, const CorpusConfig& config, GlobalId row,
                const std::string& text) {
  if (text.empty()) {
    fail("{}: the id is empty", corpus.place_of(row, config.ids));
  }
  if (count_of(text) > kLongestId) {
    fail("{}: the id has {} bytes, expected at most {}", corpus.place_of(row, config.ids),
         text.size(), kLongestId);
  }
}

std::vector<Hash128> hash_block(const Corpus& corpus, const CorpusConfig& config,
                                IdRange<GlobalId> block) {
  std::vector<Hash128> hashes;
  hashes.reserve(to_size(block.size()));
  if (corpus.id_kind == IdKind::signed_integer) {
    for (const auto id : read_id_numbers<std::int64_t>(corpus, config, block)) {
      hashes.push_back(hash_of_number(id));
    }
  } else if (corpus.id_kind == IdKind::unsigned_integer) {
    for (const auto id : read_id_numbers<std::uint64_t>(corpus, config, block)) {
      hashes.push_back(hash_of_number(id));
    }
  } else {
    for (const std::string& id : read_id_texts(corpus, config, block)) {
      hashes.push_back(hash_bytes(id.data(), id.size()));
    }
  }
  return hashes;
}

}  // namespace

template <class T>
std::vector<T> read_id_numbers(const Corpus& corpus, const CorpusConfig& config,
                               IdRange<GlobalId> rows) {
  return read_column<T>(corpus, config.ids, rows);
}
template std::vector<std::int64_t> read_id_numbers(const Corpus&, const CorpusConfig&,
                                                   IdRange<GlobalId>);
template std::vector<std::uint64_t> read_id_numbers(const Corpus&, const CorpusConfig&,
                                                    IdRange<GlobalId>);

std::vector<std::string> read_id_texts(const Corpus& corpus, const CorpusConfig& config,
                                       IdRange<GlobalId> rows) {
  if (corpus.id_kind == IdKind::signed_integer) {
    return texts_of(read_id_numbers<std::int64_t>(corpus, config, rows));
  }
  if (corpus.id_kind == IdKind::unsigned_integer) {
    return texts_of(read_id_numbers<std::uint64_t>(corpus, config, rows));
  }
  std::vector<std::string> texts = read_text_column(corpus, config.ids, rows);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    check_text(corpus, config, GlobalId{rows.begin.value() + static_cast<Count>(i)}, texts[i]);
  }
  return texts;
}

std::vector<Hash128> read_id_hashes(const Corpus& corpus, const CorpusConfig& config,
                                    IdRange<GlobalId> rows) {
  std::vector<Hash128> hashes;
  if (corpus.id_kind == IdKind::none) {
    return hashes;
  }
  hashes.reserve(to_size(rows.size()));
  for_each_block(rows, kTextBlock, [&](IdRange<GlobalId> block) {
    const std::vector<Hash128> more = hash_block(corpus, config, block);
    hashes.insert(hashes.end(), more.begin(), more.end());
  });
  return hashes;
}

std::optional<Hash128> hash_of_id(IdKind kind, std::string_view text) {
  switch (kind) {
    case IdKind::none:
      return std::nullopt;
    case IdKind::signed_integer:
      if (const auto id = parse<std::int64_t>(text)) {
        return hash_of_number(*id);
      }
      return std::nullopt;
    case IdKind::unsigned_integer:
      if (const auto id = parse<std::uint64_t>(text)) {
        return hash_of_number(*id);
      }
      return std::nullopt;
    case IdKind::text:
      return hash_bytes(text.data(), text.size());
  }
  return std::nullopt;
}

std::vector<GlobalId> find_rows_of_ids(const comm::Communicator& comm, const Corpus& corpus,
                                       const CorpusConfig& config, std::span<const Hash128> ids) {
  std::vector<Hash128> wanted(ids.begin(), ids.end());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  const IdRange<GlobalId> mine = rows_of(corpus.num_items, comm.rank(), comm.size());
  std::vector<FoundId> found;
  comm::locally(comm, [&] {
    for_each_block(mine, kColumnBlock, [&](IdRange<GlobalId> block) {
      const auto own = read_id_hashes(corpus, config, block);
      for (std::size_t i = 0; i < own.size(); ++i) {
        const auto place = std::lower_bound(wanted.begin(), wanted.end(), own[i]);
        if (place != wanted.end() && *place == own[i]) {
          found.push_back(
              {place - wanted.begin(), GlobalId{block.begin.value() + static_cast<Count>(i)}});
        }
      }
    });
  });
  std::vector<GlobalId> rows(wanted.size());
  for (const FoundId& one : comm::gather_to_all<FoundId>(comm, found).items) {
    if (rows[to_size(one.wanted)].is_none()) {  // ranks come in order of rows
      rows[to_size(one.wanted)] = one.row;
    }
  }
  std::vector<GlobalId> result;
  for (const Hash128& id : ids) {
    const auto place = std::lower_bound(wanted.begin(), wanted.end(), id);
    result.push_back(rows[to_size(place - wanted.begin())]);
  }
  return result;
}

}  // namespace kith::corpus
