#include "pipeline/item_ids.hpp"

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"

namespace kith::pipeline {

std::vector<std::string> id_texts(const comm::Communicator& comm, const corpus::Corpus& corpus,
                                  const corpus::CorpusConfig& config, std::span<const Count> rows) {
  struct Found {
    Count place;
    std::uint64_t id;
  };
  if (!corpus.id_type || rows.empty()) {
    return {};
  }
  const IdRange<GlobalId> block = corpus::rows_of(corpus.num_items, comm.rank(), comm.size());
  const auto ids = comm::locally(comm, [&] { return corpus::read_ids(corpus, config, block); });
  std::vector<Found> mine;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (block.contains(GlobalId{rows[i]})) {
      mine.push_back({static_cast<Count>(i), ids[to_size(rows[i] - block.begin.value())]});
    }
  }
  std::vector<std::string> texts(rows.size());
  for (const Found& found : comm::gather_to_all<Found>(comm, mine).items) {
    texts[to_size(found.place)] = corpus::id_text(corpus, found.id);
  }
  return texts;
}

}  // namespace kith::pipeline
