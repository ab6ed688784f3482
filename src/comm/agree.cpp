#include "kith/comm/agree.hpp"

#include <vector>

#include "kith/comm/collectives.hpp"

namespace kith::comm {

void throw_if_any_failed(const Communicator& comm, const std::optional<std::string>& failure) {
  const Count mine = failure ? comm.rank().value() : comm.size();
  const Count first = min_over_ranks(comm, mine);
  if (first == comm.size()) {
    return;
  }
  const Rank speaker{static_cast<int>(first)};
  std::vector<char> text;
  if (comm.rank() == speaker) {
    text.assign(failure->begin(), failure->end());
  }
  broadcast(comm, text, speaker);
  throw CollectiveError{std::string(text.begin(), text.end())};
}

}  // namespace kith::comm
