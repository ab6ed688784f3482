#include "kith/layout/item_ids.hpp"

#include <algorithm>
#include <numeric>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"

namespace kith::layout {
namespace {

constexpr Count kBlockRows = Count{1} << 16;
constexpr const char* kDataset = "/ids";

/// Calls visit(rows) for consecutive blocks of this rank's rows.
template <class Visit>
void for_each_block(const comm::Communicator& comm, const corpus::Corpus& corpus, Visit&& visit) {
  const IdRange<GlobalId> mine = corpus::rows_of(corpus.num_items, comm.rank(), comm.size());
  for (Count first = mine.begin.value(); first < mine.end.value(); first += kBlockRows) {
    visit(IdRange<GlobalId>{GlobalId{first},
                            GlobalId{std::min(first + kBlockRows, mine.end.value())}});
  }
}

/// Ids of those of the rows that this rank reads. Local; throws Error.
std::vector<PlacedText> find_mine(const comm::Communicator& comm, const corpus::Corpus& corpus,
                                  const corpus::CorpusConfig& config, std::span<const Count> rows) {
  std::vector<Count> places(rows.size());
  std::iota(places.begin(), places.end(), Count{0});
  const auto row_of = [&](Count place) { return rows[to_size(place)]; };
  std::sort(places.begin(), places.end(), [&](Count a, Count b) { return row_of(a) < row_of(b); });
  std::vector<PlacedText> found;
  for_each_block(comm, corpus, [&](IdRange<GlobalId> block) {
    const auto before = [&](Count place, GlobalId row) { return row_of(place) < row.value(); };
    const auto first = std::lower_bound(places.begin(), places.end(), block.begin, before);
    const auto last = std::lower_bound(first, places.end(), block.end, before);
    if (first == last) {
      return;
    }
    const std::vector<std::string> ids = corpus::read_id_texts(corpus, config, block);
    std::for_each(first, last, [&](Count place) {
      found.push_back({place, ids[to_size(row_of(place) - block.begin.value())]});
    });
  });
  return found;
}

/// Collective. The longest id of the corpus, in bytes.
Count longest_id(const comm::Communicator& comm, const corpus::Corpus& corpus,
                 const corpus::CorpusConfig& config) {
  const Count mine = comm::locally(comm, [&] {
    Count longest = 0;
    for_each_block(comm, corpus, [&](IdRange<GlobalId> block) {
      for (const std::string& id : corpus::read_id_texts(corpus, config, block)) {
        longest = std::max(longest, count_of(id));
      }
    });
    return longest;
  });
  return comm::max_over_ranks(comm, mine);
}

template <class T>
void write_numbers(io::OutputFile& file, const comm::Communicator& comm,
                   const corpus::Corpus& corpus, const corpus::CorpusConfig& config) {
  file.create_dataset<T>(kDataset, {corpus.num_items});
  comm::locally(comm, [&] {
    for_each_block(comm, corpus, [&](IdRange<GlobalId> block) {
      const std::vector<T> ids = corpus::read_id_numbers<T>(corpus, config, block);
      file.write_block<T>(kDataset, ids, block.begin.value());
    });
  });
}

void write_texts(io::OutputFile& file, const comm::Communicator& comm, const corpus::Corpus& corpus,
                 const corpus::CorpusConfig& config) {
  file.create_strings(kDataset, longest_id(comm, corpus, config), corpus.num_items);
  comm::locally(comm, [&] {
    for_each_block(comm, corpus, [&](IdRange<GlobalId> block) {
      file.write_string_block(kDataset, corpus::read_id_texts(corpus, config, block),
                              block.begin.value());
    });
  });
}

}  // namespace

std::vector<std::string> id_texts(const comm::Communicator& comm, const corpus::Corpus& corpus,
                                  const corpus::CorpusConfig& config, std::span<const Count> rows) {
  if (corpus.id_kind == corpus::IdKind::none || rows.empty()) {
    return {};
  }
  const auto mine = comm::locally(comm, [&] { return find_mine(comm, corpus, config, rows); });
  return gather_texts(comm, mine, rows.size());
}

std::vector<std::string> gather_texts(const comm::Communicator& comm,
                                      std::span<const PlacedText> mine, std::size_t size) {
  std::vector<Count> places;
  std::string joined;
  std::vector<Count> lengths;
  for (const PlacedText& found : mine) {
    places.push_back(found.place);
    lengths.push_back(count_of(found.text));
    joined += found.text;
  }
  const auto all_places = comm::gather_to_all<Count>(comm, places).items;
  const auto all_lengths = comm::gather_to_all<Count>(comm, lengths).items;
  const auto all_texts = comm::gather_to_all<char>(comm, joined).items;
  std::vector<std::string> texts(size);
  auto next = all_texts.begin();
  for (std::size_t i = 0; i < all_places.size(); ++i) {
    texts[to_size(all_places[i])].assign(next, next + all_lengths[i]);
    next += all_lengths[i];
  }
  return texts;
}

void write_ids(io::OutputFile& file, const comm::Communicator& comm, const corpus::Corpus& corpus,
               const corpus::CorpusConfig& config) {
  switch (corpus.id_kind) {
    case corpus::IdKind::none:
      return;
    case corpus::IdKind::signed_integer:
      return write_numbers<std::int64_t>(file, comm, corpus, config);
    case corpus::IdKind::unsigned_integer:
      return write_numbers<std::uint64_t>(file, comm, corpus, config);
    case corpus::IdKind::text:
      return write_texts(file, comm, corpus, config);
  }
}

}  // namespace kith::layout
